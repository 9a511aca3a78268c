"""Models that are fitted only to be compared with: the evaluation shows them, nobody is served.

Among them are the reference system's network as the reference trains it, and its experiment with
a class-balanced subset.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.balanced import balanced_subset
from ml.biases import Biases
from ml.config import RecommenderNetConfig
from ml.content_ranker import ContentProfile
from ml.data import Ratings, Split
from ml.ease import EaseConfig, invert, regularised_gram, weight_blocks
from ml.errors import TooLittleData
from ml.histories import Histories
from ml.item_neighbours import ItemNeighbours
from ml.protocols import FloatArray, ScorePredictor
from ml.report import EvaluationReport, evaluate
from ml.score_neighbours import ScoreNeighbours
from ml.serving import RecommenderNetScorer
from ml.suite import COLLABORATIVE, EASE_BROAD, IMPLICIT_ALS, Suite
from ml.suite_config import RECOMMENDER_NET, SuiteConfig
from ml.suite_fit import Features, Follower

BEST: Final = "best"
FOR_YOU: Final = "for-you"
_SUBSET_SEED: Final = 0


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Fitted models by name.

    Attributes:
        predictors: of scores.
        rankers: of titles.
    """

    predictors: dict[str, ScorePredictor] = field(default_factory=dict)
    rankers: dict[str, Callable[[Histories], FloatArray]] = field(default_factory=dict)


def fit_comparisons(
    ratings: Ratings,
    parts: Split,
    config: SuiteConfig,
    *,
    features: Features | None,
    follower: Follower,
) -> Comparisons:
    """Fit on the training part what the suite is compared with.

    Raises:
        MlError: whatever goes wrong in an expected way.
    """
    train, validation = ratings.take(parts.train), ratings.take(parts.validation)
    follower.next("For comparison: biases and plain EASE")
    compared = Comparisons({"biases": Biases.fit(train)}, {"ease": plain_ease(train)})
    follower.next("For comparison: item neighbours and content")
    compared.rankers["item-neighbours"] = ItemNeighbours.fit(train).relevance
    if features is not None:
        compared.rankers["content"] = ContentProfile(features.astype(np.float32)).relevance
    if config.fits(RECOMMENDER_NET):
        follower.next("For comparison: RecommenderNet as the reference trains it")
        reference = RecommenderNetConfig.reference(
            seed=config.net.seed, device=config.net.device, threads=config.net.threads
        )
        compared.predictors["reference-net"] = _net(train.scored(), validation, reference, follower)
        follower.next("For comparison: RecommenderNet on a class-balanced subset")
        subset = balanced_subset(train, seed=_SUBSET_SEED)
        compared.predictors["balanced-subset"] = _net(subset, validation, config.net, follower)
    return compared


def plain_ease(train: Ratings) -> Callable[[Histories], FloatArray]:
    """Return EASE as published (every entry counts 1, λ = 100), with none of its weights dropped.

    Raises:
        TooLittleData: there are no ratings.
    """
    config = EaseConfig(
        weighting="watched", learn_from="watched", regularisation=100.0, diagonal_share=0.0
    )
    inverse = regularised_gram(Histories.of_ratings(train), config.weight_of_score(), config)
    invert(inverse)
    weights = np.empty_like(inverse)
    start = 0
    for block in weight_blocks(inverse):  # row by the title spoken for
        weights[:, start : start + len(block)] = block.T
        start += len(block)
    return lambda histories: np.asarray(histories.matrix() @ weights)


def measure(
    ratings: Ratings,
    parts: Split,
    suite: Suite,
    compared: Comparisons,
) -> EvaluationReport:
    """Measure a held-out fit on the test part, beside what it is compared with.

    Raises:
        MlError: whatever goes wrong in an expected way.
    """
    predictors: dict[str, Any] = {}
    rankers: dict[str, Any] = {}
    if suite.best is not None:
        predictors[BEST] = decodings(suite, ratings.take(parts.test))
        for part in suite.best.parts.values():
            if isinstance(part, ScoreNeighbours):
                predictors["matrix-factorisation"] = part.base.predict_pairs
    if suite.for_you is not None:
        rankers[FOR_YOU] = suite.for_you.relevance
    for name in (COLLABORATIVE, EASE_BROAD, IMPLICIT_ALS):
        if name in suite.rankers:
            rankers[name] = suite.rankers[name].relevance
    if suite.net is not None:
        predictors[RECOMMENDER_NET] = suite.net.predict_pairs
        rankers[RECOMMENDER_NET] = _by_prediction(suite.net)
    predictors |= {name: each.predict_pairs for name, each in compared.predictors.items()}
    return evaluate(ratings, parts, predictors=predictors, rankers={**rankers, **compared.rankers})


def decodings(suite: Suite, rows: Ratings) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Return the best predictor's values for rows, by decoding: ``default`` and ``balanced``."""
    if suite.best is None:
        raise TooLittleData("No best predictor was fitted.")
    predictions = suite.best.predict_pairs(rows.user_index, rows.item_index)
    found: dict[str, npt.NDArray[np.floating[Any]]] = {"default": predictions}
    if suite.ordinal is not None and len(rows):
        spreads = suite.best.spread_pairs(rows.user_index, rows.item_index)
        for how in ("mean", "balanced"):
            found[how] = suite.ordinal.decode(predictions, spreads, how=how)
    return found


def _net(
    train: Ratings, validation: Ratings, config: RecommenderNetConfig, follower: Follower
) -> RecommenderNetScorer:
    from ml.train import fit

    fitted = fit(train, validation, config, should_stop=follower.should_stop)
    return RecommenderNetScorer.from_weights(fitted.weights)


def _by_prediction(net: RecommenderNetScorer) -> Callable[[Histories], FloatArray]:
    """Return the reference's way to rank: by the predicted score, raters folded in."""

    def relevance(histories: Histories) -> FloatArray:
        rows = np.empty((len(histories), net.n_items), dtype=np.float32)
        for rater in range(len(histories)):
            rows[rater] = net.predict(net.fold_in(*histories.one(rater)))
        return rows

    return relevance
