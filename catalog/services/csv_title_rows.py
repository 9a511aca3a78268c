"""Parses and checks the rows of ``anime.csv``.

A title may hold commas, quotation marks and line breaks inside quotes, so a row can span several
lines. One unclosed quotation mark must not swallow the rest of the file: when what was put
together is no row, its first line is refused and the lines behind it are read afresh.
"""

import csv
import html
import math
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from catalog.models import Anime
from catalog.services.csv_files import MAX_LINE_BYTES, Block
from catalog.services.csv_rejects import Reason, Reject, RowProblem, printable, whole_number

COLUMNS = ("anime_id", "name", "genre", "type", "episodes", "rating", "members")
MAX_ROW_LINES = 10
MAX_INTEGER = 2**31 - 1  # of a PositiveIntegerField
MAX_TITLE = 255  # Anime.title
MAX_GENRE = 50  # Genre.name

_MISSING = frozenset({"", "unknown", "nan"})
_LINE_BREAK = re.compile(r"\s*[\r\n]+\s*")
_UNCLOSED = "unexpected end of data"  # how the csv module calls a quote without its end

Line = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class TitleRow:
    """One checked row: the title unescaped, what is missing as None, genres without doubles."""

    line: int
    text: str
    anime_id: int
    title: str
    genres: tuple[str, ...]
    type: str | None
    episodes: int | None
    mean_score: float | None
    members: int


def parse_titles(blocks: Iterable[Block]) -> Iterator[TitleRow | Reject]:
    """The rows of the blocks, each accepted or refused, in the order of the file."""
    source = chain.from_iterable(enumerate(block.lines(), block.first_line) for block in blocks)
    again: deque[Line] = deque()

    def next_line() -> Line | None:
        return again.popleft() if again else next(source, None)

    while (line := next_line()) is not None:
        if not line[1].strip():
            continue  # a blank line is no row
        row = [line]
        try:
            fields = _fields(row)
            while fields is None and len(row) < MAX_ROW_LINES and (more := next_line()):
                row.append(more)
                fields = _fields(row)
            _check_shape(fields)
        except RowProblem as problem:
            again.extendleft(reversed(row[1:]))
            yield Reject(line[0], problem.reason, _shown(line[1]))
            continue
        text = printable(b"\n".join(raw for _, raw in row))
        try:
            yield _title_row(line[0], text, fields or [])
        except RowProblem as problem:
            yield Reject(line[0], problem.reason, text)


def _fields(row: list[Line]) -> list[str] | None:
    """The fields of the lines taken together; None while a quotation mark is open."""
    raw = b"\n".join(line for _, line in row)
    if len(raw) > MAX_LINE_BYTES:
        raise RowProblem(Reason.TOO_LONG)
    if b"\0" in raw:
        raise RowProblem(Reason.NUL_BYTE)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise RowProblem(Reason.NOT_UTF8) from error
    try:
        records = list(csv.reader(text.rstrip("\r").splitlines(keepends=True), strict=True))
    except csv.Error as error:
        if _UNCLOSED in str(error):
            return None
        raise RowProblem(Reason.MALFORMED) from error
    return records[0] if len(records) == 1 else []


def _check_shape(fields: list[str] | None) -> None:
    if fields is None:
        raise RowProblem(Reason.MALFORMED)
    if len(fields) < len(COLUMNS):
        raise RowProblem(Reason.MISSING_COLUMN)
    if len(fields) > len(COLUMNS):
        raise RowProblem(Reason.EXTRA_COLUMN)


def _title_row(line: int, text: str, fields: list[str]) -> TitleRow:
    anime_id = whole_number(fields[0])
    if anime_id is None or not 0 < anime_id <= MAX_INTEGER:
        raise RowProblem(Reason.ANIME_ID)
    title = _LINE_BREAK.sub(" ", html.unescape(fields[1])).strip()
    if not title:
        raise RowProblem(Reason.TITLE_MISSING)
    if len(title) > MAX_TITLE:
        raise RowProblem(Reason.TITLE_LENGTH)
    return TitleRow(
        line=line,
        text=text,
        anime_id=anime_id,
        title=title,
        genres=_genres(fields[2]),
        type=_type(fields[3]),
        # MyAnimeList writes 0 where the number is not known yet.
        episodes=_count(fields[4], Reason.EPISODES) or None,
        mean_score=_mean_score(fields[5]),
        members=_count(fields[6], Reason.MEMBERS) or 0,
    )


def _genres(text: str) -> tuple[str, ...]:
    if _is_missing(text):
        return ()
    names = [html.unescape(name).strip() for name in text.split(",")]
    if any(len(name) > MAX_GENRE for name in names):
        raise RowProblem(Reason.GENRE_LENGTH)
    return tuple(dict.fromkeys(name for name in names if name))


def _type(text: str) -> str | None:
    if _is_missing(text):
        return None
    if text.strip() not in Anime.Type.values:
        raise RowProblem(Reason.TYPE)
    return text.strip()


def _count(text: str, reason: Reason) -> int | None:
    if _is_missing(text):
        return None
    number = whole_number(text)
    if number is None or not 0 <= number <= MAX_INTEGER:
        raise RowProblem(reason)
    return number


def _mean_score(text: str) -> float | None:
    if _is_missing(text):
        return None
    try:
        score = float(text)
    except ValueError as error:
        raise RowProblem(Reason.MEAN_SCORE) from error
    if not (math.isfinite(score) and 0 <= score <= 10):
        raise RowProblem(Reason.MEAN_SCORE)
    return score


def _is_missing(text: str) -> bool:
    return text.strip().lower() in _MISSING


def _shown(raw: bytes) -> str:
    return printable(raw[:200] if len(raw) > MAX_LINE_BYTES else raw)
