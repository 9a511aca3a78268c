"""How far predicted scores are off; :mod:`ml.ranking_metrics` measures ranked lists.

A metric never drops a pair: a prediction that is not a number raises, since a model that stays
silent on the hard pairs would otherwise look better than one that answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.bootstrap import bootstrap_interval
from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError, MissingPrediction, TooLittleData
from ml.ranking_metrics import ndcg_at_k, precision_at_k, recall_at_k

__all__ = [  # what moved to ml.bootstrap and ml.ranking_metrics can be imported from here too
    "CALIBRATION_BINS",
    "LOW_SCORE",
    "CalibrationBin",
    "accuracy",
    "bootstrap_interval",
    "calibration",
    "confusion_matrix",
    "expected_calibration_error",
    "macro_mae",
    "mae",
    "ndcg_at_k",
    "precision_at_k",
    "recall_at_k",
    "recall_at_or_below",
    "recall_by_score",
    "rmse",
    "rounded",
]

FloatArray = npt.NDArray[np.float64]
LOW_SCORE: Final = 4
"""Scores up to here say "not for me"; the reference system hardly ever predicts them."""
CALIBRATION_BINS: Final = 18
"""Bins of half a point."""


def rounded(predictions: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return predictions as scores: to the nearest whole number, halves up, within 1 to 10.

    Raises:
        MissingPrediction: one is NaN.
    """
    values = _predictions(predictions)
    return np.clip(np.floor(values + 0.5), LOWEST_SCORE, HIGHEST_SCORE).astype(np.int64)


def rmse(predictions: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the root mean square error of n predictions, in score points.

    Raises:
        MissingPrediction: a prediction is NaN.
        DataError: the shapes differ, or a score is not a whole number from 1 to 10.
        TooLittleData: n is 0.
    """
    predicted, true = _pairs(predictions, scores)
    return float(np.sqrt(np.mean((predicted - true) ** 2)))


def mae(predictions: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean absolute error, in score points. Raises as :func:`rmse`."""
    predicted, true = _pairs(predictions, scores)
    return float(np.mean(np.abs(predicted - true)))


def macro_mae(predictions: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean, over the true scores that occur, of the rounded predictions' MAE.

    Every score counts the same, however rare (Baccianella, Esuli & Sebastiani, ISDA 2009).
    Raises as :func:`rmse`.
    """
    predicted, true = _pairs(predictions, scores)
    errors = np.abs(rounded(predicted) - true)
    return float(np.mean([errors[true == score].mean() for score in np.unique(true)]))


def accuracy(predictions: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the share of predictions that are right once rounded. Raises as :func:`rmse`."""
    predicted, true = _pairs(predictions, scores)
    return float(np.mean(rounded(predicted) == true))


def recall_at_or_below(
    predictions: npt.ArrayLike, scores: npt.ArrayLike, threshold: int = LOW_SCORE
) -> float:
    """Return the share of the scores ≤ threshold whose rounded prediction is ≤ threshold too.

    Raises:
        TooLittleData: there is no score that low.
        MissingPrediction, DataError: as :func:`rmse`.
    """
    predicted, true = _pairs(predictions, scores)
    low = true <= threshold
    if not low.any():
        raise TooLittleData(f"There is no score of {threshold} or less.")
    return float(np.mean(rounded(predicted[low]) <= threshold))


def confusion_matrix(predictions: npt.ArrayLike, scores: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return int64 [10, 10]: row = true score - 1, column = rounded prediction - 1.

    Raises as :func:`rmse`.
    """
    predicted, true = _pairs(predictions, scores)
    cells = (true - 1) * HIGHEST_SCORE + rounded(predicted) - 1
    counts = np.bincount(cells, minlength=HIGHEST_SCORE**2)
    return counts.reshape(HIGHEST_SCORE, HIGHEST_SCORE).astype(np.int64)


def recall_by_score(predictions: npt.ArrayLike, scores: npt.ArrayLike) -> FloatArray:
    """Return, of each true score, the share that is right once rounded.

    Returns:
        float64 [10]: of score 1, 2, …, 10; NaN for a score that does not occur.

    Raises as :func:`rmse`.
    """
    counts = confusion_matrix(predictions, scores)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.diag(counts) / counts.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class CalibrationBin:
    """The predictions in one interval beside what the same raters really gave.

    Attributes:
        lowest: predictions from here on, in score points.
        highest: up to here, itself not included unless it is 10.
        n_ratings: number of predictions inside, at least 1.
        mean_prediction: their mean.
        mean_score: mean of the true scores.
    """

    lowest: float
    highest: float
    n_ratings: int
    mean_prediction: float
    mean_score: float


def calibration(
    predictions: npt.ArrayLike, scores: npt.ArrayLike, n_bins: int = CALIBRATION_BINS
) -> tuple[CalibrationBin, ...]:
    """Return mean prediction and mean score of equally wide bins between 1 and 10.

    Predictions beyond the range belong to the outer bins. Empty bins are left out.

    Raises:
        DataError: there is no bin, or as :func:`rmse`.
        MissingPrediction, TooLittleData: as :func:`rmse`.
    """
    predicted, true = _pairs(predictions, scores)
    if n_bins < 1:
        raise DataError(f"Expected at least one bin, not {n_bins}.")
    edges = np.linspace(LOWEST_SCORE, HIGHEST_SCORE, n_bins + 1)
    bins = np.searchsorted(edges[1:-1], predicted, side="right")
    counts = np.bincount(bins, minlength=n_bins)
    predicted_sums = np.bincount(bins, weights=predicted, minlength=n_bins)
    true_sums = np.bincount(bins, weights=true, minlength=n_bins)
    return tuple(
        CalibrationBin(
            lowest=float(edges[place]),
            highest=float(edges[place + 1]),
            n_ratings=int(counts[place]),
            mean_prediction=float(predicted_sums[place] / counts[place]),
            mean_score=float(true_sums[place] / counts[place]),
        )
        for place in np.flatnonzero(counts)
    )


def expected_calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Return the mean, over ratings, of how far a bin's mean prediction is off, in score points.

    The regression form of Guo et al., ICML 2017, equation 3.

    Raises:
        TooLittleData: there are no bins.
    """
    n_ratings = sum(each.n_ratings for each in bins)
    if not n_ratings:
        raise TooLittleData("There is nothing to measure.")
    off = (each.n_ratings * abs(each.mean_prediction - each.mean_score) for each in bins)
    return sum(off) / n_ratings


def _predictions(values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise DataError(f"Expected one row of values, not {array.ndim} dimensions.")
    missing = int(np.isnan(array).sum())
    if missing:
        raise MissingPrediction(f"{missing} of {array.size} predictions are missing.")
    return array


def _pairs(
    predictions: npt.ArrayLike, scores: npt.ArrayLike
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return predictions and scores, checked; swapped arguments do not pass."""
    predicted = _predictions(predictions)
    given = np.asarray(scores)
    if given.shape != predicted.shape:
        raise DataError(f"{predicted.size} predictions and scores of shape {given.shape}.")
    if not predicted.size:
        raise TooLittleData("There is nothing to measure.")
    true = given.astype(np.int64)
    if np.any(true != given) or true.min() < LOWEST_SCORE or true.max() > HIGHEST_SCORE:
        raise DataError(f"Scores must be whole numbers from {LOWEST_SCORE} to {HIGHEST_SCORE}.")
    return predicted, true
