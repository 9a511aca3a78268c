"""How far predictions are off and how good ranked lists are.

A metric never drops a pair: a prediction that is not a number raises, since a model that stays
silent on the hard pairs would otherwise look better than one that answers.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError, MissingPrediction, TooLittleData

FloatArray = npt.NDArray[np.float64]
LOW_SCORE: Final = 4
"""Scores up to here say "not for me"; the reference system hardly ever predicts them."""


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


def ndcg_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return each rater's normalised discounted cumulative gain.

    Binary gain, discount 1/log2(rank + 1), divided by the best list of min(k, number of relevant
    titles) (Järvelin & Kekäläinen, TOIS 2002).

    Args:
        ranked: [n, m] rows of titles, best first; -1 fills lists that are shorter than m.
        relevant: bool CSR [n, n_items], True where a title is relevant.
        k: length that is looked at; places after the m-th count as misses.

    Returns:
        float64 [n], from 0 to 1.

    Raises:
        TooLittleData: a rater has no relevant title, so that there is no ideal.
        DataError: shapes or rows do not fit.
    """
    hits, n_relevant = _hits(ranked, relevant, k)
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(discounts)[np.minimum(k, n_relevant) - 1]
    return np.asarray(hits @ discounts[: hits.shape[1]] / ideal, dtype=np.float64)


def recall_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return each rater's share of relevant titles among the first k. See :func:`ndcg_at_k`."""
    hits, n_relevant = _hits(ranked, relevant, k)
    return np.asarray(hits.sum(axis=1) / n_relevant, dtype=np.float64)


def precision_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return each rater's relevant titles among the first k, over k. See :func:`ndcg_at_k`."""
    hits, _ = _hits(ranked, relevant, k)
    return np.asarray(hits.sum(axis=1) / k, dtype=np.float64)


def bootstrap_interval(
    per_user_values: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    weights: npt.ArrayLike | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean over raters (Efron 1979).

    Raters are drawn with replacement, not rows: the rows of one rater hang together.

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
    values = _predictions(per_user_values)
    weight = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != values.shape or not np.all(weight > 0):
        raise DataError("Weights must be positive, one for each rater.")
    if not values.size:
        raise TooLittleData("There are no raters to resample.")
    weighted = values * weight
    means = np.empty(n_resamples)
    for draw in range(n_resamples):  # one at a time, so that memory stays at n
        chosen = generator.integers(values.size, size=values.size)
        means[draw] = weighted[chosen].sum() / weight[chosen].sum()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


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


def _hits(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return which of the first k places are relevant [n, min(k, m)] and how many are in all."""
    n_users, n_items = relevant.shape
    if k < 1 or ranked.ndim != 2 or len(ranked) != n_users:
        raise DataError(f"Expected {n_users} ranked lists and k ≥ 1, not {ranked.shape}, k = {k}.")
    if ranked.size and (ranked.min() < -1 or ranked.max() >= n_items):
        raise DataError(f"A ranked title is not in [-1, {n_items}).")
    wanted = relevant.tocoo()
    pairs = np.unique(wanted.row.astype(np.int64) * n_items + wanted.col)
    n_relevant = np.bincount(pairs // n_items, minlength=n_users).astype(np.int64)
    if not np.all(n_relevant):
        raise TooLittleData("A rater has no relevant title; leave such raters out.")
    places = ranked[:, :k].astype(np.int64)
    keys = np.arange(n_users)[:, None] * n_items + places
    return np.isin(keys, pairs) & (places >= 0), n_relevant
