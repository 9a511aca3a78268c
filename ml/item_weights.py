"""How much each watched title speaks for each other title: what item-item rankers serve from.

A dense matrix of 11,200 titles takes 500 MB; of every title only its strongest sources matter, and
they take a few MB. The rows belong to the watched titles, so that a rater's list is the sum of
their titles' rows, and the arrays have the types that scipy computes with, so that those of a
memory map are used as they lie.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.errors import DataError, TooLittleData
from ml.histories import Histories
from ml.protocols import FloatArray, IndexArray

_BLOCK: Final = 512
"""Titles worked on at a time, so that only the Gram matrix itself is held whole."""


@dataclass(frozen=True, eq=False)
class ItemWeights:
    """A sparse matrix of weights, compressed by the watched title.

    Attributes:
        indptr: int32 [n_items + 1]; watched title ``i`` has the entries ``indptr[i]:indptr[i+1]``.
        target: int32 [m], rows of the titles that it speaks for, ascending in each title.
        weight: float32 [m], above 0 for and below 0 against.

    Raises:
        DataError: the shapes or ranges do not fit one another.
    """

    indptr: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    weight: FloatArray

    def __post_init__(self) -> None:
        if self.indptr.ndim != 1 or not self.indptr.size or self.indptr[-1] != self.target.size:
            raise DataError("indptr must end with the number of weights.")
        if self.target.shape != self.weight.shape or self.target.ndim != 1:
            raise DataError(f"{self.target.size} titles and {self.weight.size} weights.")
        if np.any(self.indptr[1:] < self.indptr[:-1]):
            raise DataError("indptr must not fall.")
        if self.target.size and (self.target.min() < 0 or self.target.max() >= self.n_items):
            raise DataError(f"A title's row is not in [0, {self.n_items}).")

    @classmethod
    def strongest(
        cls, blocks: Iterator[FloatArray], n_items: int, per_title: int, favour: FloatArray
    ) -> Self:
        """Keep, for each title, the weights of its strongest sources.

        Args:
            blocks: one after the other, the weights with which all titles [n_items] speak for
                some; together float32 [n_items, n_items], row by the title spoken for. A block is
                used before the next is asked for.
            n_items: number of titles.
            per_title: how many are kept of a title; weights of 0 never are.
            favour: float32 [n_items]; the strength of a weight is its size times its source's
                value here.
        """
        kept = min(per_title, n_items)
        sources, targets, weights, start = [], [], [], 0
        for block in blocks:
            strength = np.abs(block) * favour
            chosen = np.argpartition(-strength, kept - 1, axis=1)[:, :kept]
            values = np.take_along_axis(block, chosen, axis=1)
            rows, columns = np.nonzero(values)
            sources.append(chosen[rows, columns])
            targets.append(start + rows)
            weights.append(values[rows, columns])
            start += len(block)
        matrix = sparse.csr_array(
            (np.concatenate(weights), (np.concatenate(sources), np.concatenate(targets))),
            shape=(n_items, n_items),
        )
        matrix.sort_indices()
        return cls(matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data)

    @property
    def n_items(self) -> int:
        """Number of titles."""
        return int(self.indptr.size - 1)

    def totals(self, histories: Histories, values: FloatArray) -> FloatArray:
        """Return, for each rater, the sum of their titles' rows, float32 [n, n_items].

        Args:
            histories: of n raters with m entries.
            values: float32 [m], how often each entry's row is added.

        Raises:
            DataError: the histories are of another number of titles.
        """
        if histories.n_items != self.n_items:
            raise DataError(f"Histories of {histories.n_items} titles, weights of {self.n_items}.")
        # 32-bit indices on both sides, or scipy would convert the whole matrix at every call.
        entries = sparse.csr_array(
            (values, histories.item_index.astype(np.int32), histories.indptr.astype(np.int32)),
            shape=(len(histories), self.n_items),
        )
        totals: FloatArray = (entries @ self._matrix()).toarray()
        return totals

    def shares(self, item_index: IndexArray, values: FloatArray, targets: IndexArray) -> FloatArray:
        """Return each title's part in the total of each target, float32 [n, k].

        Args:
            item_index: rows of a rater's titles [n].
            values: float32 [n], as in :meth:`totals`.
            targets: rows [k], in any order.

        Raises:
            DataError: a row does not exist, or the lengths differ.
        """
        items, wanted = np.asarray(item_index), np.asarray(targets)
        for rows in (items, wanted):
            check_rows(rows, self.n_items)
        if values.shape != items.shape:
            raise DataError(f"{items.size} titles and {values.size} values do not make pairs.")
        if not items.size or not wanted.size:
            return np.zeros((items.size, wanted.size), dtype=np.float32)
        part = self._matrix()[items][:, wanted].toarray()
        return np.asarray(part * values[:, None], dtype=np.float32)

    def _matrix(self) -> "sparse.csr_array":
        return sparse.csr_array(
            (self.weight, self.target, self.indptr), shape=(self.n_items, self.n_items)
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {"indptr": self.indptr, "target": self.target, "weight": self.weight}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, without a copy."""
        return cls(arrays["indptr"], arrays["target"], arrays["weight"])


def check_rows(rows: IndexArray, n_items: int) -> None:
    """Refuse what are not rows of titles.

    Raises:
        DataError: not one row of whole numbers in [0, n_items).
    """
    if rows.ndim != 1 or (rows.size and not np.issubdtype(rows.dtype, np.integer)):
        raise DataError("Titles must be given as one row of whole numbers.")
    if rows.size and (rows.min() < 0 or rows.max() >= n_items):
        raise DataError(f"A title's row is not in [0, {n_items}).")


def gram_matrix(histories: Histories, values: FloatArray) -> FloatArray:
    """Return XᵀX of the raters' entries, float32 [n_items, n_items], symmetric, in C order.

    Only the lower triangle is computed, in blocks of rows: sparse by sparse, then dense.

    Args:
        histories: n raters with m entries.
        values: float32 [m], the entries of X.

    Raises:
        TooLittleData: there is no title or no entry.
    """
    n_items = histories.n_items
    if not n_items or not values.size:
        raise TooLittleData("There are no ratings to learn from.")
    entries = histories.matrix(values)
    by_item = entries.T.tocsr()
    gram = np.zeros((n_items, n_items), dtype=np.float32)
    for start in range(0, n_items, _BLOCK):
        end = min(start + _BLOCK, n_items)
        gram[start:end, :end] = (by_item[start:end] @ entries[:, :end]).toarray()
    mirror_lower_triangle(gram)
    return gram


def mirror_lower_triangle(matrix: FloatArray) -> None:
    """Make a square matrix symmetric, in place and block by block, from its lower triangle."""
    n = len(matrix)
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        corner = matrix[start:end, start:end]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        matrix[start:end, end:] = matrix[end:, start:end].T
