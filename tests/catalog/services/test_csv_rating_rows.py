"""Rows of rating.csv: what is accepted, and why a row is refused."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.services.csv_files import Block
from catalog.services.csv_rating_rows import RatingParser
from catalog.services.csv_rejects import Reason, Reject
from tests.catalog.services.reference_parser import reference_row

KNOWN = {1, 20, 2**31 - 1}
PARSER = RatingParser(KNOWN)


def parse(data: bytes) -> tuple[list[tuple[int, int, int, int]], list[Reject]]:
    """((line, user_id, anime_id, score) of the accepted rows, the refused ones)."""
    rows, rejects = PARSER.parse(Block(2, data))
    columns = (rows.line, rows.user_id, rows.anime_id, rows.score)
    return list(zip(*(column.tolist() for column in columns), strict=True)), rejects


def test_plain_rows() -> None:
    rows, rejects = parse(b"1,20,10\n1,1,-1\r\n2,20,1\n")
    assert rows == [(2, 1, 20, 10), (3, 1, 1, 0), (4, 2, 20, 1)]
    assert rejects == []


def test_quotes_blanks_and_blank_lines() -> None:
    rows, rejects = parse(b'"1","20","10"\n\n 2 , 20,\t9 \r\n   \n+3,20,+8')
    assert rows == [(2, 1, 20, 10), (4, 2, 20, 9), (6, 3, 20, 8)]
    assert rejects == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"1,20,11", Reason.SCORE_RANGE),
        (b"1,20,0", Reason.SCORE_RANGE),
        (b"1,20,-2", Reason.SCORE_RANGE),
        (b"1,20,eight", Reason.SCORE_TEXT),
        (b"1,20,8.5", Reason.SCORE_TEXT),
        (b"1,20,0x8", Reason.SCORE_TEXT),
        (b"1,20,", Reason.SCORE_MISSING),
        (b"1,20", Reason.MISSING_COLUMN),
        (b"1", Reason.MISSING_COLUMN),
        (b"1,20,8,2", Reason.EXTRA_COLUMN),
        (b"0,20,8", Reason.USER_ID),
        (b"-1,20,8", Reason.USER_ID),
        (b"me,20,8", Reason.USER_ID),
        (b",20,8", Reason.USER_ID),
        (b"9223372036854775808,20,8", Reason.USER_ID),
        (b"1,x,8", Reason.ANIME_ID),
        (b"1,-20,8", Reason.ANIME_ID),
        (b"1,21,8", Reason.UNKNOWN_TITLE),
        (b"1,99999999999999999,8", Reason.UNKNOWN_TITLE),
        (b"1,2\x000,8", Reason.NUL_BYTE),
        (b"1,20,\xff", Reason.NOT_UTF8),
        (b'"1,20,8', Reason.MALFORMED),
        (b"1,2\r0,8", Reason.MALFORMED),
        ("1,20,٨".encode(), Reason.SCORE_TEXT),
        (b"1,20," + b"8" * 70_000, Reason.TOO_LONG),
    ],
)
def test_bad_row_is_refused_and_its_neighbours_are_not(row: bytes, reason: Reason) -> None:
    rows, rejects = parse(b"1,1,5\n" + row + b"\n2,1,6\n")
    assert rows == [(2, 1, 1, 5), (4, 2, 1, 6)]
    assert [(reject.line, reject.reason) for reject in rejects] == [(3, reason)]


def test_refused_text_is_shown_as_it_stands() -> None:
    _, rejects = parse(b"1,20,11\r\n1,\0,7\n1,20,\xff\n")
    assert [reject.text for reject in rejects] == ["1,20,11", "1,\\x00,7", "1,20,\\xff"]


def test_largest_numbers() -> None:
    rows, _ = parse(b"9223372036854775807,2147483647,10\n")
    assert rows == [(2, 2**63 - 1, 2**31 - 1, 10)]


def test_no_title_is_known() -> None:
    rows, rejects = RatingParser([]).parse(Block(2, b"1,20,8\n"))
    assert len(rows) == 0
    assert [reject.reason for reject in rejects] == [Reason.UNKNOWN_TITLE]


FIELDS = st.one_of(
    st.sampled_from(
        ["1", "20", "-1", "10", "11", "0", "", " 7", '"5"', "007", "x", "1\r", "-", "é"]
    ),
    st.integers(-3, 2**64).map(str),
    st.text(alphabet='019,-+"\r \x00e\u0661', max_size=4),
)
LINES = st.one_of(
    st.tuples(st.integers(1, 9), st.sampled_from([1, 20]), st.integers(1, 10)).map(
        lambda row: ",".join(map(str, row)).encode()
    ),
    st.lists(FIELDS, min_size=1, max_size=4).map(lambda fields: ",".join(fields).encode()),
    st.binary(max_size=8).map(lambda raw: raw.replace(b"\n", b"")),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=6), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
@example([b"1,1,8", b"1,20,8\r2,20,8"], b"\n", True)
@example([b"1,1,8", b""], b"\n", True)
def test_agrees_with_the_plain_parser(lines: list[bytes], end: bytes, ended: bool) -> None:
    data = end.join(lines) + (end if ended else b"")
    if not data:
        return
    expected_rows, expected_rejects = [], []
    for line, raw in enumerate(data.split(b"\n"), 2):
        if not raw.strip():
            continue
        result = reference_row(raw, KNOWN)
        if isinstance(result, Reason):
            expected_rejects.append((line, result))
        else:
            (user_id, anime_id), score = result
            expected_rows.append((line, user_id, anime_id, score or 0))
    rows, rejects = parse(data)
    assert rows == expected_rows
    assert [(reject.line, reject.reason) for reject in rejects] == expected_rejects


def test_columns_have_one_length_and_type() -> None:
    rows, _ = PARSER.parse(Block(2, b"bad\n"))
    assert len(rows) == 0
    assert {column.dtype for column in (rows.line, rows.user_id, rows.anime_id, rows.score)} == {
        np.dtype(np.int64)
    }
