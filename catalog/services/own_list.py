"""A person's own list, whole: read in one query, filtered and ordered in the process.

A page of it needs the counts of every status, any of seven orders in either direction, filters by
what the catalogue's arrays have anyway, and all ids that a filter finds, to change them at once.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from catalog.models import Rater, Rating
from catalog.services.bulk_ratings import Entry
from catalog.services.search import found_rows
from catalog.services.title_arrays import TitleArrays, title_arrays
from catalog.signals import predictions_requested


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list; ``is_descending`` is what people expect of it."""

    label: str
    is_descending: bool = True


ORDERS = {
    "recent": Order("Last changed"),
    "title": Order("Title", is_descending=False),
    "score": Order("Your score"),
    "community": Order("Community score"),
    "predicted": Order("Predicted score"),
    "members": Order("Popularity"),
    "episodes": Order("Episodes left", is_descending=False),
}
DEFAULT_ORDER = "recent"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFilters:
    """What of a list is asked for; nothing given is all of it, the last changed first.

    ``is_scored`` asks for titles with a score, or for those without one. ``order`` is a key of
    ORDERS; ``is_reversed`` turns it round.
    """

    search: str = ""
    status: Rating.Status | None = None
    type: str = ""
    genre: str = ""
    is_scored: bool | None = None
    order: str = DEFAULT_ORDER
    is_reversed: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether any title may be left out."""
        asked = (self.search, self.status, self.type, self.genre)
        return any(asked) or self.is_scored is not None


@dataclass(frozen=True, eq=False)
class OwnList:
    """The entries of a list that its owner is shown, by title id.

    ``rows`` are their rows in the arrays. ``n_hidden`` adult titles are left out, since the
    owner's settings hide them.
    """

    rater: Rater | None
    entries: Mapping[int, Entry]
    rows: Mapping[int, int]
    n_hidden: int
    arrays: TitleArrays
    show_adult: bool

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def counts(self) -> dict[Rating.Status, int]:
        """How many entries each status has, every one of them present."""
        counts = dict.fromkeys(Rating.Status, 0)
        for entry in self.entries.values():
            counts[Rating.Status(entry.status)] += 1
        return counts

    def found(self, filters: ListFilters) -> list[int]:
        """The ids of the titles that fit, in order; unknown values come last either way."""
        fits = [pk for pk in self._matching(filters) if self._fits(pk, filters)]
        if filters.order == "predicted":
            values: Mapping[int, Any] = predicted_scores(rater=self.rater, anime_ids=fits)
        else:
            value_of = _VALUES[filters.order]
            values = {pk: value_of(self, pk) for pk in fits}
        is_descending = ORDERS[filters.order].is_descending != filters.is_reversed
        known = sorted(pk for pk in fits if values.get(pk) is not None)
        known.sort(key=lambda pk: _title(self, pk))
        known.sort(key=values.__getitem__, reverse=is_descending)
        unknown = [pk for pk in fits if values.get(pk) is None]
        return known + sorted(unknown, key=lambda pk: (_title(self, pk), pk))

    def _matching(self, filters: ListFilters) -> list[int]:
        if not filters.search:
            return list(self.entries)
        rows = found_rows(filters.search, show_adult=self.show_adult, arrays=self.arrays)
        return [pk for pk in self.arrays.ids[rows].tolist() if pk in self.entries]

    def _fits(self, anime_id: int, filters: ListFilters) -> bool:
        entry, row = self.entries[anime_id], self.rows[anime_id]
        if filters.status is not None and entry.status != filters.status:
            return False
        if filters.is_scored is not None and (entry.score is not None) != filters.is_scored:
            return False
        if filters.type and self.arrays.types[row] != filters.type:
            return False
        return not filters.genre or bool(self._has_genre(row, filters.genre))

    def _has_genre(self, row: int, slug: str) -> bool:
        column = self._column_of_genre.get(slug)
        return column is not None and bool(self.arrays.has_genre[row, column])

    @cached_property
    def _column_of_genre(self) -> dict[str, int]:
        return {genre.slug: column for column, genre in enumerate(self.arrays.genres)}


def _changed(mine: OwnList, anime_id: int) -> datetime:
    return mine.entries[anime_id].updated_at


def _title(mine: OwnList, anime_id: int) -> str:
    row = mine.rows[anime_id]
    return mine.arrays.search_titles[row] or mine.arrays.titles[row]


def _score(mine: OwnList, anime_id: int) -> int | None:
    return mine.entries[anime_id].score


def _community(mine: OwnList, anime_id: int) -> float | None:
    score = float(mine.arrays.mean_score[mine.rows[anime_id]])
    return None if math.isnan(score) else score


def _members(mine: OwnList, anime_id: int) -> int:
    return int(mine.arrays.members[mine.rows[anime_id]])


def _episodes_left(mine: OwnList, anime_id: int) -> int | None:
    entry, episodes = mine.entries[anime_id], int(mine.arrays.episodes[mine.rows[anime_id]])
    if entry.status == Rating.Status.COMPLETED:
        return 0
    return None if episodes < 0 else max(episodes - (entry.episodes_watched or 0), 0)


_VALUES: dict[str, Callable[[OwnList, int], Any]] = {
    "recent": _changed,
    "title": _title,
    "score": _score,
    "community": _community,
    "members": _members,
    "episodes": _episodes_left,
}


def own_list(*, rater: Rater | None, show_adult: bool) -> OwnList:
    """Read a list; an empty one for nobody.

    Two queries: the catalogue's revision and the rows, whatever their number.
    """
    arrays = title_arrays()
    fields = ("anime_id", "status", "score", "episodes_watched", "updated_at")
    read = {pk: Entry(*entry) for pk, *entry in rater.ratings.values_list(*fields)} if rater else {}
    # Without titles that have come since the arrays were read.
    known = arrays.rows_of(read)
    shown = known if show_adult else known[~arrays.is_adult[known]]
    rows = dict(zip(arrays.ids[shown].tolist(), shown.tolist(), strict=True))
    return OwnList(
        rater=rater,
        entries={pk: read[pk] for pk in rows},
        rows=rows,
        n_hidden=len(known) - len(shown),
        arrays=arrays,
        show_adult=show_adult,
    )


def predicted_scores(*, rater: Rater | None, anime_ids: list[int]) -> dict[int, float]:
    """The scores that are expected of a rater, by title id, where anybody can say."""
    if rater is None:
        return {}
    answers: list[tuple[Any, Any]] = predictions_requested.send(
        sender=Rater, rater=rater, anime_ids=anime_ids
    )
    return {pk: score for _, scores in answers for pk, score in scores.items()}
