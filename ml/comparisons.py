"""Models that are fitted only to be compared with: the evaluation shows them, nobody is served.

Among them are the reference system's network as the reference trains it, and its experiment with
a class-balanced subset.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.balanced import balanced_subset
from ml.biases import Biases
from ml.config import RecommenderNetConfig
from ml.content_ranker import ContentProfile
from ml.data import Ratings, Split
from ml.ease import EaseConfig, invert, regularised_gram, weight_blocks
from ml.entry_weighting import weights_of
from ml.errors import TooLittleData
from ml.histories import Histories
from ml.item_neighbours import ItemNeighbours
from ml.matrix_factorisation import MatrixFactorisation
from ml.protocols import FloatArray, IndexArray, ScorePredictor
from ml.report import DEFAULT_DECODING, EvaluationReport, evaluate
from ml.score_neighbours import ScoreNeighbours
from ml.serving import RecommenderNetScorer
from ml.sgd_factorisation import SgdFactorisation
from ml.sgd_factorisation_config import SgdFactorisationConfig
from ml.suite import COLLABORATIVE, EASE_BROAD, IMPLICIT_ALS, Suite
from ml.suite_config import RECOMMENDER_NET, SuiteConfig
from ml.suite_fit import Features, Follower

BEST: Final = "best"
FACTORISATION: Final = "matrix-factorisation"
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
    follower.next("For comparison: biases, gradient steps and plain EASE")
    compared = Comparisons(rankers={"ease": plain_ease(train)})
    if len(train.scored()):
        compared.predictors["biases"] = Biases.fit(train)
        compared.predictors["sgd-factorisation"] = _by_steps(train, validation, follower)
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
    return unpruned_ease(
        train,
        EaseConfig(
            weighting="watched", learn_from="watched", regularisation=100.0, diagonal_share=0.0
        ),
    )


def unpruned_ease(train: Ratings, config: EaseConfig) -> Callable[[Histories], FloatArray]:
    """Return what :class:`ml.ease.Ease` ranks by if it keeps every weight, float32 [n, n_items].

    Raises:
        TooLittleData: there are no ratings.
    """
    learnt = replace(config, weighting=config.learn_from).weight_of_score()
    inverse = regularised_gram(Histories.of_ratings(train), learnt, config)
    invert(inverse)
    weights = np.empty_like(inverse)
    start = 0
    for block in weight_blocks(inverse):  # row by the title spoken for
        weights[:, start : start + len(block)] = block.T
        start += len(block)
    table = config.weight_of_score()
    return lambda histories: np.asarray(
        histories.matrix(weights_of(histories.score, table)) @ weights
    )


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
    test = ratings.take(parts.test)
    predictors: dict[str, Any] = dict(predictions(suite, test.user_index, test.item_index))
    predictors |= {name: each.predict_pairs for name, each in compared.predictors.items()}
    rankers = {**rankings(suite), **compared.rankers}
    return evaluate(ratings, parts, predictors=predictors, rankers=rankers)


def predictions(
    suite: Suite, user_index: IndexArray, item_index: IndexArray
) -> dict[str, dict[str, npt.NDArray[np.floating[Any]]]]:
    """Return what a suite predicts for pairs [n], by predictor and decoding.

    Args:
        suite: the models.
        user_index: rows of the raters [n]; -1 is a rater without a row.
        item_index: rows of the titles [n], likewise.
    """
    found: dict[str, dict[str, npt.NDArray[np.floating[Any]]]] = {}
    if suite.best is not None:
        found[BEST] = _decoded(suite, user_index, item_index)
        for part in suite.best.parts.values():
            base = part.base if isinstance(part, ScoreNeighbours) else part
            if isinstance(base, MatrixFactorisation):
                found[FACTORISATION] = {
                    DEFAULT_DECODING: base.predict_pairs(user_index, item_index)
                }
    if suite.net is not None:
        found[RECOMMENDER_NET] = {DEFAULT_DECODING: suite.net.predict_pairs(user_index, item_index)}
    return found


def rankings(suite: Suite) -> dict[str, Callable[[Histories], FloatArray]]:
    """Return what a suite ranks titles by, by name; popularity is left to the evaluation."""
    found: dict[str, Callable[[Histories], FloatArray]] = {}
    if suite.for_you is not None:
        found[FOR_YOU] = suite.for_you.relevance
    for name in (COLLABORATIVE, EASE_BROAD, IMPLICIT_ALS):
        if name in suite.rankers:
            found[name] = suite.rankers[name].relevance
    if suite.net is not None:
        found[RECOMMENDER_NET] = _by_prediction(suite.net)
    return found


def decodings(suite: Suite, rows: Ratings) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Return the best predictor's values for rows, by decoding.

    These are ``default``, and ``mean`` and ``balanced`` where the suite has an ordinal output.

    Raises:
        TooLittleData: there is no best predictor.
    """
    if suite.best is None:
        raise TooLittleData("No best predictor was fitted.")
    return _decoded(suite, rows.user_index, rows.item_index)


def _decoded(
    suite: Suite, user_index: IndexArray, item_index: IndexArray
) -> dict[str, npt.NDArray[np.floating[Any]]]:
    if suite.best is None:
        return {}
    points = suite.best.predict_pairs(user_index, item_index)
    found: dict[str, npt.NDArray[np.floating[Any]]] = {DEFAULT_DECODING: points}
    if suite.ordinal is not None:
        spreads = suite.best.spread_pairs(user_index, item_index)
        for how in ("mean", "balanced"):
            found[how] = suite.ordinal.decode(points, spreads, how=how)
    return found


def _by_steps(train: Ratings, validation: Ratings, follower: Follower) -> SgdFactorisation:
    from ml.sgd_factorisation_fit import fit

    return fit(train, validation, SgdFactorisationConfig(), should_stop=follower.should_stop).model


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
