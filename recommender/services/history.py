"""What raters have told us, as arrays: one of them, or many at once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Dismissal, Rater, Rating
from catalog.querysets import RaterQuerySet
from ml import histories as ml_histories
from ml.data import IdMap
from ml.ranges import ranges
from recommender.services.rating_rows import rating_blocks

# A query that names more raters may be refused: SQLite allows 32,766 parameters.
_RATERS_A_QUERY = 5_000


@dataclass(frozen=True, eq=False)
class History:
    """One rater's list.

    Attributes:
        listed: int64 [n], ids of every title on the list, plans included: never recommended.
        dismissed: int64 [m], ids of the titles that the rater is not interested in.
        watched: int64 [k], ids of the watched titles, ascending.
        watched_scores: float64 [k], their scores, 1 to 10, or 0 without one.
    """

    listed: npt.NDArray[np.int64]
    dismissed: npt.NDArray[np.int64]
    watched: npt.NDArray[np.int64]
    watched_scores: npt.NDArray[np.float64]

    @classmethod
    def of_scores(cls, scores: Mapping[int, int]) -> "History":
        """The history of a visitor, who has only scores: {title id: 1 to 10}."""
        watched = np.array(sorted(scores), dtype=np.int64)
        given = np.array([scores[anime_id] for anime_id in watched.tolist()], dtype=np.float64)
        return cls(watched, np.empty(0, dtype=np.int64), watched, given)

    @property
    def scored(self) -> npt.NDArray[np.int64]:
        """Ids of the titles that are watched and scored, int64, ascending."""
        return self.watched[self.watched_scores > 0]

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """Their scores, 1 to 10, float64."""
        return self.watched_scores[self.watched_scores > 0]

    def known_to(self, items: IdMap) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The rows of the watched titles that a map has, and their scores (0 for none)."""
        known = items.contains(self.watched)
        return items.index(self.watched[known]), self.watched_scores[known]

    def has_score_of(self, items: IdMap) -> bool:
        """Whether any of a map's titles is watched and scored."""
        return bool(items.contains(self.scored).any())

    def of_model(self, items: IdMap) -> ml_histories.Histories:
        """The watched titles that a model's map has, as its rankers read them."""
        return ml_histories.Histories.of_one(*self.known_to(items), len(items))

    @property
    def excluded(self) -> npt.NDArray[np.int64]:
        """Ids that no list may contain."""
        return np.concatenate([self.listed, self.dismissed])

    @property
    def digest(self) -> str:
        """A hash of all of it, for what is computed from it: 64 hexadecimal digits."""
        found = hashlib.sha256()
        for array in (self.listed, self.dismissed, self.watched, self.watched_scores):
            found.update(len(array).to_bytes(8, "little"))
            found.update(array.tobytes())
        return found.hexdigest()

    @property
    def excluded_but_planned(self) -> npt.NDArray[np.int64]:
        """Ids that no list may contain when the rater asks for the planned ones too."""
        return np.concatenate([self.watched, self.dismissed])


def history_of(*, rater: Rater | None) -> History:
    """Read a rater's list, in two queries; an empty one for nobody."""
    ratings: list[tuple[int, int | None, int]] = []
    dismissed: list[int] = []
    if rater is not None:
        found = Rating.objects.filter(rater=rater).order_by("anime_id")
        ratings = list(found.values_list("anime_id", "score", "status"))
        dismissals = Dismissal.objects.filter(rater=rater).order_by("anime_id")
        dismissed = list(dismissals.values_list("anime_id", flat=True))
    watched = [
        (anime_id, score or 0)
        for anime_id, score, status in ratings
        if status != Rating.Status.PLAN_TO_WATCH
    ]
    return History(
        listed=np.array([row[0] for row in ratings], dtype=np.int64),
        dismissed=np.array(dismissed, dtype=np.int64),
        watched=np.array([row[0] for row in watched], dtype=np.int64),
        watched_scores=np.array([row[1] for row in watched], dtype=np.float64),
    )


@dataclass(frozen=True, eq=False)
class Histories:
    """The lists of n raters, one rater after the other; m entries, k dismissals.

    Attributes:
        rater_ids: int64 [n], in the order that was asked for.
        indptr: int64 [n + 1]; the rater at position ``r`` has the entries
            ``indptr[r]:indptr[r + 1]`` of the next three.
        listed: int64 [m], ids of every title on the list, plans included; ascending in each rater.
        scores: int8 [m], 1 to 10, or 0 without a score. A plan's is no label.
        is_watched: bool [m], False for plans.
        dismissed_indptr: int64 [n + 1], likewise for ``dismissed``.
        dismissed: int64 [k], ids of the titles that the rater is not interested in, ascending.
    """

    rater_ids: npt.NDArray[np.int64]
    indptr: npt.NDArray[np.int64]
    listed: npt.NDArray[np.int64]
    scores: npt.NDArray[np.int8]
    is_watched: npt.NDArray[np.bool_]
    dismissed_indptr: npt.NDArray[np.int64]
    dismissed: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rater_ids)

    def one(self, position: int) -> History:
        """The history of the rater at a position, as :func:`history_of` reads it."""
        entries = slice(int(self.indptr[position]), int(self.indptr[position + 1]))
        dismissals = slice(
            int(self.dismissed_indptr[position]), int(self.dismissed_indptr[position + 1])
        )
        listed, is_watched = self.listed[entries], self.is_watched[entries]
        return History(
            listed=listed,
            dismissed=self.dismissed[dismissals],
            watched=listed[is_watched],
            watched_scores=self.scores[entries][is_watched].astype(np.float64),
        )


def histories_of(raters: Sequence[int] | npt.NDArray[np.int64] | RaterQuerySet) -> Histories:
    """Read the lists of many raters, in two queries for each five thousand of them.

    Args:
        raters: rater ids without repeats, or a query; the result is in this order. Somebody
            without a list, or unknown, has an empty one.

    Raises:
        ml.errors.DataError: a rater comes twice.
    """
    if isinstance(raters, RaterQuerySet):
        raters = list(raters.values_list("pk", flat=True))
    rater_ids = np.asarray(raters, dtype=np.int64)
    known = IdMap(np.sort(rater_ids))
    positions = known.index(rater_ids)
    counts, listed, scores, is_watched = _read_lists(known)
    indptr, entries = _in_order(counts, positions)
    dismissed_counts, dismissed = _read_dismissals(known)
    dismissed_indptr, dismissals = _in_order(dismissed_counts, positions)
    return Histories(
        rater_ids=rater_ids,
        indptr=indptr,
        listed=listed[entries],
        scores=scores[entries],
        is_watched=is_watched[entries],
        dismissed_indptr=dismissed_indptr,
        dismissed=dismissed[dismissals],
    )


def _read_lists(
    raters: IdMap,
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int8], npt.NDArray[np.bool_]
]:
    """Each rater's number of entries, and the entries: title ids, scores, whether watched."""
    counts = np.zeros(len(raters), dtype=np.int64)
    listed, scores, is_watched = (
        [np.empty(0, np.int64)],
        [np.empty(0, np.int8)],
        [np.empty(0, bool)],
    )
    for ids in _queries(raters):
        for block in rating_blocks(Rating.objects.filter(rater_id__in=ids)):
            counts[raters.index(block.rater_ids)] = block.counts
            listed.append(block.anime_ids.astype(np.int64))
            scores.append(block.scores)
            is_watched.append(block.is_watched)
    return counts, np.concatenate(listed), np.concatenate(scores), np.concatenate(is_watched)


def _read_dismissals(raters: IdMap) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Each rater's number of dismissed titles, and their ids."""
    pairs: list[tuple[int, int]] = []
    for ids in _queries(raters):
        found = Dismissal.objects.filter(rater_id__in=ids).order_by("rater_id", "anime_id")
        pairs += found.values_list("rater_id", "anime_id")
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return np.bincount(raters.index(table[:, 0]), minlength=len(raters)), table[:, 1]


def _queries(raters: IdMap) -> list[list[int]]:
    """The raters of each query, ascending."""
    starts = range(0, len(raters), _RATERS_A_QUERY)
    return [raters.ids[start : start + _RATERS_A_QUERY].tolist() for start in starts]


def _in_order(
    counts: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each rater's entries begin once the raters are at ``positions``, and which they are."""
    starts, lengths = (np.cumsum(counts) - counts)[positions], counts[positions]
    return np.concatenate([[0], np.cumsum(lengths)]), ranges(starts, lengths)
