"""Fit all models: once on the training part to be measured, once on everything to be served.

The same code does both. What the first fit learns from validation rows, such as the number of
epochs and the weights of the blends, the second one takes over. Only a worker gets here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.biases import Biases
from ml.cold_titles import ColdTitles
from ml.data import Ratings, Split
from ml.ease import Ease
from ml.errors import ArtifactDamaged, Cancelled, CheckpointMismatch, DataError, TooLittleData
from ml.held_out import HeldOut
from ml.history import EpochResult
from ml.implicit_als import ImplicitAls
from ml.ordinal import OrdinalOutput
from ml.protocols import Ranker, ScorePredictor
from ml.rank_blend import RankBlend
from ml.rank_blend_fit import fit_rank_blend
from ml.ranking import Popularity
from ml.score_blend import ScoreBlend
from ml.serving import RecommenderNetScorer
from ml.suite import COLLABORATIVE, EASE_BROAD, IMPLICIT_ALS, POPULAR, Suite
from ml.suite_config import RECOMMENDER_NET, SuiteConfig

Features = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Follower:
    """Who is told of a fit's progress, and asked whether it should go on.

    Attributes:
        step: called with what is done next, in words.
        epoch: called with the model's name and each epoch of it.
        should_stop: True ends the fit.
        checkpoint: folder for the state of RecommenderNet's fit after each epoch, of its own for
            each of the two fits: a state of the other one is thrown away.
        note: called with a sentence for the log.
    """

    step: Callable[[str], None] = field(default=lambda words: None)
    epoch: Callable[[str, EpochResult], None] = field(default=lambda model, result: None)
    should_stop: Callable[[], bool] = field(default=lambda: False)
    checkpoint: Path | None = None
    note: Callable[[str], None] = field(default=lambda words: None)

    def next(self, words: str) -> None:
        """Tell of the next step.

        Raises:
            Cancelled: the fit is to stop.
        """
        if self.should_stop():
            raise Cancelled("The fit was cancelled.")
        self.step(words)


@dataclass(frozen=True, eq=False)
class HeldOutFit:
    """A suite that has not seen the test rows, and what a refit takes over from it.

    Attributes:
        suite: the models.
        net_epochs: best epoch of RecommenderNet, None if it was not fitted.
        factorisation_epochs: best epoch of the factorisation, likewise.
        gain: of the factorisation's neighbours.
        history: RecommenderNet's learning curve.
    """

    suite: Suite
    net_epochs: int | None
    factorisation_epochs: int | None
    gain: float
    history: list[EpochResult]


def fit_held_out(
    ratings: Ratings,
    parts: Split,
    config: SuiteConfig,
    *,
    features: Features | None = None,
    follower: Follower | None = None,
) -> HeldOutFit:
    """Fit on the training part; the validation part chooses epochs, parts and weights.

    Args:
        ratings: all watched rows.
        parts: their division.
        config: settings.
        features: [n_items, n_features] of 0 and 1, None where nothing is known of the titles.
        follower: who is told.

    Raises:
        MlError: whatever goes wrong in an expected way.
    """
    follower = follower or Follower()
    _check_features(ratings, features)
    train, validation = ratings.take(parts.train), ratings.take(parts.validation)
    predictors, made = _fit_predictors(train, validation, config, follower, gain=1.0)
    best, ordinal = None, None
    if made.factorisation_epochs is not None:
        follower.next("Weighing the predictors")
        best = _weighed(predictors, validation)
        ordinal = _ordinal(best, validation)
    rankers, guess = _fit_rankers(train, config, features, follower)
    for_you = None
    if config.model == "":
        follower.next("Weighing the rankers")
        for_you = _for_you(rankers, HeldOut.of(ratings, parts, "validation"), config)
    suite = Suite(
        net=_net(predictors),
        best=best,
        ordinal=ordinal,
        rankers=rankers,
        for_you=for_you,
        guess=guess,
    )
    return HeldOutFit(suite, made.net_epochs, made.factorisation_epochs, made.gain, made.history)


def refit(
    ratings: Ratings,
    held_out: HeldOutFit,
    config: SuiteConfig,
    *,
    features: Features | None = None,
    follower: Follower | None = None,
) -> Suite:
    """Fit on all rows with what the held-out fit has chosen: this is what is served.

    Raises:
        MlError: whatever goes wrong in an expected way.
    """
    follower = follower or Follower()
    _check_features(ratings, features)
    chosen = config.with_epochs(held_out.net_epochs, held_out.factorisation_epochs)
    predictors, _ = _fit_predictors(ratings, None, chosen, follower, gain=held_out.gain)
    rankers, guess = _fit_rankers(ratings, chosen, features, follower)
    before = held_out.suite
    return Suite(
        net=_net(predictors),
        best=None if before.best is None else before.best.with_parts(predictors),
        ordinal=before.ordinal,
        rankers=rankers,
        for_you=None if before.for_you is None else before.for_you.with_rankers(rankers),
        guess=guess,
    )


def _check_features(ratings: Ratings, features: Features | None) -> None:
    """Refuse before a long fit what the last step of it would refuse."""
    if features is None:
        return
    if features.ndim != 2 or len(features) != ratings.n_items:
        raise DataError(
            f"Features of shape {features.shape}: {ratings.n_items} titles need a row each."
        )
    if not np.all((features == 0) | (features == 1)):  # NaN fails too
        raise DataError("Features must be 0 or 1.")


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What fitting the predictors has found out."""

    net_epochs: int | None = None
    factorisation_epochs: int | None = None
    gain: float = 1.0
    history: list[EpochResult] = field(default_factory=list)


def _fit_predictors(
    train: Ratings,
    validation: Ratings | None,
    config: SuiteConfig,
    follower: Follower,
    *,
    gain: float,
) -> tuple[dict[str, ScorePredictor], _Chosen]:
    """Fit whatever predicts scores; ``gain`` counts where there is no validation."""
    predictors: dict[str, ScorePredictor] = {}
    chosen: dict[str, Any] = {"gain": gain}
    if config.fits(RECOMMENDER_NET):
        follower.next("RecommenderNet")
        fitted = _fit_net(train.scored(), validation, config, follower)
        predictors["recommender_net"] = RecommenderNetScorer.from_weights(fitted.weights)
        chosen |= {"net_epochs": fitted.best_epoch, "history": fitted.history}
    if config.model == "":
        from ml.matrix_factorisation_fit import fit as fit_factorisation
        from ml.score_neighbours_fit import fit as fit_neighbours

        follower.next("Matrix factorisation")
        predictors["biases"] = Biases.fit(train)
        factorised = fit_factorisation(
            train,
            validation,
            config.factorisation,
            on_epoch=lambda result: follower.epoch("matrix-factorisation", result),
            should_stop=follower.should_stop,
        )
        predictors["matrix_factorisation"] = factorised.model
        follower.next("Errors on similar titles")
        neighbours = fit_neighbours(
            train,
            validation,
            factorised.model,
            config.neighbours,
            gain=gain,
            should_stop=follower.should_stop,
        )
        predictors["score_neighbours"] = neighbours
        chosen |= {"factorisation_epochs": factorised.best_epoch, "gain": neighbours.gain}
    return predictors, _Chosen(**chosen)


def _fit_net(
    train: Ratings, validation: Ratings | None, config: SuiteConfig, follower: Follower
) -> Any:
    from ml.train import fit

    arguments: dict[str, Any] = {
        "on_epoch": lambda result: follower.epoch(RECOMMENDER_NET, result),
        "should_stop": follower.should_stop,
        "checkpoint": follower.checkpoint,
    }
    try:
        return fit(train, validation, config.net, resume=True, **arguments)
    except (CheckpointMismatch, ArtifactDamaged) as error:
        follower.note(f"Starting anew: {error}")
        return fit(train, validation, config.net, resume=False, **arguments)


def _fit_rankers(
    train: Ratings, config: SuiteConfig, features: Features | None, follower: Follower
) -> tuple[dict[str, Ranker], Any]:
    """Fit whatever ranks titles, and what is known of titles without ratings."""
    rankers: dict[str, Ranker] = {POPULAR: Popularity.fit(train)}
    if config.fits(COLLABORATIVE):
        follower.next("EASE")
        rankers[COLLABORATIVE] = Ease.fit(train, config.ease)
    if config.model != "":
        return rankers, None
    follower.next("EASE with many weights")
    rankers[EASE_BROAD] = Ease.fit(train, config.ease_broad)
    follower.next("Implicit factors")
    factors = ImplicitAls.fit(train, config.als)
    rankers[IMPLICIT_ALS] = factors
    if features is None:
        return rankers, None
    n_raters = np.bincount(train.item_index, minlength=train.n_items)
    return rankers, ColdTitles.fit(factors, features, n_raters).guess


def _net(predictors: Mapping[str, ScorePredictor]) -> RecommenderNetScorer | None:
    net = predictors.get("recommender_net")
    return net if isinstance(net, RecommenderNetScorer) else None


def _weighed(predictors: Mapping[str, ScorePredictor], validation: Ratings) -> ScoreBlend:
    """Return the best blend; with no validation rows the last and best stage by itself."""
    if len(validation):
        return ScoreBlend.fit(predictors, validation)
    name = "score_neighbours"
    return ScoreBlend({name: predictors[name]}, {name: 1.0}, 0.0)


def _ordinal(best: ScoreBlend, validation: Ratings) -> OrdinalOutput | None:
    if not len(validation):
        return None
    pairs = validation.user_index, validation.item_index
    return OrdinalOutput.fit(
        best.predict_pairs(*pairs), validation.score, best.spread_pairs(*pairs)
    )


def _for_you(rankers: Mapping[str, Ranker], held_out: HeldOut, config: SuiteConfig) -> RankBlend:
    """Return the blend, led by the ranker that is best on validation."""
    try:
        lead = max(
            rankers,
            key=lambda name: (held_out.mean_ndcg(rankers[name].relevance), name == COLLABORATIVE),
        )
        return fit_rank_blend(rankers, lead, held_out, config.blend)
    except TooLittleData:
        lead = COLLABORATIVE
        return RankBlend({lead: rankers[lead]}, {lead: 1.0}, lead, config.blend.n_candidates)
