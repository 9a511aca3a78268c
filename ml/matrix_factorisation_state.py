"""The state of a factorisation's fit, and its rounds: the algorithm without the bookkeeping.

Each round solves every rater's vector in closed form with the titles fixed, then every title's
with the raters fixed, then the priors and the noise: variational Bayes for probabilistic matrix
factorisation (Lim & Teh, KDD Cup 2007; Salakhutdinov & Mnih, ICML 2008, for the model). Nothing has
a step size. What goes beyond the papers:

- the prior mean of a rater's vector comes from the titles watched, scored or not, and that of a
  title's from its audience, by a regression learnt with the rest;
- raters and titles have a noise of their own, so that erratic raters count for less.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data import Ratings
from ml.implicit_features import implicit_features
from ml.matrix_factorisation import ROUNDS_OF_FOLD_IN, MatrixFactorisation
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.matrix_factorisation_kernels import posteriors, squared_errors

Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

_RANGES: Final = 32  # what threads share; the bits of a run depend on it, so it is fixed
_FEATURE_RIDGE: Final = 1.0
_PRIOR_SHARE: Final = 0.1
_FIRST_SCALE: Final = 0.1  # of the titles' random factors
_SMALLEST_VARIANCE: Final = 1e-3
_SMALLEST_SPREAD: Final = 1e-6


@dataclass(eq=False)
class Side:
    """Raters or titles: their rows grouped, their vectors [n, d + 1] (the last is the bias)."""

    indptr: npt.NDArray[np.int64]
    other_index: npt.NDArray[np.int32]
    value: FloatArray
    features: Array  # [n, 1 + k], the first column 1
    means: FloatArray
    variances: FloatArray
    noise: Array  # [n]
    prior_means: Array
    prior_precision: Array
    coefficients: Array = field(init=False)  # [1 + k, d + 1]

    def __post_init__(self) -> None:
        self.scored = np.diff(self.indptr) > 0
        n = len(self.scored)
        self.coefficients = np.zeros((self.features.shape[1], self.means.shape[1]))
        edges = np.searchsorted(self.indptr, np.linspace(0, self.indptr[-1], _RANGES + 1)[1:-1])
        edges = np.concatenate([[0], edges, [n]])
        self.ranges = [(int(a), int(b)) for a, b in pairwise(edges)]
        design = self.features[self.scored]
        ridge = _FEATURE_RIDGE * np.eye(design.shape[1])
        self._regression = np.linalg.solve(design.T @ design + ridge, design.T)

    def update_prior(self, covariance_sum: Array) -> None:
        """Set the prior to what explains the scored rows' vectors best."""
        means = self.means[self.scored].astype(np.float64)
        self.coefficients = self._regression @ means
        self.prior_means = self.features @ self.coefficients
        offsets = means - self.prior_means[self.scored]
        scatter = offsets.T @ offsets + covariance_sum + _PRIOR_SHARE * np.eye(means.shape[1])
        self.prior_precision = np.asarray(np.linalg.inv(scatter / (len(means) + 1)))


@dataclass(frozen=True, eq=False)
class Learnt:
    """What the model keeps beside the raters' vectors; those follow from it.

    Attributes:
        titles: vectors float32 [n_items, d + 1], the bias last.
        title_variances: float32 [n_items, d + 1].
        title_noise: float64 [n_items], factors to the noise variance.
        title_prior_mean: float64 [d + 1].
        title_prior_precision: float64 [d + 1, d + 1].
        coefficients: float64 [1 + k, d + 1], from a rater's features to the prior mean.
        rater_prior_precision: float64 [d + 1, d + 1].
        variance: of the noise, of everybody together.
    """

    titles: FloatArray
    title_variances: FloatArray
    title_noise: Array
    title_prior_mean: Array
    title_prior_precision: Array
    coefficients: Array
    rater_prior_precision: Array
    variance: float


class FactorisationState:
    """Raters and titles as far as they are learnt, and the rounds that learn them.

    Args:
        train: all rows, watched without a score included.
        scored: those with a score, at least one.
        config: settings.
    """

    def __init__(self, train: Ratings, scored: Ratings, config: MatrixFactorisationConfig) -> None:
        generator = np.random.default_rng(config.seed)
        self._watched = train
        self.config = config
        self.mean = float(scored.score.mean())
        self.variance = max(float(scored.score.var()), _SMALLEST_VARIANCE)
        self.features = implicit_features(train, config.n_implicit, generator)
        self.raters = self._side(
            scored.user_index, scored.item_index, scored, train.n_users, self.features.of_raters
        )
        self.titles = self._side(
            scored.item_index, scored.user_index, scored, train.n_items, self.features.of_titles
        )
        d = config.n_factors
        self.titles.means[:, :d] = generator.normal(scale=_FIRST_SCALE, size=(train.n_items, d))
        self.titles.prior_precision[:d] *= d
        self.titles.noise = np.ones(train.n_items)
        self.row_rater = np.repeat(np.arange(train.n_users), np.diff(self.raters.indptr))
        self.n_rows = len(scored)
        self.squares = np.empty(len(scored), dtype=np.float32)
        self.expected = np.empty(len(scored), dtype=np.float32)

    def _side(
        self,
        own: npt.NDArray[np.int32],
        other: npt.NDArray[np.int32],
        scored: Ratings,
        n: int,
        features: Array,
    ) -> Side:
        order = np.argsort(own, kind="stable")
        width = self.config.n_factors + 1
        standardised = (features - features.mean(axis=0)) / _scale(features)
        return Side(
            indptr=np.concatenate([[0], np.cumsum(np.bincount(own, minlength=n))]).astype(np.int64),
            other_index=other[order].astype(np.int32),
            value=(scored.score[order] - self.mean).astype(np.float32),
            features=np.column_stack([np.ones(n), standardised]),
            means=np.zeros((n, width), dtype=np.float32),
            variances=np.zeros((n, width), dtype=np.float32),
            noise=np.full(n, self.variance / 2),
            prior_means=np.zeros((n, width)),
            prior_precision=np.eye(width),
        )

    def _solve(self, side: Side, other: Side, pool: ThreadPoolExecutor) -> Array:
        """Set one side's posteriors; return the sum of their covariances [d + 1, d + 1]."""
        width = side.means.shape[1]
        sums = np.zeros((len(side.ranges), width, width))
        own_precision, other_precision = 1 / side.noise, 1 / other.noise

        def work(number: int) -> None:
            start, stop = side.ranges[number]
            posteriors(
                start,
                stop,
                side.indptr,
                side.other_index,
                side.value,
                other.means,
                other.variances,
                own_precision,
                other_precision,
                side.prior_means,
                side.prior_precision,
                side.means,
                side.variances,
                sums[number],
            )

        list(pool.map(work, range(len(side.ranges))))
        lower = sums.sum(axis=0)
        return np.asarray(lower + np.tril(lower, -1).T)

    def _measure(self, pool: ThreadPoolExecutor) -> None:
        """Fill the squared errors of the training rows, grouped by rater."""
        raters, titles = self.raters, self.titles

        def work(number: int) -> None:
            start, stop = raters.ranges[number]
            squared_errors(
                start,
                stop,
                raters.indptr,
                raters.other_index,
                raters.value,
                raters.means,
                raters.variances,
                titles.means,
                titles.variances,
                self.squares,
                self.expected,
            )

        list(pool.map(work, range(len(raters.ranges))))

    def _update_rater_noise(self) -> None:
        """Set each rater's noise variance: the mean of the squares, drawn towards everybody's."""
        weights = self.expected / self.titles.noise[self.raters.other_index]
        total = np.bincount(self.row_rater, weights=weights, minlength=len(self.raters.noise))
        counts = np.diff(self.raters.indptr)
        weight = self.config.rater_noise_weight
        self.raters.noise = (total + weight * self.variance) / (counts + weight)

    def _update_title_noise(self) -> None:
        """Set each title's factor to the noise, 1 on the whole, in the same way."""
        weights = self.expected / self.raters.noise[self.row_rater]
        n_items = len(self.titles.noise)
        total = np.bincount(self.raters.other_index, weights=weights, minlength=n_items)
        counts = np.diff(self.titles.indptr)
        weight = self.config.title_noise_weight
        self.titles.noise = (total + weight) / (counts + weight)

    def epoch(self, n_before: int, pool: ThreadPoolExecutor, ask: Callable[[], None]) -> float:
        """Do one round; return the RMSE on the training rows."""
        ask()
        self.raters.update_prior(self._solve(self.raters, self.titles, pool))
        ask()
        self.titles.update_prior(self._solve(self.titles, self.raters, pool))
        ask()
        self._measure(pool)
        self.variance = max(float(self.expected.mean(dtype=np.float64)), _SMALLEST_VARIANCE)
        self._update_rater_noise()
        self._update_title_noise()
        return math.sqrt(float(self.squares.mean(dtype=np.float64)))

    def learnt(self) -> Learnt:
        """Return a copy of what the model keeps."""
        titles, raters = self.titles, self.raters
        return Learnt(
            titles=titles.means.copy(),
            title_variances=titles.variances.copy(),
            title_noise=titles.noise.copy(),
            title_prior_mean=titles.coefficients[0].copy(),
            title_prior_precision=titles.prior_precision.copy(),
            coefficients=raters.coefficients.copy(),
            rater_prior_precision=raters.prior_precision.copy(),
            variance=self.variance,
        )

    def model(self, learnt: Learnt, pool: ThreadPoolExecutor) -> MatrixFactorisation:
        """Return the model of an epoch; the raters' vectors are overwritten with its own.

        Every rater gets the vector that fold-in gives: the same rounds from the same start.
        """
        raters, titles = self.raters, self.titles
        titles.means, titles.variances = learnt.titles, learnt.title_variances
        titles.noise, self.variance = learnt.title_noise, learnt.variance
        raters.prior_precision = learnt.rater_prior_precision
        raters.prior_means = raters.features @ learnt.coefficients
        unwatched = np.bincount(self._watched.user_index, minlength=len(raters.noise)) == 0
        raters.prior_means[unwatched] = learnt.coefficients[0]
        raters.noise = np.full(len(raters.noise), self.variance)
        for number in range(ROUNDS_OF_FOLD_IN):
            if number:
                self._measure(pool)
                self._update_rater_noise()
            self._solve(raters, titles, pool)
        return MatrixFactorisation(self._arrays(learnt))

    def _arrays(self, learnt: Learnt) -> dict[str, npt.NDArray[Any]]:
        d = self.config.n_factors
        of_raters = self.features.of_raters
        slope = learnt.coefficients[1:] / _scale(of_raters)[:, None]
        unknown_variances = np.diagonal(np.linalg.inv(learnt.title_prior_precision))
        titles = np.vstack([learnt.titles, learnt.title_prior_mean.astype(np.float32)])
        vectors = np.column_stack([self.raters.means, np.sqrt(self.raters.noise)])
        vectors[:, d] += self.mean
        return {
            "title_factors": np.ascontiguousarray(titles[:, :d]),
            "title_bias": np.ascontiguousarray(titles[:, d]),
            "title_variances": np.vstack([learnt.title_variances, unknown_variances]).astype(
                np.float32
            ),
            "title_noise": np.append(learnt.title_noise, 1.0).astype(np.float32),
            "title_implicit": np.vstack([self.features.loadings @ slope, np.zeros(d + 1)]).astype(
                np.float32
            ),
            "user_vectors": vectors.astype(np.float32),
            "prior_mean": learnt.coefficients[0],
            "watched_mean": learnt.coefficients[0] - of_raters.mean(axis=0) @ slope,
            "prior_precision": learnt.rater_prior_precision,
            "mean": np.asarray(self.mean),
            "noise_variance": np.asarray(learnt.variance),
            "rater_noise_weight": np.asarray(self.config.rater_noise_weight),
        }

    def predict(self, pairs: Ratings) -> FloatArray:
        """Return the predictions of pairs in the middle of the fit, float32 [n], not clipped."""
        u, v = self.raters.means[pairs.user_index], self.titles.means[pairs.item_index]
        predictions = np.einsum("ij,ij->i", u[:, :-1], v[:, :-1]) + u[:, -1] + v[:, -1]
        return np.asarray(predictions + self.mean, dtype=np.float32)


def _scale(features: Array) -> Array:
    """Return the standard deviation of each column, infinite where nothing varies."""
    spread = features.std(axis=0)
    return np.where(spread > _SMALLEST_SPREAD, spread, np.inf)
