"""A title as a file says it: which rows can be used, and why another cannot.

Every reader (MyAnimeList's XML, our own JSON) hands its rows through here, so that the same rules
hold for each of them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from catalog.models import MAX_SCORE
from catalog.services.mal_elements import STATUS_NAMES, Status

MAX_ID = 2_147_483_647
MAX_EPISODES = 99_999
# More than MyAnimeList has titles: a file with more is no list of one person.
MAX_TITLES = 50_000
MAX_ROW_CHARACTERS = 1_000_000
SAMPLES_A_REASON = 20
SAMPLE_CHARACTERS = 160

_WHOLE_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_NOT_A_LETTER = re.compile(r"[^a-z]+")


class Reason(StrEnum):
    """Why a row of a file is left out; the value is what people read."""

    MALFORMED = "the row is damaged"
    TOO_LONG = "the row is longer than a million characters"
    REPEATED_ELEMENT = "an element is there twice"
    ID = "the id is not a MyAnimeList id"
    STATUS_MISSING = "the status is missing"
    STATUS = "the status is not one of MyAnimeList's"
    SCORE = "the score is not a whole number from 0 to 10"
    EPISODES = "the watched episodes are not a whole number"
    REPEATED = "the title is there again further down (the last row counts)"


class RowProblem(Exception):
    """Raised while a row is checked, and caught where its place in the file is known."""

    def __init__(self, reason: Reason, said: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said


@dataclass(frozen=True, slots=True)
class FileTitle:
    """A row that can be used. None is what the file does not say; a score of 0 is "not scored"."""

    line: int
    anime_id: int
    status: Status
    score: int | None
    episodes: int | None
    # Every element of the row as it stands in the file.
    elements: dict[str, str]

    @property
    def name(self) -> str:
        """The title as the file has it, for people."""
        return self.elements.get("series_title", "").strip() or f"Title {self.anime_id}"


@dataclass(slots=True)
class ListFile:
    """What a file holds: the titles by id, and what could not be used."""

    info: dict[str, str] = field(default_factory=dict)
    titles: dict[int, FileTitle] = field(default_factory=dict)
    dismissed: list[int] = field(default_factory=list)
    rows_read: int = 0
    # {reason: number of rows} and {reason: [[line, text], ...]} of the first ones.
    rejects: dict[str, int] = field(default_factory=dict)
    reject_samples: dict[str, list[list[Any]]] = field(default_factory=dict)
    # The line at which a file ends that ends too early.
    cut_at: int | None = None
    # What the numbers of the rejects count.
    place: str = "Line"

    def add(self, line: int, elements: dict[str, str]) -> None:
        """Take a row in, or note why it is left out."""
        self.rows_read += 1
        try:
            title = file_title(line, elements)
        except RowProblem as problem:
            self._reject(problem, line, elements)
            return
        if earlier := self.titles.pop(title.anime_id, None):
            self._reject(RowProblem(Reason.REPEATED), earlier.line, earlier.elements)
        self.titles[title.anime_id] = title

    def reject(self, problem: RowProblem, line: int, elements: Mapping[str, str]) -> None:
        """Note a row that cannot even be read."""
        self.rows_read += 1
        self._reject(problem, line, elements)

    def _reject(self, problem: RowProblem, line: int, elements: Mapping[str, str]) -> None:
        reason = problem.reason.value
        self.rejects[reason] = self.rejects.get(reason, 0) + 1
        samples = self.reject_samples.setdefault(reason, [])
        if len(samples) < SAMPLES_A_REASON:
            samples.append([line, _sample(problem, elements)])

    @property
    def rows_rejected(self) -> int:
        """How many rows are left out."""
        return sum(self.rejects.values())


def file_title(line: int, elements: dict[str, str]) -> FileTitle:
    """The row with these elements; RowProblem when it cannot be used."""
    return FileTitle(
        line=line,
        anime_id=_number(elements, "series_animedb_id", Reason.ID, 1, MAX_ID) or _no_id(),
        status=_status(elements.get("my_status", "")),
        score=_number(elements, "my_score", Reason.SCORE, 0, MAX_SCORE),
        episodes=_number(elements, "my_watched_episodes", Reason.EPISODES, 0, MAX_EPISODES),
        elements=elements,
    )


def dump(read: ListFile) -> bytes:
    """The usable rows as the bytes in which they wait for their owner's decision."""
    rows = [[title.line, title.elements] for title in read.titles.values()]
    kept = {"info": read.info, "titles": rows, "dismissed": read.dismissed}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def load(content: bytes) -> ListFile:
    """What :func:`dump` has written."""
    kept = json.loads(content)
    rows: Iterable[tuple[int, dict[str, str]]] = kept["titles"]
    titles = (file_title(line, elements) for line, elements in rows)
    return ListFile(
        info=kept["info"],
        titles={title.anime_id: title for title in titles},
        dismissed=kept["dismissed"],
    )


def _number(
    elements: Mapping[str, str], name: str, reason: Reason, least: int, most: int
) -> int | None:
    """The whole number of an element; None when it is absent or empty."""
    text = elements.get(name, "").strip()
    if not text:
        return None
    if not _WHOLE_NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise RowProblem(reason, text)
    return int(text)


def _no_id() -> int:
    raise RowProblem(Reason.ID)


def _status(text: str) -> Status:
    """The status by its name, however it is spelt, or by its number."""
    if not text.strip():
        raise RowProblem(Reason.STATUS_MISSING)
    status = _STATUSES.get(_plain(text))
    if status is None:
        raise RowProblem(Reason.STATUS, text)
    return status


def _plain(text: str) -> str:
    text = text.strip()
    return text if text.isdecimal() else _NOT_A_LETTER.sub("", text.lower())


_STATUSES = {
    **{str(status.value): status for status in Status},
    **{_plain(name): status for status, name in STATUS_NAMES.items()},
}


def _sample(problem: RowProblem, elements: Mapping[str, str]) -> str:
    """A row that is left out, in a few words: its title, its id, and what was wrong."""
    name = elements.get("series_title", "").strip()
    number = elements.get("series_animedb_id", "").strip()
    which = f"{name} (id {number})" if name and number else name or (f"id {number}" * bool(number))
    said = problem.said.strip()
    if said and problem.reason is not Reason.MALFORMED:
        said = f"“{said}”"
    parts = [part[:SAMPLE_CHARACTERS] for part in (which or "no title, no id", said) if part]
    return ": ".join(parts)
