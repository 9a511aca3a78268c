"""The n best of many, the same every time; and the list for somebody unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.data import Ratings
from ml.errors import DataError, NonFiniteData


def top_n(
    scores: npt.ArrayLike,
    *,
    exclude: npt.NDArray[np.bool_] | npt.NDArray[np.integer] | None = None,
    n: int,
    tie_break: npt.NDArray[Any] | None = None,
) -> npt.NDArray[np.int64]:
    """Return the rows of the n highest scores, best first.

    Args:
        scores: [m], any real numbers, infinities included.
        exclude: rows to leave out, as a mask [m] or as an array of rows.
        n: how many; fewer come back when fewer are left.
        tie_break: [m], of equal scores the one with the lower value here is first, then the lower
            row. None: the lower row.

    Raises:
        NonFiniteData: a score is NaN.
        DataError: shapes or rows do not fit, or n is negative.
    """
    values = np.asarray(scores)
    if values.ndim != 1 or n < 0:
        raise DataError("Expected one row of scores and n ≥ 0.")
    if np.isnan(values).any():
        raise NonFiniteData("A score is NaN: nothing can be ranked by it.")
    order_of_ties = np.arange(values.size) if tie_break is None else tie_break
    if order_of_ties.shape != values.shape:
        raise DataError("tie_break must have one entry for each score.")
    rows = np.flatnonzero(_allowed(values.size, exclude))
    if n == 0:
        return rows[:0].astype(np.int64)
    if n < rows.size:
        # Everything level with the n-th best stays in, so that ties are broken by the key below
        # and not by the order in which the partition happens to leave them.
        candidates = values[rows]
        threshold = np.partition(candidates, rows.size - n)[rows.size - n]
        rows = rows[candidates >= threshold]
    order = np.lexsort((rows, order_of_ties[rows], -values[rows]))
    return rows[order[:n]].astype(np.int64)


def _allowed(
    size: int, exclude: npt.NDArray[np.bool_] | npt.NDArray[np.integer] | None
) -> npt.NDArray[np.bool_]:
    """Return the mask of rows that are not excluded."""
    allowed = np.ones(size, dtype=bool)
    if exclude is None or not exclude.size:
        return allowed
    if exclude.dtype == np.bool_:
        if exclude.shape != (size,):
            raise DataError("The mask of excluded rows must have one entry for each score.")
        return np.logical_not(exclude)
    if not np.issubdtype(exclude.dtype, np.integer):
        raise DataError("Excluded rows must be a mask or whole numbers.")
    if exclude.min() < 0 or exclude.max() >= size:
        raise DataError(f"An excluded row is not in [0, {size}).")
    allowed[exclude] = False
    return allowed


@dataclass(frozen=True, eq=False)
class Popularity:
    """Ranks titles by the number of raters who watched them, the same for everybody.

    Attributes:
        n_raters: int64 [n_items].
    """

    n_raters: npt.NDArray[np.int64]

    @classmethod
    def fit(cls, ratings: Ratings) -> Self:
        """Count the rows of each title, scored or not."""
        return cls(np.bincount(ratings.item_index, minlength=ratings.n_items).astype(np.int64))

    def scores(self) -> npt.NDArray[np.float64]:
        """Return the relevance of each title, float64 [n_items]."""
        return self.n_raters.astype(np.float64)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {"n_raters": self.n_raters}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form."""
        return cls(arrays["n_raters"])
