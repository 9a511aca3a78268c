"""Turn predicted points into a distribution over the ten scores, and that into single scores.

A model that is good in the mean hardly ever says 2: the mean is drawn to where most scores are.
The distribution knows how likely a 2 is, and what to do with it depends on what is asked. The best
single number for squared error is near the prediction itself; to find the titles that somebody
will dislike, each score has to count the same, however rare.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import ndtr

from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError, TooLittleData
from ml.metrics import macro_mae, rmse

FloatArray = npt.NDArray[np.float64]
Decoding = Literal["prediction", "mean", "balanced"]
DECODINGS: Final[tuple[Decoding, ...]] = get_args(Decoding)

MOST_ADDED_ERROR: Final = 0.08
"""By how much of itself balancing may raise the RMSE, measured where it is fitted."""

_EXPONENTS: Final = np.round(np.arange(0.0, 1.01, 0.05), 2)
_SCORES: Final = np.arange(LOWEST_SCORE, HIGHEST_SCORE + 1)
_SMALLEST_SPREAD: Final = 1e-3
_SMALLEST_SHARE: Final = 1e-12
_LEAST_GAP: Final = 1e-3  # between thresholds, so that a score that nobody gave keeps its place
_RIDGE: Final = 1e-4  # keeps parameters finite where a score does not occur
_ARRAY_NAMES: Final = ("thresholds", "scale", "prior", "exponent")


class OrdinalOutput:
    """An ordered probit (McCullagh, JRSS B 1980) whose scale follows the rater's spread.

    ``P(score ≤ k) = Φ((threshold_k - prediction) / σ)`` with
    ``σ = exp(scale_0) · spread^scale_1``, where the spread is what the predictor says about the
    noise of this rater and title (1 where nothing is said).

    Args:
        arrays: ``thresholds`` [9] ascending, ``scale`` [2], ``prior`` [10] the share of each
            score, ``exponent`` [] of the prior that balanced decoding divides by; all float64.

    Raises:
        DataError: an array is missing or cannot be what it should.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        missing = [name for name in _ARRAY_NAMES if name not in arrays]
        if missing:
            raise DataError(f"Arrays of the ordinal output are missing: {', '.join(missing)}.")
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float64) for name in _ARRAY_NAMES}
        for name, shape in zip(
            _ARRAY_NAMES, ((HIGHEST_SCORE - 1,), (2,), (HIGHEST_SCORE,), ()), strict=True
        ):
            array = self._arrays[name]
            if array.shape != shape or not np.isfinite(array).all():
                raise DataError(f"{name} must be finite with shape {shape}, not {array.shape}.")
        if np.any(np.diff(self.thresholds) <= 0) or np.any(self._arrays["prior"] <= 0):
            raise DataError("Thresholds must ascend, and every score must have a share.")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form."""
        return cls(arrays)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores."""
        return dict(self._arrays)

    @property
    def thresholds(self) -> FloatArray:
        """float64 [9]: where one score becomes likelier than not to be passed, in points."""
        return self._arrays["thresholds"]

    @property
    def exponent(self) -> float:
        """The exponent of balanced decoding: 0 leaves the distribution, 1 takes out the prior."""
        return float(self._arrays["exponent"])

    @classmethod
    def fit(
        cls,
        predictions: npt.ArrayLike,
        scores: npt.ArrayLike,
        spreads: npt.ArrayLike | None = None,
        *,
        most_added_error: float = MOST_ADDED_ERROR,
    ) -> Self:
        """Find thresholds and scale by maximum likelihood, then the exponent of balancing.

        The exponent is the one with the lowest macro-averaged error among those that keep the
        RMSE of the decoded values within ``most_added_error`` of the clipped predictions'.

        Args:
            predictions: [n], of rows that the predictor has not learnt from.
            scores: [n], 1 to 10.
            spreads: [n], positive; None where the predictor has none.
            most_added_error: share of the RMSE.

        Raises:
            TooLittleData: no rows.
            DataError: shapes or scores do not fit.
        """
        points, scales = _inputs(predictions, spreads)
        given = np.asarray(scores)
        if given.shape != points.shape:
            raise DataError(f"{points.size} predictions and scores of shape {given.shape}.")
        if not points.size:
            raise TooLittleData("There is no prediction to fit an output to.")
        labels = given.astype(np.int64)
        if np.any(labels != given) or labels.min() < LOWEST_SCORE or labels.max() > HIGHEST_SCORE:
            raise DataError(f"Scores must be whole numbers from {LOWEST_SCORE} to {HIGHEST_SCORE}.")
        thresholds, scale = _most_likely(points, labels, np.log(scales), spreads is not None)
        counts = np.bincount(labels, minlength=HIGHEST_SCORE + 1)[1:]
        fitted = {
            "thresholds": thresholds,
            "scale": scale,
            "prior": (counts + 1) / (counts + 1).sum(),
        }
        candidates = [cls({**fitted, "exponent": exponent}) for exponent in _EXPONENTS]
        allowed = rmse(np.clip(points, LOWEST_SCORE, HIGHEST_SCORE), labels) * (
            1 + most_added_error
        )
        best, best_error = candidates[0], np.inf
        for candidate in candidates:
            decoded = candidate.decode(points, spreads, how="balanced")
            error = macro_mae(decoded, labels)
            if error < best_error and rmse(decoded, labels) <= allowed:
                best, best_error = candidate, error
        return best

    def distribution(
        self, predictions: npt.ArrayLike, spreads: npt.ArrayLike | None = None
    ) -> FloatArray:
        """Return the probability of each score, 1 to 10, float64 [n, 10]; rows sum to 1.

        Args:
            predictions: [n], in points, not clipped.
            spreads: [n], as in :meth:`fit`; None for 1 each.

        Raises:
            DataError: shapes do not fit, a number is not finite or a spread not positive.
        """
        points, scales = _inputs(predictions, spreads)
        sigma = _sigma(self._arrays["scale"], np.log(scales))
        below = ndtr((self.thresholds - points[:, None]) / sigma[:, None])
        edges = np.column_stack([np.zeros(points.size), below, np.ones(points.size)])
        return np.diff(edges, axis=1)

    def likely_range(
        self,
        predictions: npt.ArrayLike,
        spreads: npt.ArrayLike | None = None,
        *,
        share: float = 0.8,
    ) -> npt.NDArray[np.int8]:
        """Return the narrowest run of scores that is as likely as ``share``, int8 [n, 2].

        Of equally narrow runs it is the likeliest. Both ends belong to it. Whole scores, since
        nobody gives others; so it is mostly likelier than ``share``, never less by this model.

        Args:
            predictions: [n], in points, not clipped.
            spreads: [n], as in :meth:`fit`.
            share: above 0, below 1.

        Raises:
            DataError: as :meth:`distribution`, or another ``share``.
        """
        if not 0 < share < 1:
            raise DataError(f"share must be between 0 and 1, not {share}.")
        distribution = self.distribution(predictions, spreads)
        n = len(distribution)
        below = np.column_stack([np.zeros(n), np.cumsum(distribution, axis=1)])
        # All of them, where rounding leaves the sum of a run a little short.
        found = np.full((n, 2), (LOWEST_SCORE, HIGHEST_SCORE), dtype=np.int8)
        open_rows = np.arange(n)
        for width in range(1, HIGHEST_SCORE + 1):
            likely = below[open_rows, width:] - below[open_rows, :-width]
            first = likely.argmax(axis=1)
            done = likely[np.arange(len(first)), first] >= share
            found[open_rows[done], 0] = first[done] + LOWEST_SCORE
            found[open_rows[done], 1] = first[done] + LOWEST_SCORE + width - 1
            open_rows = open_rows[~done]
        return found

    def decode(
        self,
        predictions: npt.ArrayLike,
        spreads: npt.ArrayLike | None = None,
        *,
        how: Decoding = "prediction",
    ) -> FloatArray:
        """Return one value from 1 to 10 for each prediction, float64 [n].

        Args:
            predictions: [n], in points, not clipped.
            spreads: [n], as in :meth:`fit`.
            how: ``prediction``, the prediction clipped (lowest RMSE); ``mean``, of the
                distribution; ``balanced``, the median, interpolated within its score, once each
                probability has been divided by that score's share to the power of ``exponent``.
                All three rise with the prediction where the spread is the same.

        Raises:
            DataError: as :meth:`distribution`, or another ``how``.
        """
        if how == "prediction":
            points, _ = _inputs(predictions, spreads)
            return np.clip(points, LOWEST_SCORE, HIGHEST_SCORE)
        distribution = self.distribution(predictions, spreads)
        if how == "mean":
            return np.asarray(distribution @ _SCORES)
        if how == "balanced":
            return _median(distribution / self._arrays["prior"] ** self.exponent)
        raise DataError(f"how must be one of {', '.join(DECODINGS)}, not {how!r}.")


def _inputs(
    predictions: npt.ArrayLike, spreads: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return predictions [n] and spreads [n], checked."""
    points = np.asarray(predictions, dtype=np.float64)
    scales = np.ones_like(points) if spreads is None else np.asarray(spreads, dtype=np.float64)
    if points.ndim != 1 or scales.shape != points.shape:
        raise DataError(f"Predictions of shape {points.shape}, spreads of {scales.shape}.")
    if not np.isfinite(points).all() or not np.all((scales > 0) & np.isfinite(scales)):
        raise DataError("Predictions must be finite, and spreads positive and finite.")
    return points, np.maximum(scales, _SMALLEST_SPREAD)


def _sigma(scale: FloatArray, log_spread: FloatArray) -> FloatArray:
    return np.asarray(np.exp(scale[0] + scale[1] * log_spread))


def _unpacked(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return thresholds [9] and scale [2]; gaps are exponentials, so that they stay positive."""
    gaps = _LEAST_GAP + np.exp(parameters[1 : HIGHEST_SCORE - 1])
    thresholds = parameters[0] + np.concatenate([[0.0], np.cumsum(gaps)])
    return thresholds, parameters[HIGHEST_SCORE - 1 :]


def _most_likely(
    points: FloatArray, labels: npt.NDArray[np.int64], log_spread: FloatArray, with_spread: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the thresholds [9] and the scale [2] of the highest likelihood."""
    start = np.concatenate([[LOWEST_SCORE + 0.5], np.zeros(HIGHEST_SCORE - 2), [0.0, 0.0]])
    if with_spread:
        start[-1] = 1.0

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        """Return the mean negative log likelihood and its gradient."""
        thresholds, scale = _unpacked(parameters)
        sigma = _sigma(scale, log_spread)
        edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
        upper = (edges[labels] - points) / sigma
        lower = (edges[labels - 1] - points) / sigma
        share = np.maximum(ndtr(upper) - ndtr(lower), _SMALLEST_SHARE)
        upper_slope, lower_slope = _density(upper) / share, _density(lower) / share
        n = points.size
        # d/d threshold: each row pulls at the two thresholds around its label.
        pull = np.bincount(labels, weights=upper_slope / sigma, minlength=HIGHEST_SCORE + 1)
        push = np.bincount(labels - 1, weights=lower_slope / sigma, minlength=HIGHEST_SCORE + 1)
        of_thresholds = -(pull - push)[1:HIGHEST_SCORE] / n
        # The outermost edges are infinite; their density is 0 and so is the product.
        of_log_sigma = _product(upper_slope, upper) - _product(lower_slope, lower)
        of_scale = np.array([of_log_sigma.mean(), (of_log_sigma * log_spread).mean()])
        later = np.cumsum(of_thresholds[::-1])[::-1]
        of_gaps = later[1:] * np.exp(parameters[1 : HIGHEST_SCORE - 1])
        gradient = np.concatenate([[later[0]], of_gaps, of_scale])
        offset = parameters - start
        value = -np.log(share).mean() + _RIDGE * float(offset @ offset)
        return float(value), gradient + 2 * _RIDGE * offset

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return _unpacked(np.asarray(found.x, dtype=np.float64))


def _density(values: FloatArray) -> FloatArray:
    """Return the standard normal density."""
    return np.asarray(np.exp(-0.5 * values**2) / np.sqrt(2 * np.pi))


def _product(slope: FloatArray, values: FloatArray) -> FloatArray:
    finite = np.isfinite(values)
    return np.asarray(slope * np.where(finite, values, 0.0))


def _median(weights: FloatArray) -> FloatArray:
    """Return the medians of histograms [n, 10] whose bars are one wide around each score."""
    cumulative = np.cumsum(weights, axis=1)
    half = cumulative[:, -1] / 2
    bar = np.minimum((cumulative < half[:, None]).sum(axis=1), HIGHEST_SCORE - 1)
    rows = np.arange(len(bar))
    inside = (half - (cumulative[rows, bar] - weights[rows, bar])) / weights[rows, bar]
    medians = bar + LOWEST_SCORE - 0.5 + inside
    return np.asarray(np.clip(medians, LOWEST_SCORE, HIGHEST_SCORE), dtype=np.float64)
