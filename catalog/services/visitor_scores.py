"""What a visitor has scored and skipped before there is an account: kept in the session.

A session is read as a whole and written as a whole, so two requests at once could undo each other.
What is written here goes into the session's row under its lock, and nothing else of the row is
touched. A visitor without a session gets one with the first score.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from catalog.models import MAX_SCORE, MIN_SCORE, Anime
from catalog.services.ratings import InvalidRating
from catalog.sessions import change_at_once

SESSION_KEY = "visitor_scores"
# Scored and skipped titles together: about 25 kB, which every page of the visitor reads.
MAX_TITLES = 500

# {title id: [score, or None where it was skipped, ISO time]}, as JSON has it.
_Entries = dict[str, list[Any]]


class TooManyScores(InvalidRating):
    """The session holds no more; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            f"Without an account we keep {MAX_TITLES} scores. Create one to go on: all of them "
            "will be on your list.",
            field="score",
        )


@dataclass(frozen=True, slots=True)
class VisitorScore:
    """A score from 1 to 10, or None where the title was skipped, and when that was."""

    score: int | None
    at: datetime


def read(session: SessionBase) -> dict[int, VisitorScore]:
    """Everything that the session holds, the oldest first; what is no score is left out."""
    found = {}
    for key, value in _entries(session.get(SESSION_KEY)).items():
        if (entry := _parsed(value)) is not None and key.isascii() and key.isdigit():
            found[int(key)] = entry
    return dict(sorted(found.items(), key=lambda item: (item[1].at, item[0])))


def scores_of(session: SessionBase) -> dict[int, int]:
    """The scores by title id, the oldest first."""
    return {key: entry.score for key, entry in read(session).items() if entry.score is not None}


def skipped_in(session: SessionBase) -> list[int]:
    """Ids of the titles that were skipped, the oldest first. A member's are kept here as well."""
    return [key for key, entry in read(session).items() if entry.score is None]


def set_score(*, session: SessionBase, anime: Anime, score: int) -> None:
    """Keep a score; a title that was skipped or scored before has this one now.

    Raises InvalidRating, or TooManyScores when there is no room left.
    """
    if not MIN_SCORE <= score <= MAX_SCORE:
        raise InvalidRating(
            f"A score is a whole number from {MIN_SCORE} to {MAX_SCORE}.", field="score"
        )

    def put(entries: _Entries) -> None:
        entries.pop(str(anime.pk), None)
        _make_room(entries)
        if len(entries) >= MAX_TITLES:
            raise TooManyScores
        entries[str(anime.pk)] = [score, _now()]

    _change(session, put)


def skip(*, session: SessionBase, anime_ids: Iterable[int]) -> None:
    """Note that titles are unknown, so that they are not asked about again.

    Scores that they had are gone. Where there is no room the oldest skipped titles are forgotten;
    with nothing but scores these are not kept.
    """

    def put(entries: _Entries) -> None:
        for key in map(str, anime_ids):
            entries.pop(key, None)
            _make_room(entries)
            if len(entries) < MAX_TITLES:
                entries[key] = [None, _now()]

    _change(session, put)


def remove(*, session: SessionBase, anime: Anime) -> None:
    """Forget that the title was scored or skipped; harmless when it was not."""
    _change(session, lambda entries: entries.pop(str(anime.pk), None))


def forget(*, session: SessionBase, entries: Mapping[int, VisitorScore]) -> None:
    """Take out what has been read; an entry that has been changed since then stays."""

    def take_out(stored: _Entries) -> None:
        for anime_id, entry in entries.items():
            if _parsed(stored.get(str(anime_id))) == entry:
                del stored[str(anime_id)]

    _change(session, take_out)


def _make_room(entries: _Entries) -> None:
    skipped = [key for key, value in entries.items() if value[0] is None]
    for key in skipped[: max(0, len(entries) - MAX_TITLES + 1)]:
        del entries[key]


def _change(session: SessionBase, change: Callable[[_Entries], Any]) -> None:
    """Apply a change to the session's entries as they are in the database now."""

    def changed(stored: object) -> _Entries:
        entries = _entries(stored)
        change(entries)
        return entries

    change_at_once(session, SESSION_KEY, changed)


def _entries(stored: object) -> _Entries:
    """What is stored as entries, each a list that begins with a score or None."""
    if not isinstance(stored, dict):
        return {}
    return {key: value for key, value in stored.items() if _parsed(value) is not None}


def _parsed(value: object) -> VisitorScore | None:
    if not isinstance(value, list | tuple) or len(value) != 2 or not isinstance(value[1], str):
        return None
    score, text = value
    if score is not None and (type(score) is not int or not MIN_SCORE <= score <= MAX_SCORE):
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return VisitorScore(score, at) if at is not None and timezone.is_aware(at) else None


def _now() -> str:
    return timezone.now().isoformat()
