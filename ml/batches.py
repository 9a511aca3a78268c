"""The order in which RecommenderNet sees its rows, and the batches it sees them in.

A batch of rows drawn one by one has about as many raters as rows, and the first layer is computed
for each. Here a few rows of a rater stay together, so a batch has several rows of each of its
raters and what depends on the rater alone is computed once. Which rows those are, and which raters
share a batch, is drawn anew in every epoch.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.data import Ratings

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Labelled rows in the order of their raters, grouped by rater and by title.

    Attributes:
        raters: int64 [r], the distinct raters, ascending.
        rater_of_row: int64 [n], position in ``raters``, ascending.
        rater_start: int64 [r], the first row of each rater.
        titles: int64 [t], the distinct titles, ascending.
        title_of_row: int64 [n], position in ``titles``.
        rows_by_title: int64 [n], the rows in the order of their titles.
        title_start: int64 [t], where each title starts in ``rows_by_title``.
        score: float32 [n].
    """

    raters: Tensor
    rater_of_row: Tensor
    rater_start: Tensor
    titles: Tensor
    title_of_row: Tensor
    rows_by_title: Tensor
    title_start: Tensor
    score: Tensor

    def __len__(self) -> int:
        return len(self.score)

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


class LabelledRows:
    """Training rows, kept in the order of their raters.

    Args:
        labels: the training rows, all scored.
        rows_per_batch: size of a batch; one may be larger or smaller by ``rows_per_rater``.
        rows_per_rater: how many rows of a rater stay together at most.
    """

    def __init__(self, labels: Ratings, *, rows_per_batch: int, rows_per_rater: int) -> None:
        order = np.argsort(labels.user_index, kind="stable")
        self._user = labels.user_index[order]
        self._item = labels.item_index[order]
        self._score = labels.score[order].astype(np.float32)
        self._first = _starts(self._user)
        self._rows_per_batch = rows_per_batch
        # A group longer than a batch would leave the next batch empty.
        self.rows_per_rater = min(rows_per_rater, rows_per_batch)
        self.n_batches = math.ceil(len(labels) / rows_per_batch)

    def __len__(self) -> int:
        return len(self._user)

    def epoch(self, generator: torch.Generator) -> Iterator[IntArray]:
        """Yield the rows of each of ``n_batches`` batches (int64, ascending by rater).

        Every row comes once.
        """
        shuffled = self._shuffled_within_raters(generator)
        start, length = self._groups()
        chosen = torch.randperm(len(start), generator=generator).numpy()
        start, length = start[chosen], length[chosen]
        batch_of_group = (np.cumsum(length) - 1) // self._rows_per_batch
        borders = np.searchsorted(batch_of_group, np.arange(self.n_batches + 1))
        for low, high in pairwise(borders):
            by_rater = low + np.argsort(start[low:high])
            yield shuffled[_ranges(start[by_rater], length[by_rater])]

    def batch(self, rows: IntArray) -> Batch:
        """Return a batch from rows that are ascending by rater, as :meth:`epoch` yields them."""
        user, item = self._user[rows], self._item[rows]
        rater_start = _starts(user)
        # Numpy sorts 16 bits in linear time.
        keys = item.astype(np.uint16) if len(item) and item.max() < 2**16 else item
        rows_by_title = np.argsort(keys, kind="stable")
        sorted_items = item[rows_by_title]
        title_start = _starts(sorted_items)
        title_of_row = np.empty(len(rows), dtype=np.int64)
        title_of_row[rows_by_title] = _positions(title_start, len(rows))
        return Batch(
            raters=torch.from_numpy(user[rater_start].astype(np.int64)),
            rater_of_row=torch.from_numpy(_positions(rater_start, len(rows))),
            rater_start=torch.from_numpy(rater_start),
            titles=torch.from_numpy(sorted_items[title_start].astype(np.int64)),
            title_of_row=torch.from_numpy(title_of_row),
            rows_by_title=torch.from_numpy(rows_by_title),
            title_start=torch.from_numpy(title_start),
            score=torch.from_numpy(self._score[rows]),
        )

    def _shuffled_within_raters(self, generator: torch.Generator) -> IntArray:
        """Return all rows, still in the order of raters, each rater's own in a random order."""
        # Rater, random bits and row are packed into one integer, so that one sort, which is
        # vectorised, does it all; as the row is in it, no two are equal.
        row_bits = max(1, (len(self) - 1).bit_length())
        random_bits = 63 - row_bits - int(self._user[-1]).bit_length()
        keys = torch.randint(2**random_bits, (len(self),), generator=generator).numpy()
        keys += self._user.astype(np.int64) << random_bits
        keys <<= row_bits
        keys += np.arange(len(self))
        keys.sort()
        keys &= 2**row_bits - 1
        return keys

    def _groups(self) -> tuple[IntArray, IntArray]:
        """Return start and length of the groups that each rater's rows are cut into."""
        size = self.rows_per_rater
        counts = np.diff(self._first, append=len(self))
        groups = -(-counts // size)
        start = np.repeat(self._first, groups) + size * _ranges(np.zeros_like(groups), groups)
        length = np.minimum(size, np.repeat(self._first + counts, groups) - start)
        return start, length


def _starts(ascending: npt.NDArray[np.integer]) -> IntArray:
    """Return where each distinct value of an ascending array starts."""
    return np.flatnonzero(np.diff(ascending, prepend=-1)).astype(np.int64, copy=False)


def _positions(starts: IntArray, length: int) -> IntArray:
    """Return for each of ``length`` places the number of the start at or before it."""
    return np.repeat(np.arange(len(starts)), np.diff(starts, append=length))


def _ranges(start: IntArray, length: IntArray) -> IntArray:
    """Return ``start[0], start[0] + 1, …`` for each start, ``length`` numbers each, in a row."""
    ends = np.cumsum(length)
    numbers: IntArray = np.arange(ends[-1]) + np.repeat(start - (ends - length), length)
    return numbers
