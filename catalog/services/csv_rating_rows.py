"""Parses and checks the rows of ``rating.csv``: ``user_id,anime_id,rating``.

A row is a line: a stray quotation mark spoils its own row only. Blocks of plain numbers, which is
nearly everything, are read by Arrow and checked as arrays. Whatever is not plain is read line by
line with ``parse_line``, the one definition of what is accepted and why a row is refused.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from catalog.models import MAX_SCORE, MIN_SCORE
from catalog.services.csv_files import MAX_LINE_BYTES, Block
from catalog.services.csv_rejects import Reason, Reject, RowProblem, printable, whole_number

COLUMNS = ("user_id", "anime_id", "rating")
NOT_SCORED: Final = -1
MAX_USER_ID = 2**63 - 1

Ints = npt.NDArray[np.int64]

# Other bytes can mean something else to Arrow than to us (blanks, signs, hexadecimal numbers).
_PLAIN_BYTES = b"0123456789,-\r\n"
_PLAIN_LINE = re.compile(rb"([0-9]{1,18}),([0-9]{1,18}),(-1|[1-9]|10)\r?")


@dataclass(frozen=True, slots=True)
class RatingRows:
    """Accepted rows as columns of one length; ``score`` is 0 where none was given."""

    line: Ints
    user_id: Ints
    anime_id: Ints
    score: Ints

    def __len__(self) -> int:
        return len(self.line)


class RatingParser:
    """Parses blocks of ratings of the titles that are known."""

    def __init__(self, title_ids: Iterable[int]) -> None:
        self._title_ids = np.unique(np.fromiter(title_ids, dtype=np.int64))
        self._title_set = frozenset(self._title_ids.tolist())

    def parse(self, block: Block) -> tuple[RatingRows, list[Reject]]:
        """The accepted rows in the order of the file, and the refused ones."""
        columns = _plain_columns(block.data)
        if columns is None:
            return self._parse_lines(block)
        user_id, anime_id, score = columns
        good = (
            (user_id > 0)
            & self._is_known(anime_id)
            & ((score == NOT_SCORED) | ((score >= MIN_SCORE) & (score <= MAX_SCORE)))
        )
        line = np.arange(block.first_line, block.first_line + len(score), dtype=np.int64)
        rejects = []
        if not good.all():
            lines = block.lines()
            rejects = [self._reject(int(line[i]), lines[i]) for i in np.flatnonzero(~good)]
            line, user_id, anime_id, score = (c[good] for c in (line, user_id, anime_id, score))
        return RatingRows(line, user_id, anime_id, np.maximum(score, 0)), rejects

    def _is_known(self, anime_id: Ints) -> npt.NDArray[np.bool_]:
        ids = self._title_ids
        if not len(ids):
            return np.zeros(len(anime_id), dtype=np.bool_)
        nearest = ids[np.minimum(np.searchsorted(ids, anime_id), len(ids) - 1)]
        known: npt.NDArray[np.bool_] = nearest == anime_id
        return known

    def _parse_lines(self, block: Block) -> tuple[RatingRows, list[Reject]]:
        rows: list[tuple[int, int, int, int]] = []
        rejects: list[Reject] = []
        for line, raw in enumerate(block.lines(), block.first_line):
            plain = _PLAIN_LINE.fullmatch(raw)
            if plain:
                user_id, anime_id, score = map(int, plain.groups())
                if user_id and anime_id in self._title_set:
                    rows.append((line, user_id, anime_id, max(score, 0)))
                    continue
            if not raw.strip():
                continue  # a blank line is no row
            try:
                rows.append((line, *self.parse_line(raw)))
            except RowProblem as problem:
                rejects.append(Reject(line, problem.reason, _shown(raw)))
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        return RatingRows(table[:, 0], table[:, 1], table[:, 2], table[:, 3]), rejects

    def _reject(self, line: int, raw: bytes) -> Reject:
        try:
            self.parse_line(raw)
        except RowProblem as problem:
            return Reject(line, problem.reason, _shown(raw))
        raise AssertionError(f"line {line} is refused as an array and accepted as a line: {raw!r}")

    def parse_line(self, raw: bytes) -> tuple[int, int, int]:
        """(user_id, anime_id, score or 0) of one line that is not blank; RowProblem."""
        fields = _fields(raw)
        user_id = whole_number(fields[0])
        if user_id is None or not 0 < user_id <= MAX_USER_ID:
            raise RowProblem(Reason.USER_ID)
        anime_id = whole_number(fields[1])
        if anime_id is None or anime_id <= 0:
            raise RowProblem(Reason.ANIME_ID)
        if not fields[2].strip():
            raise RowProblem(Reason.SCORE_MISSING)
        score = whole_number(fields[2])
        if score is None:
            raise RowProblem(Reason.SCORE_TEXT)
        if score != NOT_SCORED and not MIN_SCORE <= score <= MAX_SCORE:
            raise RowProblem(Reason.SCORE_RANGE)
        if anime_id not in self._title_set:
            raise RowProblem(Reason.UNKNOWN_TITLE)
        return user_id, anime_id, max(score, 0)


def _fields(raw: bytes) -> list[str]:
    if len(raw) > MAX_LINE_BYTES:
        raise RowProblem(Reason.TOO_LONG)
    if b"\0" in raw:
        raise RowProblem(Reason.NUL_BYTE)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise RowProblem(Reason.NOT_UTF8) from error
    try:
        (fields,) = csv.reader([text.rstrip("\r")], strict=True)
    except (csv.Error, ValueError) as error:
        raise RowProblem(Reason.MALFORMED) from error
    if len(fields) < len(COLUMNS):
        raise RowProblem(Reason.MISSING_COLUMN)
    if len(fields) > len(COLUMNS):
        raise RowProblem(Reason.EXTRA_COLUMN)
    return fields


def _shown(raw: bytes) -> str:
    return printable(raw[:200] if len(raw) > MAX_LINE_BYTES else raw)


def _plain_columns(data: bytes) -> tuple[Ints, Ints, Ints] | None:
    """The three columns when every line is three plain whole numbers, else None."""
    if data.translate(None, _PLAIN_BYTES):
        return None
    try:
        table = pa_csv.read_csv(
            io.BytesIO(data),
            read_options=pa_csv.ReadOptions(
                column_names=COLUMNS, use_threads=False, block_size=len(data) + 1
            ),
            parse_options=pa_csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(COLUMNS, pa.int64()), null_values=[]
            ),
        )
    except pa.ArrowInvalid:
        return None
    # A lone carriage return ends a line for Arrow, but not for us.
    n_lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if table.num_rows != n_lines or any(column.null_count for column in table.columns):
        return None
    user_id, anime_id, score = (column.to_numpy() for column in table.columns)
    return user_id, anime_id, score
