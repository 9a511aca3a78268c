"""Bootstrap intervals over raters: the rows of one rater hang together, so raters are resampled.

Almost every measure is a ratio of two sums over raters (a mean over rows is the sum of errors over
the number of rows), or is made of such ratios. So each rater is boiled down to their sums once,
and a resample is a weighted sum of these (Efron 1979; Efron & Tibshirani 1993, chapter 13).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.errors import DataError, MissingPrediction, TooLittleData

FloatArray = npt.NDArray[np.float64]

N_RESAMPLES: Final = 1000
CONFIDENCE: Final = 0.95
_CHUNK_CELLS: Final = 2_000_000


@dataclass(frozen=True)
class Estimate:
    """A measure with its interval.

    Attributes:
        value: on the raters there are.
        low: lower end of the 95 % bootstrap interval over raters.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Return the estimate as JSON can hold it; :meth:`from_dict` takes it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build an estimate from :meth:`to_dict`'s form."""
        return cls(float(values["value"]), float(values["low"]), float(values["high"]))


def optional_estimate(values: Mapping[str, Any] | None) -> Estimate | None:
    """Return :meth:`Estimate.from_dict` of JSON, null staying None."""
    return None if values is None else Estimate.from_dict(values)


def resampled_sums(
    sums: FloatArray, *, generator: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> FloatArray:
    """Return the sum over raters of each column in each resample, float64 [n_resamples, c].

    The draws depend on the generator and the number of raters alone: the same seed resamples two
    models' raters alike.

    Args:
        sums: [n, c], a rater each row.
        generator: where the resamples come from.
        n_resamples: number of resamples, each of n raters drawn with replacement.

    Raises:
        TooLittleData: no raters.
    """
    n_raters = len(sums)
    if not n_raters:
        raise TooLittleData("There are no raters to resample.")
    drawn = np.empty((n_resamples, sums.shape[1]))
    chunk = max(1, _CHUNK_CELLS // n_raters)
    for start in range(0, n_resamples, chunk):  # in chunks, so that memory stays near n
        times = [
            np.bincount(generator.integers(n_raters, size=n_raters), minlength=n_raters)
            for _ in range(start, min(start + chunk, n_resamples))
        ]
        drawn[start : start + chunk] = np.array(times, dtype=np.float64) @ sums
    return drawn


def resampled_ratios(
    numerators: FloatArray,
    denominators: FloatArray,
    *,
    generator: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> tuple[FloatArray, FloatArray]:
    """Return the ratio of summed columns, of all raters [c] and in each resample [n_resamples, c].

    NaN where a denominator's sum is 0.

    Args:
        numerators: [n, c], a rater each row.
        denominators: [n, c].
        generator: where the resamples come from.
        n_resamples: number of resamples.

    Raises:
        MissingPrediction: a number is NaN.
        DataError: the shapes differ.
        TooLittleData: no raters.
    """
    if numerators.ndim != 2 or numerators.shape != denominators.shape:
        raise DataError(f"Sums of shapes {numerators.shape} and {denominators.shape}.")
    sums = np.hstack([numerators, denominators]).astype(np.float64)
    missing = int(np.isnan(sums).any(axis=1).sum())
    if missing:
        raise MissingPrediction(f"{missing} of {len(sums)} raters have a value that is missing.")
    drawn = resampled_sums(sums, generator=generator, n_resamples=n_resamples)
    n_columns = numerators.shape[1]
    everybody = sums.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (
            everybody[:n_columns] / everybody[n_columns:],
            drawn[:, :n_columns] / drawn[:, n_columns:],
        )


def percentiles(drawn: FloatArray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the ends of the percentile interval of resampled values [n_resamples].

    Resamples that hold nothing to measure (NaN) are left out.

    Raises:
        TooLittleData: no resample holds anything.
    """
    values = drawn[~np.isnan(drawn)]
    if not values.size:
        raise TooLittleData("No resample holds anything to measure.")
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def estimate(value: float, drawn: FloatArray) -> Estimate | None:
    """Return a value with its interval; None when the value is NaN: nothing to measure."""
    return None if np.isnan(value) else Estimate(float(value), *percentiles(drawn))


def bootstrap_interval(
    per_user_values: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    weights: npt.ArrayLike | None = None,
    n_resamples: int = N_RESAMPLES,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean over raters.

    Args:
        per_user_values: [n], one value a rater.
        generator: where the resamples come from.
        weights: [n], how much each rater counts, for means over rows: pass the mean of the rater's
            rows as value and their number as weight. None: all the same.
        n_resamples: number of draws.
        confidence: share of the draws that lie inside.

    Raises:
        MissingPrediction: a value is NaN.
        DataError: shapes differ or the weights are not positive.
        TooLittleData: no raters.
    """
    values = np.asarray(per_user_values, dtype=np.float64)
    weight = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    if values.ndim != 1 or weight.shape != values.shape or not np.all(weight > 0):
        raise DataError("Expected one value for each rater, and positive weights.")
    _, drawn = resampled_ratios(
        (values * weight)[:, None], weight[:, None], generator=generator, n_resamples=n_resamples
    )
    return percentiles(drawn[:, 0], confidence)
