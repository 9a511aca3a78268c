"""The n best of many, the same every time; and the list for somebody unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.data import Ratings
from ml.errors import DataError, NonFiniteData
from ml.histories import Histories

_BATCH_CELLS: Final = 4_000_000
"""Cells worked on at once by :func:`top_k_rows`: 16 MB of float32."""
_STRIDES_PER_PLACE: Final = 4


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


def top_k_rows(
    relevance: npt.NDArray[np.number], excluded: "Histories | sparse.csr_array | None", k: int
) -> npt.NDArray[np.int64]:
    """Return :func:`top_n` of each of n raters, int64 [n, k]; -1 fills lists that are shorter.

    Of equal values the lower row is first, as there.

    Args:
        relevance: [n, m], infinities included; it is left as it is.
        excluded: what each rater is not to get: histories, or CSR [n, m] of which every stored
            cell is left out. None: nothing.
        k: length of the lists.

    Raises:
        NonFiniteData: a value is NaN.
        DataError: shapes do not fit, or k is negative.
    """
    values = np.asarray(relevance)
    if values.ndim != 2 or k < 0:
        raise DataError(f"Expected relevance [n, m] and k ≥ 0, not {values.shape}, k = {k}.")
    n, m = values.shape
    indptr, indices = _excluded_cells(excluded, n, m)
    best = np.full((n, k), -1, dtype=np.int64)
    step = max(1, _BATCH_CELLS // max(m, 1))
    for start in range(0, n if k and m else 0, step):
        stop = min(start + step, n)
        block = values[start:stop]
        block = block.astype(block.dtype if block.dtype.kind == "f" else np.float64, order="C")
        if np.isnan(block.max()):
            raise NonFiniteData("A value is NaN: nothing can be ranked by it.")
        lengths = np.diff(indptr[start : stop + 1])
        cells = slice(int(indptr[start]), int(indptr[stop]))
        block[np.repeat(np.arange(stop - start), lengths), indices[cells]] = -np.inf
        lists, n_found = _best_of_block(block, k)
        best[start:stop, : lists.shape[1]] = lists
        # Rare: what is left is -inf as well, so that only the mask can tell it from the excluded.
        for row in np.flatnonzero(n_found < np.minimum(k, m - lengths)):
            own = indices[indptr[start + row] : indptr[start + row + 1]]
            listed = top_n(block[row], exclude=own, n=k)
            best[start + row, : listed.size] = listed
    return best


def _best_of_block(
    block: npt.NDArray[np.floating], k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the best rows above -inf [n, at most k], -1 behind them, and their number [n].

    Partitioning whole rows would take most of the time. The maxima of many strides of a row are
    a handful of numbers, and their k-th highest is a bound that at least k titles reach, and few
    others do.
    """
    n, m = block.shape
    bound = np.full(n, np.finfo(block.dtype).min, dtype=block.dtype)
    n_strides = _STRIDES_PER_PLACE * k
    if n_strides < m:
        even = m - m % n_strides
        highest = block[:, :even].reshape(n, -1, n_strides).max(axis=1)
        kth = np.partition(highest, n_strides - k, axis=1)[:, n_strides - k]
        bound = np.maximum(bound, kth)
    chosen = block >= bound[:, None]
    for row in np.flatnonzero(np.count_nonzero(chosen, axis=1) > n_strides):
        # Thousands of titles may be level with the bound; the first k of them are enough.
        chosen[row, np.flatnonzero(block[row] == bound[row])[k:]] = False
    cells = np.flatnonzero(chosen)
    rows, titles = np.divmod(cells, m)
    counts = np.bincount(rows, minlength=n)
    places = np.arange(cells.size) - np.repeat(np.cumsum(counts) - counts, counts)
    width = int(counts.max(initial=0))
    candidates = np.full((n, width), -np.inf, dtype=block.dtype)
    candidates[rows, places] = block.ravel()[cells]
    listed = np.full((n, width), -1, dtype=np.int64)
    listed[rows, places] = titles
    # Titles ascend within a row, so that a stable sort puts the lower of equals first.
    order = np.argsort(-candidates, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(listed, order, axis=1), np.minimum(counts, k).astype(np.int64)


def _excluded_cells(
    excluded: "Histories | sparse.csr_array | None", n: int, m: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return CSR's indptr [n + 1] and indices of the cells that are left out."""
    if excluded is None:
        return np.zeros(n + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if isinstance(excluded, Histories):
        shape, indptr = (len(excluded), excluded.n_items), excluded.indptr
        indices = excluded.item_index
    else:
        unique = excluded.copy()
        unique.sum_duplicates()
        shape, indptr = excluded.shape, unique.indptr.astype(np.int64)
        indices = unique.indices.astype(np.int64)
    if shape != (n, m):
        raise DataError(f"Excluded titles of shape {shape} do not fit relevance of {(n, m)}.")
    return indptr, indices


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

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return int(self.n_raters.size)

    def relevance(self, histories: Histories) -> npt.NDArray[np.float32]:
        """Return log(1 + count) for each rater, float32 [n, n_items]: in a blend, ratios count.

        Raises:
            DataError: the histories are of another number of titles.
        """
        if histories.n_items != self.n_items:
            raise DataError(f"Histories of {histories.n_items} titles, counts of {self.n_items}.")
        return np.tile(np.log1p(self.n_raters).astype(np.float32), (len(histories), 1))

    def contributions(
        self,
        item_index: npt.NDArray[np.integer],
        scores: npt.ArrayLike,
        targets: npt.NDArray[np.integer],
    ) -> npt.NDArray[np.float32]:
        """Return float32 [n, k] of 0: nothing that a rater watched moves this list.

        Raises:
            DataError: a row does not exist, or the lengths differ.
        """
        for rows in (item_index, targets):
            _allowed(self.n_items, np.asarray(rows))
        if np.shape(scores) != item_index.shape:
            raise DataError(f"{item_index.size} titles and {np.size(scores)} scores.")
        return np.zeros((item_index.size, targets.size), dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {"n_raters": self.n_raters}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form."""
        return cls(arrays["n_raters"])
