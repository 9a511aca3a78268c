"""The evaluation of several models side by side, with the baselines that they must beat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ml.bootstrap import N_RESAMPLES, Estimate, estimate, resampled_ratios
from ml.breakdowns import Groupings, by_activity, by_popularity
from ml.data import HIGHEST_SCORE, LOWEST_SCORE, Ratings, Split
from ml.errors import DataError
from ml.held_out import RELEVANT_FROM, HeldOut, Part, Relevance
from ml.list_report import LONG, ListReport, measure_lists
from ml.score_report import ScoreReport, measure_scores

FloatArray = npt.NDArray[np.float64]
PairPredictor = Callable[[npt.NDArray[np.integer], npt.NDArray[np.integer]], npt.ArrayLike]
"""As :meth:`ml.protocols.ScorePredictor.predict_pairs`: rows of raters and titles, [n] each."""
Predictions: TypeAlias = PairPredictor | npt.NDArray[np.floating]
Lists: TypeAlias = Relevance | npt.NDArray[np.integer]

GLOBAL_MEAN: Final = "global-mean"
POPULAR: Final = "popular"
DEFAULT_DECODING: Final = "default"
FORMAT: Final = 1


@dataclass(frozen=True)
class EvaluationReport:
    """What was measured of every model, on the same ratings and the same raters.

    Attributes:
        part: ``test`` or ``validation``, what was measured on.
        n_train_ratings: number of training ratings, unscored ones included.
        n_test_ratings: number of held-out ratings that scores were predicted for.
        n_test_raters: number of raters who gave them.
        n_ranked_raters: number of raters with a relevant held-out title.
        n_titles: number of titles that could be listed.
        relevant_from: a held-out title counts as relevant from this score on.
        n_resamples: number of resamples behind each 95 % interval.
        train_score_counts: number of training scores 1, 2, …, 10.
        scores: by predictor and decoding.
        lists: by ranker.
        paired: ``paired[name][baseline]``, NDCG@10 of one ranker less that of another, for every
            pair; its interval resamples the raters of both together.
        ndcg_by_rater: NDCG@10 of each ranked rater, float64 [n_ranked_raters], by ranker. It is
            not stored.
    """

    part: Part
    n_train_ratings: int
    n_test_ratings: int
    n_test_raters: int
    n_ranked_raters: int
    n_titles: int
    relevant_from: int
    n_resamples: int
    train_score_counts: tuple[int, ...]
    scores: Mapping[str, Mapping[str, ScoreReport]]
    lists: Mapping[str, ListReport]
    paired: Mapping[str, Mapping[str, Estimate]]
    ndcg_by_rater: Mapping[str, FloatArray] = field(default_factory=dict, compare=False, repr=False)

    def paired_difference(self, name: str, baseline: str) -> Estimate | None:
        """Return by how much a ranker's NDCG@10 is above another's; None if nobody is ranked.

        Raises:
            DataError: there is no such ranker.
        """
        for each in (name, baseline):
            if each not in self.lists:
                raise DataError(f"No ranker {each!r} was measured, only {', '.join(self.lists)}.")
        if name == baseline:
            return Estimate(0.0, 0.0, 0.0) if self.n_ranked_raters else None
        return self.paired.get(name, {}).get(baseline)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it; :meth:`from_dict` takes it back."""
        return {
            "format": FORMAT,
            "part": self.part,
            "n_train_ratings": self.n_train_ratings,
            "n_test_ratings": self.n_test_ratings,
            "n_test_raters": self.n_test_raters,
            "n_ranked_raters": self.n_ranked_raters,
            "n_titles": self.n_titles,
            "relevant_from": self.relevant_from,
            "n_resamples": self.n_resamples,
            "train_score_counts": list(self.train_score_counts),
            "scores": {
                name: {decoding: each.to_dict() for decoding, each in decodings.items()}
                for name, decodings in self.scores.items()
            },
            "lists": {name: each.to_dict() for name, each in self.lists.items()},
            "paired": {
                name: {baseline: each.to_dict() for baseline, each in others.items()}
                for name, others in self.paired.items()
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a report from :meth:`to_dict`'s form.

        Raises:
            DataError: it is none, or of another format.
        """
        if values.get("format") != FORMAT:
            raise DataError(f"An evaluation of format {values.get('format')!r}, not {FORMAT}.")
        try:
            return cls(
                part=values["part"],
                n_train_ratings=int(values["n_train_ratings"]),
                n_test_ratings=int(values["n_test_ratings"]),
                n_test_raters=int(values["n_test_raters"]),
                n_ranked_raters=int(values["n_ranked_raters"]),
                n_titles=int(values["n_titles"]),
                relevant_from=int(values["relevant_from"]),
                n_resamples=int(values["n_resamples"]),
                train_score_counts=tuple(values["train_score_counts"]),
                scores={
                    name: {
                        decoding: ScoreReport.from_dict(each)
                        for decoding, each in decodings.items()
                    }
                    for name, decodings in values["scores"].items()
                },
                lists={name: ListReport.from_dict(each) for name, each in values["lists"].items()},
                paired={
                    name: {baseline: Estimate.from_dict(each) for baseline, each in others.items()}
                    for name, others in values["paired"].items()
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"This is no evaluation: {error!r}.") from error


def evaluate(
    ratings: Ratings,
    split: Split,
    *,
    predictors: Mapping[str, Predictions | Mapping[str, Predictions]],
    rankers: Mapping[str, Lists],
    evaluate_on: Part = "test",
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
) -> EvaluationReport:
    """Measure models that were fitted on the training part, beside the baselines.

    The baselines are ``global-mean``, the mean of the training scores, and ``popular``, titles by
    their number of training ratings.

    Args:
        ratings: all ratings.
        split: the part of each.
        predictors: by name, what predicts scores: a function of pairs, or the predictions of the
            held-out ratings in their order; or several of these by the name of a decoding.
        rankers: by name, what ranks titles: a function of histories (:class:`ml.held_out.HeldOut`
            says which), or lists int [n_ranked_raters, k ≥ 10] in the order of ``HeldOut.raters``.
        evaluate_on: the part to measure on.
        seed: of the resamples, which are the same for every model.
        n_resamples: number of resamples.

    Raises:
        MissingPrediction: a predicted score is NaN.
        NonFiniteData: a relevance is NaN.
        DataError: shapes do not fit, a list breaks the convention, or a name is a baseline's.
    """
    if GLOBAL_MEAN in predictors or POPULAR in rankers:
        raise DataError(f"{GLOBAL_MEAN} and {POPULAR} are the baselines; name models otherwise.")
    undecoded = [
        name for name, each in predictors.items() if isinstance(each, Mapping) and not each
    ]
    if undecoded:
        raise DataError(f"{', '.join(undecoded)}: a predictor needs at least one decoding.")
    held_out = HeldOut.of(ratings, split, evaluate_on)
    test_raters = np.unique(held_out.ratings.user_index)
    groupings = Groupings(
        activity=by_activity(held_out.n_watched, test_raters),
        popularity=by_popularity(held_out.n_watchers),
    )
    train_scores = held_out.train.scored().score
    counts = np.bincount(train_scores, minlength=HIGHEST_SCORE + 1)[LOWEST_SCORE:]
    mean = float(train_scores.mean()) if train_scores.size else (LOWEST_SCORE + HIGHEST_SCORE) / 2
    scores = {
        name: {
            decoding: measure_scores(
                _predicted(each, held_out.ratings),
                held_out.ratings,
                groupings,
                seed=seed,
                n_resamples=n_resamples,
            )
            for decoding, each in _decodings(predictions).items()
        }
        for name, predictions in (
            *predictors.items(),
            (GLOBAL_MEAN, np.full(len(held_out.ratings), mean)),
        )
    }
    lists: dict[str, ListReport] = {}
    ndcg: dict[str, FloatArray] = {}
    popularity = held_out.n_watchers.astype(np.float32)
    for name, ranker in (*rankers.items(), (POPULAR, _same_for_all(popularity))):
        lists[name], ndcg[name] = measure_lists(
            _listed(ranker, held_out), held_out, groupings, seed=seed, n_resamples=n_resamples
        )
    return EvaluationReport(
        part=evaluate_on,
        n_train_ratings=len(held_out.train),
        n_test_ratings=len(held_out.ratings),
        n_test_raters=len(test_raters),
        n_ranked_raters=len(held_out),
        n_titles=held_out.n_items,
        relevant_from=RELEVANT_FROM,
        n_resamples=n_resamples,
        train_score_counts=tuple(counts.tolist()),
        scores=scores,
        lists=lists,
        paired=_paired(ndcg, seed=seed, n_resamples=n_resamples),
        ndcg_by_rater=ndcg,
    )


def _decodings(
    predictions: Predictions | Mapping[str, Predictions],
) -> Mapping[str, Predictions]:
    return predictions if isinstance(predictions, Mapping) else {DEFAULT_DECODING: predictions}


def _predicted(predictions: Predictions, ratings: Ratings) -> npt.ArrayLike:
    """Return the predictions of the held-out ratings; nobody is asked to predict nothing."""
    if not callable(predictions):
        return predictions
    return predictions(ratings.user_index, ratings.item_index) if len(ratings) else np.zeros(0)


def _listed(ranker: Lists, held_out: HeldOut) -> npt.NDArray[np.int64]:
    if callable(ranker):
        return held_out.top_lists(ranker, LONG)
    return held_out.checked_lists(ranker)


def _same_for_all(relevance: npt.NDArray[np.float32]) -> Relevance:
    return lambda histories: np.broadcast_to(relevance, (len(histories), relevance.size))


def _paired(
    ndcg: Mapping[str, FloatArray], *, seed: int, n_resamples: int
) -> dict[str, dict[str, Estimate]]:
    """Return the difference of every two rankers, both ways round."""
    names = list(ndcg)
    pairs = [(name, baseline) for place, name in enumerate(names) for baseline in names[:place]]
    paired: dict[str, dict[str, Estimate]] = {name: {} for name in names}
    if not pairs or not ndcg[names[0]].size:
        return paired
    differences = np.column_stack([ndcg[name] - ndcg[baseline] for name, baseline in pairs])
    values, drawn = resampled_ratios(
        differences,
        np.ones_like(differences),
        generator=np.random.default_rng(seed),
        n_resamples=n_resamples,
    )
    for (name, baseline), value, own in zip(pairs, values, drawn.T, strict=True):
        difference = estimate(float(value), own)
        if difference is not None:
            paired[name][baseline] = difference
            # 0 - x, since -x would make a negative zero of 0.
            paired[baseline][name] = Estimate(
                0 - difference.value, 0 - difference.high, 0 - difference.low
            )
    return paired
