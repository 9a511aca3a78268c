"""Correct the factorisation by its errors on similar titles.

A few dozen factors cannot tell each season of a series from the next, yet who scored one higher
than expected does so with the others. The errors on the scored titles, averaged over the nearest
of them, say how far off the factorisation will be (the neighbourhood on residuals of Bell & Koren,
ICDM 2007).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.checks import real_number, whole_number
from ml.errors import DataError
from ml.matrix_factorisation import MatrixFactorisation
from ml.predictor_inputs import (
    checked_history,
    checked_pairs,
    checked_rater,
    checked_rows,
    checked_vector,
)
from ml.settings import Settings

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.integer]

_BASE: Final = "base."
_NO_ERROR: Final = np.float32(1e-12)  # stands for an error of exactly 0, since 0 is "not scored"
_ARRAY_NAMES: Final = (
    "neighbour_index",
    "neighbour_weight",
    "error_indptr",
    "error_index",
    "error",
    "damping",
    "gain",
)


@dataclass(frozen=True, kw_only=True)
class ScoreNeighboursConfig(Settings):
    """How neighbours are found and weighed; chosen by validation error.

    Attributes:
        n_neighbours: nearest titles that count for each title.
        shrinkage: a correlation over n raters is multiplied by ``n / (n + shrinkage)``.
        power: to which the correlations are raised to become weights; more favours the nearest.
        damping: weight added to the sum of weights that a correction is divided by.
    """

    n_neighbours: int = 30
    shrinkage: float = 20.0
    power: float = 1.5
    damping: float = 0.1

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        whole_number("n_neighbours", self.n_neighbours, 1, 10_000)
        real_number("shrinkage", self.shrinkage, 0.0, 1e9)
        real_number("power", self.power, 0.0, 10.0, lower_open=True)
        real_number("damping", self.damping, 0.0, 1e9, lower_open=True)


class ScoreNeighbours:
    """The factorisation's prediction plus ``gain`` times the mean error on similar titles.

    A rater's vector is the factorisation's, followed by the error on each title [n_items], 0
    where there is no score: float32 [d + 2 + n_items]. The errors of trained raters are stored
    sparsely. See :class:`ml.protocols.ScorePredictor`.

    Args:
        base: the factorisation.
        arrays: with n titles and k neighbours: ``neighbour_index`` int32 [n, k] and
            ``neighbour_weight`` float32 [n, k], 0 where there are fewer; the errors of the
            raters as CSR ``error_indptr`` int64 [n_users + 1], ``error_index`` int32 and
            ``error`` float32 [m]; ``damping`` and ``gain`` float64 [].

    Raises:
        DataError: an array is missing or the shapes do not fit one another.
    """

    def __init__(self, base: MatrixFactorisation, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        missing = [name for name in _ARRAY_NAMES if name not in arrays]
        if missing:
            raise DataError(f"Arrays of the neighbours are missing: {', '.join(missing)}.")
        self.base = base
        self._arrays = {name: arrays[name] for name in _ARRAY_NAMES}
        index, weight = arrays["neighbour_index"], arrays["neighbour_weight"]
        if index.ndim != 2 or len(index) != base.n_items or weight.shape != index.shape:
            raise DataError("neighbour_index and neighbour_weight must have a row for each title.")
        entries = arrays["error_index"].shape
        if arrays["error_indptr"].shape != (base.n_users + 1,) or arrays["error"].shape != entries:
            raise DataError("The errors must be those of the factorisation's raters.")
        self._index: npt.NDArray[np.int32] = index
        self._weight: FloatArray = weight
        self._damping = float(arrays["damping"])
        self._gain = float(arrays["gain"])
        indptr = np.arange(base.n_items + 1) * index.shape[1]
        self._weights = sparse.csr_array(
            (weight.ravel(), index.ravel(), indptr), shape=(base.n_items, base.n_items)
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, for example from a loaded artifact."""
        base = {name[len(_BASE) :]: arrays[name] for name in arrays if name.startswith(_BASE)}
        return cls(MatrixFactorisation.from_arrays(base), arrays)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores, the factorisation's among them."""
        base = {f"{_BASE}{name}": array for name, array in self.base.arrays().items()}
        return {**self._arrays, **base}

    @property
    def n_users(self) -> int:
        """Number of raters with a row."""
        return self.base.n_users

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return self.base.n_items

    @property
    def gain(self) -> float:
        """What the mean error is multiplied with; above 1, as errors on learnt rows are small."""
        return self._gain

    def with_gain(self, gain: float) -> Self:
        """Return the same with another gain."""
        return type(self)(self.base, {**self._arrays, "gain": np.asarray(float(gain))})

    @property
    def prior_vector(self) -> FloatArray:
        """float32 [d + 2 + n_items]: the average rater, without errors."""
        return np.concatenate([self.base.prior_vector, np.zeros(self.n_items, dtype=np.float32)])

    def user_vector(self, user_index: int) -> FloatArray:
        """Return a trained rater's vector, float32 [d + 2 + n_items].

        Raises:
            DataError: there is no such row.
        """
        row = checked_rater(user_index, self.n_users)
        return np.concatenate([self.base.user_vector(row), self._errors_of(row)])

    def _errors_of(self, row: int) -> FloatArray:
        first, last = self._arrays["error_indptr"][row : row + 2]
        errors = np.zeros(self.n_items, dtype=np.float32)
        errors[self._arrays["error_index"][first:last]] = self._arrays["error"][first:last]
        return errors

    def fold_in(self, item_index: IndexArray, scores: npt.ArrayLike) -> FloatArray:
        """Return the vector of a rater with these watched titles, float32 [d + 2 + n_items].

        Raises:
            DataError: shapes, rows or scores do not fit.
        """
        items, given = checked_history(item_index, scores, self.n_items)
        vector = self.base.fold_in(items, given)
        known = (given > 0) & (items >= 0)
        items, given = items[known], given[known]
        errors = np.zeros(self.n_items, dtype=np.float32)
        errors[items] = stored_errors(given - self.base.predict(vector, items))
        return np.concatenate([vector, errors])

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return one rater's predictions for titles, float32 [n], not clipped; None means all.

        Raises:
            DataError: a shape or a row is out of range.
        """
        of_base, errors = self._parted(user_vector)
        predictions = self.base.predict(of_base, item_index)
        if item_index is None:
            both = self._weights @ np.column_stack([errors, errors != 0]).astype(np.float32)
            corrections: FloatArray = np.asarray(
                both[:, 0] / (both[:, 1] + np.float32(self._damping))
            )
        else:
            items = checked_rows("title", item_index, self.n_items)
            corrections = self._corrections(errors, items)
        predictions += np.float32(self._gain) * corrections
        return predictions

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the prediction of each pair, float32 [n], not clipped.

        Raises:
            DataError: lengths differ or a row is out of range.
        """
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)
        predictions = self.base.predict_pairs(users, items)
        order = np.argsort(users, kind="stable")
        order = order[users[order] >= 0]
        edges = np.flatnonzero(np.diff(users[order])) + 1
        for rows in np.split(order, edges) if order.size else ():
            errors = self._errors_of(int(users[rows[0]]))
            predictions[rows] += np.float32(self._gain) * self._corrections(errors, items[rows])
        return predictions

    def spread(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return the factorisation's spread around one rater's predictions, float32 [n]."""
        return self.base.spread(self._parted(user_vector)[0], item_index)

    def spread_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the factorisation's spread around each pair's prediction, float32 [n]."""
        return self.base.spread_pairs(user_index, item_index)

    def _parted(self, user_vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        size = self.base.prior_vector.size
        vector = checked_vector(user_vector, size + self.n_items)
        return vector[:size], vector[size:]

    def _corrections(self, errors: FloatArray, items: npt.NDArray[np.int64]) -> FloatArray:
        """Return the weighted mean of one rater's errors [n_items] around titles [n]."""
        near = errors[self._index[items]]
        weight = self._weight[items]
        total = np.einsum("ij,ij->i", near, weight)
        total /= np.einsum("ij,ij->i", (near != 0).astype(np.float32), weight) + np.float32(
            self._damping
        )
        return np.where(items >= 0, total, np.float32(0))


def stored_errors(errors: npt.NDArray[np.floating[Any]]) -> FloatArray:
    """Return errors as vectors hold them: float32, never exactly 0."""
    single = errors.astype(np.float32)
    return np.where(single == 0, _NO_ERROR, single)
