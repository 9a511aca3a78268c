"""What a model is measured on: the ratings held back, and what each rater's list may hold.

Every comparison of rankers goes by the same convention: the whole catalogue is ranked, whatever
the rater is known to have watched is left out, a held-out title counts as relevant from a score of
8 on, and raters without a relevant title are not ranked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.data import Ratings, Split
from ml.errors import DataError, TooLittleData
from ml.histories import Histories
from ml.ranking import top_k_rows
from ml.ranking_metrics import listed_in, ndcg_at_k

Part = Literal["validation", "test"]
Int64Array = npt.NDArray[np.int64]
Relevance = Callable[[Histories], npt.NDArray[np.floating]]
"""As :meth:`ml.protocols.Ranker.relevance`: [n, n_items], higher is better."""

RELEVANT_FROM: Final = 8
"""A held-out title counts as relevant from this score on."""
_BATCH_CELLS: Final = 6_000_000
"""Relevance values asked for at once: 24 MB of float32."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The held-out part of some ratings, made ready for measuring.

    Attributes:
        part: which part it is.
        ratings: the held-out ratings, all of them scored.
        train: the ratings that models were fitted on, unscored ones included.
        raters: int64 [n], rows of the raters that are ranked, ascending: those with a relevant
            title.
        relevant: bool CSR [n, n_items].
        left_out: bool CSR [n, n_items], what the lists must not hold.
        histories: the training ratings of these n raters, what rankers are given.
        n_watchers: int64 [n_items], number of training ratings of each title.
        n_watched: int64 [n_users], number of training ratings of each rater.
    """

    part: Part
    ratings: Ratings
    train: Ratings
    raters: Int64Array
    relevant: "sparse.csr_array[np.bool_]"
    left_out: "sparse.csr_array[np.bool_]"
    histories: Histories
    n_watchers: Int64Array
    n_watched: Int64Array

    @classmethod
    def of(cls, ratings: Ratings, split: Split, part: Part = "test") -> Self:
        """Take a part of the ratings.

        Measured on ``test``, lists leave out what is in train or validation; on ``validation``
        they leave out what is in train, since the test titles are unknown then.

        Args:
            ratings: all ratings, each pair of rater and title once.
            split: the part of each.
            part: which part to measure on.

        Raises:
            DataError: the split is that of other ratings, or there is no such part.
        """
        if split.part.shape != (len(ratings),):
            raise DataError(f"A split of {split.part.size} rows for {len(ratings)} ratings.")
        if part not in ("validation", "test"):
            raise DataError(f"Models are measured on validation or test, not on {part!r}.")
        held_out = ratings.take(split.test if part == "test" else split.validation)
        train = ratings.take(split.train)
        known = ratings.take(~split.test) if part == "test" else train
        wanted = held_out.take(held_out.score >= RELEVANT_FROM)
        raters = np.unique(wanted.user_index).astype(np.int64)
        return cls(
            part=part,
            ratings=held_out,
            train=train,
            raters=raters,
            relevant=wanted.seen_matrix()[raters],
            left_out=known.seen_matrix()[raters],
            histories=Histories.of_ratings(train, raters),
            n_watchers=np.bincount(train.item_index, minlength=ratings.n_items).astype(np.int64),
            n_watched=np.bincount(train.user_index, minlength=ratings.n_users).astype(np.int64),
        )

    def __len__(self) -> int:
        """Number of raters that are ranked."""
        return int(self.raters.size)

    @property
    def n_items(self) -> int:
        """Number of titles that can be listed."""
        return self.ratings.n_items

    def top_lists(self, relevance: Relevance, k: int) -> Int64Array:
        """Return each ranked rater's first k titles, int64 [n, k], -1 behind shorter lists.

        Raises:
            NonFiniteData: a relevance is NaN.
            DataError: relevances of another shape come back.
        """
        lists = np.full((len(self), k), -1, dtype=np.int64)
        step = max(1, _BATCH_CELLS // max(self.n_items, 1))
        for start in range(0, len(self), step):
            batch = slice(start, min(start + step, len(self)))
            lists[batch] = top_k_rows(
                relevance(self.histories.take(batch)), self.left_out[batch], k
            )
        return lists

    def mean_ndcg(self, relevance: Relevance, k: int = 10) -> float:
        """Return the mean NDCG@k over the ranked raters.

        Raises:
            TooLittleData: nobody is ranked.
            NonFiniteData, DataError: as :meth:`top_lists`.
        """
        if not len(self):
            raise TooLittleData(f"No rater has a relevant {self.part} title.")
        return float(ndcg_at_k(self.top_lists(relevance, k), self.relevant, k).mean())

    def checked_lists(self, lists: npt.NDArray[np.integer]) -> Int64Array:
        """Return lists that were made elsewhere as int64 [n, k], once they keep the convention.

        Args:
            lists: [n, k], in the order of :attr:`raters`, -1 behind shorter lists.

        Raises:
            DataError: the shape or a row does not fit, a gap is before a title, or a list holds a
                title twice or one that is to be left out.
        """
        given = np.asarray(lists)
        if given.ndim != 2 or len(given) != len(self) or given.dtype.kind not in "iu":
            raise DataError(f"Expected {len(self)} lists of rows, not {given.dtype} {given.shape}.")
        if given.size and (given.min() < -1 or given.max() >= self.n_items):
            raise DataError(f"A listed title is not in [-1, {self.n_items}).")
        ranked = given.astype(np.int64)
        filled = ranked >= 0
        if np.any(filled[:, 1:] & ~filled[:, :-1]):
            raise DataError("A list has a gap: -1 may only stand behind its last title.")
        ascending = np.sort(ranked, axis=1)
        if np.any((ascending[:, 1:] == ascending[:, :-1]) & (ascending[:, 1:] >= 0)):
            raise DataError("A list holds a title twice.")
        if np.any(listed_in(ranked, self.left_out)):
            raise DataError("A list holds a title that its rater is known to have watched.")
        return ranked
