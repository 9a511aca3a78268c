"""How good a model is on rows that it has not seen, beside the baselines it must beat."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml import metrics
from ml.data import Ratings, Split
from ml.ranking import Popularity, top_n
from ml.serving import RecommenderNetScorer, clip_score

# A test title counts as relevant from this score on.
RELEVANT_FROM = 8
_K = 10
_BOOTSTRAP_SEED = 0


def evaluate_scorer(
    *, scorer: RecommenderNetScorer, ratings: Ratings, parts: Split
) -> dict[str, Any]:
    """Measure a fit on the training part against the test part.

    Scores: RMSE, MAE, macro-MAE, accuracy, recall of scores up to 4, confusion matrix. Lists:
    NDCG, recall and precision at 10 over the whole catalogue with everything left out that the
    rater has in training or validation or has watched without a score; relevant are test titles
    scored 8 or more; the interval is a 95 % bootstrap over raters.

    The result is JSON-like, keyed by model: ``recommender-net``, ``global-mean``, ``popular``.
    """
    test = ratings.take(parts.test)
    report: dict[str, Any] = {
        "n_test_ratings": len(test),
        "recommender-net": {},
        "global-mean": {},
        "popular": {},
    }
    if not len(test):
        return report
    mean = float(ratings.take(parts.train).scored().score.mean())
    predictions = clip_score(scorer.predict_pairs(test.user_index, test.item_index))
    report["recommender-net"] = _score_metrics(predictions, test.score)
    report["global-mean"] = _score_metrics(np.full(len(test), mean), test.score)

    relevant_rows = test.take(test.score >= RELEVANT_FROM)
    raters = np.unique(relevant_rows.user_index)
    report["n_ranked_raters"] = len(raters)
    if not len(raters):
        return report
    known = ratings.take(~parts.test)
    seen = known.seen_matrix()
    popularity = Popularity.fit(known).scores()
    lists = {
        "recommender-net": _lists(
            raters, seen, lambda rater: scorer.predict(scorer.user_vector(rater))
        ),
        "popular": _lists(raters, seen, lambda rater: popularity),
    }
    relevant = sparse.csr_array(
        (
            np.ones(len(relevant_rows), dtype=bool),
            (np.searchsorted(raters, relevant_rows.user_index), relevant_rows.item_index),
        ),
        shape=(len(raters), ratings.n_items),
    )
    for name, ranked in lists.items():
        report[name] |= _ranking_metrics(ranked, relevant)
    return report


def _score_metrics(
    predictions: npt.NDArray[np.floating], scores: npt.NDArray[np.int8]
) -> dict[str, Any]:
    has_low = bool((scores <= metrics.LOW_SCORE).any())
    return {
        "rmse": metrics.rmse(predictions, scores),
        "mae": metrics.mae(predictions, scores),
        "macro_mae": metrics.macro_mae(predictions, scores),
        "accuracy": metrics.accuracy(predictions, scores),
        "recall_low": metrics.recall_at_or_below(predictions, scores) if has_low else None,
        "confusion_matrix": metrics.confusion_matrix(predictions, scores).tolist(),
    }


def _lists(
    raters: npt.NDArray[np.integer], seen: "sparse.csr_array[np.bool_]", relevance_of: Any
) -> npt.NDArray[np.int64]:
    """The first ten unseen titles of each rater, int64 [n, 10]; -1 fills short lists."""
    ranked = np.full((len(raters), _K), -1, dtype=np.int64)
    for place, rater in enumerate(raters):
        exclude = seen.indices[seen.indptr[rater] : seen.indptr[rater + 1]]
        best = top_n(relevance_of(int(rater)), exclude=exclude, n=_K)
        ranked[place, : len(best)] = best
    return ranked


def _ranking_metrics(
    ranked: npt.NDArray[np.int64], relevant: "sparse.csr_array[np.bool_]"
) -> dict[str, Any]:
    ndcg = metrics.ndcg_at_k(ranked, relevant, _K)
    interval = metrics.bootstrap_interval(
        ndcg, generator=np.random.default_rng(_BOOTSTRAP_SEED), n_resamples=500
    )
    return {
        "ndcg_at_10": float(ndcg.mean()),
        "ndcg_at_10_interval": list(interval),
        "recall_at_10": float(metrics.recall_at_k(ranked, relevant, _K).mean()),
        "precision_at_10": float(metrics.precision_at_k(ranked, relevant, _K).mean()),
        "n_different_titles": len(np.unique(ranked[ranked >= 0])),
    }
