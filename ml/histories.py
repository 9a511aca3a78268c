"""What raters have watched and how they scored it, grouped by rater: what every ranker reads."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.data import HIGHEST_SCORE, Ratings
from ml.errors import DataError

IndexLike = npt.NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Histories:
    """The watched titles of n raters, one rater after the other.

    Attributes:
        indptr: int64 [n + 1]; rater ``r`` has the entries ``indptr[r]:indptr[r + 1]``.
        item_index: int64 [m], rows of the titles, ascending and without duplicates in each rater.
        score: float32 [m], 1 to 10, or 0 for watched without a score.
        n_items: number of titles that have a row.

    Raises:
        DataError: the shapes or ranges do not fit one another.
    """

    indptr: npt.NDArray[np.int64]
    item_index: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    n_items: int

    def __post_init__(self) -> None:
        if self.indptr.ndim != 1 or not self.indptr.size or self.indptr[-1] != self.item_index.size:
            raise DataError("indptr must end with the number of entries.")
        if self.item_index.shape != self.score.shape or self.item_index.ndim != 1:
            raise DataError(f"{self.item_index.size} titles and {self.score.size} scores.")
        if self.item_index.size and (
            self.item_index.min() < 0 or self.item_index.max() >= self.n_items
        ):
            raise DataError(f"A title's row is not in [0, {self.n_items}).")
        if not np.all((self.score >= 0) & (self.score <= HIGHEST_SCORE)):
            raise DataError(f"Scores must be from 0 (none) to {HIGHEST_SCORE}.")

    @classmethod
    def of_ratings(cls, ratings: Ratings, user_index: IndexLike | None = None) -> Self:
        """Group ratings by rater: of all n_users raters, or of some, in the order given."""
        order = np.lexsort((ratings.item_index, ratings.user_index))
        counts = np.bincount(ratings.user_index, minlength=ratings.n_users)
        histories = cls(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            ratings.item_index[order].astype(np.int64),
            ratings.score[order].astype(np.float32),
            ratings.n_items,
        )
        return histories if user_index is None else histories.take(user_index)

    @classmethod
    def of_one(cls, item_index: npt.ArrayLike, score: npt.ArrayLike, n_items: int) -> Self:
        """Return the history of a single rater, from titles in any order."""
        items = np.asarray(item_index, dtype=np.int64)
        scores = np.asarray(score, dtype=np.float32)
        if items.shape != scores.shape or items.ndim != 1:
            raise DataError(f"{items.size} titles and {scores.size} scores do not make pairs.")
        order = np.argsort(items, kind="stable")
        items = items[order]
        if np.any(items[1:] == items[:-1]):
            raise DataError("A title comes twice in one history.")
        return cls(np.array([0, items.size], dtype=np.int64), items, scores[order], n_items)

    def __len__(self) -> int:
        return int(self.indptr.size - 1)

    def one(self, rater: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return the titles and scores of the rater at a position."""
        entries = slice(int(self.indptr[rater]), int(self.indptr[rater + 1]))
        return self.item_index[entries], self.score[entries]

    def take(self, raters: IndexLike | slice) -> Self:
        """Return the histories at some positions, in that order."""
        chosen = np.arange(len(self))[raters]
        lengths = np.diff(self.indptr)[chosen]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        # Entry k of the result lies where its rater starts, plus its place within the rater.
        starts = np.repeat(self.indptr[:-1][chosen] - indptr[:-1], lengths)
        entries = starts + np.arange(indptr[-1])
        return type(self)(indptr, self.item_index[entries], self.score[entries], self.n_items)

    def matrix(self, values: npt.NDArray[np.float32] | None = None) -> "sparse.csr_array":
        """Return float32 CSR [n, n_items] with a value for each entry; None means 1 for each."""
        data = np.ones(self.item_index.size, dtype=np.float32) if values is None else values
        return sparse.csr_array(
            (data, self.item_index, self.indptr), shape=(len(self), self.n_items)
        )
