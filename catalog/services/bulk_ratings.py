"""Changing many entries of one list at once: a transaction, a count of the revision, a way back."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db import transaction
from django.utils import timezone

from catalog.models import Anime, Rater, Rating
from catalog.services.ratings import (
    UNSET,
    InvalidRating,
    Unset,
    apply_change,
    check,
    check_plan,
    write_many,
)

# From so many titles on, the whole list is read: SQLite limits the parameters of a query.
_MANY = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list says of one title."""

    status: int
    score: int | None
    episodes_watched: int | None
    updated_at: datetime

    @classmethod
    def of(cls, rating: Rating) -> Self:
        """What a row says."""
        return cls(rating.status, rating.score, rating.episodes_watched, rating.updated_at)


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What becomes of one entry; what is UNSET keeps its value."""

    score: int | None | Unset = UNSET
    status: Rating.Status | Unset = UNSET
    episodes_watched: int | None | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Change:
    """A change of many entries that has been made.

    Attributes:
        at: when; entries that were changed and not removed have it as their ``updated_at``.
        before: the entries as they were, by title id.
        is_removal: whether they are off the list since.
    """

    at: datetime
    before: Mapping[int, Entry]
    is_removal: bool = False


@dataclass(frozen=True, slots=True)
class EntriesPut:
    """What became of entries that were put on a list, as numbers of titles."""

    created: int
    changed: int
    unchanged: int


class InvalidEntries(ValueError):
    """Entries that cannot be put on a list; ``errors`` says why, by title id."""

    def __init__(self, errors: Mapping[int, InvalidRating]) -> None:
        super().__init__(f"{len(errors)} entries cannot be put on the list.")
        self.errors = errors


def put_entries(
    *, rater: Rater, changes: Mapping[int, EntryChange], show_adult: bool
) -> EntriesPut:
    """Put entries on a list, or change those that are there, by title id.

    The rules are those of :func:`catalog.services.ratings.rate`, but nothing is written for an
    entry that stays the same. All of it happens or nothing. Raises InvalidEntries, which names
    every entry that cannot be; a title that the reader is not shown counts as unknown.
    """
    with transaction.atomic():
        rows = _locked_rows(rater, changes.keys())
        titles = _titles(rows, changes.keys() - rows.keys(), show_adult=show_adult)
        errors: dict[int, InvalidRating] = {}
        after: dict[int, Entry] = {}
        at = timezone.now()
        for anime_id, change in changes.items():
            try:
                row = _put(rows.get(anime_id), rater, titles.get(anime_id), anime_id, change)
            except InvalidRating as error:
                errors[anime_id] = error
                continue
            if row is not None:
                row.updated_at = at
                after[anime_id] = Entry.of(row)
        if errors:
            raise InvalidEntries(errors)
        _write(rater, after)
    created = len(after.keys() - rows.keys())
    return EntriesPut(created, len(after) - created, len(changes) - len(after))


def change_entries(*, rater: Rater, changes: Mapping[int, EntryChange]) -> Change:
    """Change entries of a list by title id; titles that are not on the list are passed over.

    The rules are those of :func:`catalog.services.ratings.rate`. In addition the last episode
    makes a title *completed* that was being watched, and the first one a planned title *watching*,
    unless the change names a status itself. Nothing is written for an entry that stays the same.
    All of it happens or nothing. Raises InvalidRating.
    """
    with transaction.atomic():
        rows = _locked_rows(rater, changes.keys())
        before: dict[int, Entry] = {}
        after: dict[int, Entry] = {}
        at = timezone.now()
        for anime_id, row in rows.items():
            was = Entry.of(row)
            _apply(row, changes[anime_id])
            if Entry.of(row) != was:
                row.updated_at = at
                before[anime_id], after[anime_id] = was, Entry.of(row)
        _write(rater, after)
    return Change(at, before)


def remove_entries(*, rater: Rater, anime_ids: Set[int]) -> Change:
    """Take titles off a list; those that are not on it are passed over."""
    with transaction.atomic():
        before = {pk: Entry.of(row) for pk, row in _locked_rows(rater, anime_ids).items()}
        if before:
            write_many(rater=rater, rows=[], removed=before.keys())
    return Change(timezone.now(), before, is_removal=True)


def undo_change(*, rater: Rater, change: Change) -> int:
    """Put entries back as they were before a change; how many.

    An entry that has been changed again since, or put on the list again, stays as it is.
    """
    with transaction.atomic():
        now = _locked_rows(rater, change.before.keys())
        if change.is_removal:
            # A title may have left the catalogue since.
            there = set(Anime.objects.values_list("pk", flat=True))
            untouched = (change.before.keys() & there) - now.keys()
        else:
            untouched = {pk for pk, row in now.items() if row.updated_at == change.at}
        _write(rater, {pk: change.before[pk] for pk in sorted(untouched)})
    return len(untouched)


def _write(rater: Rater, entries: Mapping[int, Entry]) -> None:
    """Make the entries of a list these, by title id."""
    if entries:
        rows = [
            Rating(
                rater=rater,
                anime_id=anime_id,
                status=entry.status,
                score=entry.score,
                episodes_watched=entry.episodes_watched,
                updated_at=entry.updated_at,
            )
            for anime_id, entry in entries.items()
        ]
        write_many(rater=rater, rows=rows)


def _locked_rows(rater: Rater, anime_ids: Set[int]) -> dict[int, Rating]:
    """The rater's rows of these titles, in the order of the ids; other bulk writers wait for us."""
    Rater.objects.select_for_update().get(pk=rater.pk)
    rows = rater.ratings.select_related("anime").order_by("anime_id")
    if len(anime_ids) <= _MANY:
        rows = rows.filter(anime_id__in=anime_ids)
    return {row.anime_id: row for row in rows if row.anime_id in anime_ids}


def _titles(
    rows: Mapping[int, Rating], unlisted: Set[int], *, show_adult: bool
) -> dict[int, Anime]:
    """The titles of the rows, and those with the ids ``unlisted``, that the reader is shown."""
    found = {pk: row.anime for pk, row in rows.items() if show_adult or not row.anime.is_adult}
    ids = sorted(unlisted)
    for start in range(0, len(ids), _MANY):
        shown = Anime.objects.visible(show_adult=show_adult)
        found |= shown.in_bulk(ids[start : start + _MANY])
    return found


def _put(
    row: Rating | None, rater: Rater, anime: Anime | None, anime_id: int, change: EntryChange
) -> Rating | None:
    """The entry as it is to be, not saved; None where it stays the same. Raises InvalidRating."""
    if anime is None:
        raise InvalidRating(f"There is no title {anime_id}.", field="anime_id")
    check(anime=anime, score=change.score, episodes_watched=change.episodes_watched)
    check_plan(score=change.score, status=change.status)
    was = Entry.of(row) if row is not None else None
    row = row if row is not None else Rating(rater=rater, anime=anime)
    apply_change(
        row,
        score=change.score,
        status=change.status,
        episodes_watched=change.episodes_watched,
    )
    return None if Entry.of(row) == was else row


def _apply(row: Rating, change: EntryChange) -> None:
    episodes = change.episodes_watched
    check(anime=row.anime, score=change.score, episodes_watched=episodes)
    apply_change(row, score=change.score, status=change.status, episodes_watched=episodes)
    if isinstance(change.status, Unset) and isinstance(episodes, int) and episodes:
        if row.status == Rating.Status.PLAN_TO_WATCH:
            row.status = Rating.Status.WATCHING
        if row.status == Rating.Status.WATCHING and episodes == row.anime.episodes:
            row.status = Rating.Status.COMPLETED
