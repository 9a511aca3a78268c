"""Rows of anime.csv: fields, missing fields, quotes that span lines, and what is refused."""

import pytest

from catalog.services.csv_files import Block
from catalog.services.csv_rejects import Reason, Reject
from catalog.services.csv_title_rows import TitleRow, parse_titles

ROW = '1,Cowboy Bebop,"Action, Sci-Fi",TV,26,8.82,486824'


def parse(data: str | bytes) -> list[TitleRow | Reject]:
    raw = data.encode() if isinstance(data, str) else data
    return list(parse_titles([Block(2, raw)]))


def parse_one(data: str) -> TitleRow:
    (row,) = parse(data)
    assert isinstance(row, TitleRow), row
    return row


def test_complete_row() -> None:
    assert parse_one(ROW) == TitleRow(
        line=2,
        text=ROW,
        anime_id=1,
        title="Cowboy Bebop",
        genres=("Action", "Sci-Fi"),
        type="TV",
        episodes=26,
        mean_score=8.82,
        members=486824,
    )


def test_missing_fields() -> None:
    row = parse_one("7,Nameless,,,Unknown,,")
    assert (row.genres, row.type, row.episodes, row.mean_score, row.members) == (
        (),
        None,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Gintama&#039;", "Gintama'"),
        ("Spice &amp; Wolf", "Spice & Wolf"),
        ('"One, Two"', "One, Two"),
        ('"Say ""Hi"""', 'Say "Hi"'),
        ('It is 7" long', 'It is 7" long'),
        ('"Two\r\nLines"', "Two Lines"),
        ("  spaced ", "spaced"),
        ("Aꞌ Ō", "Aꞌ Ō"),
        ("日本", "日本"),
        ("x" * 255, "x" * 255),
    ],
)
def test_title(name: str, title: str) -> None:
    assert parse_one(f"7,{name},,TV,1,5,9\r\n").title == title


def test_doubled_genres_count_once() -> None:
    assert parse_one('7,A,"Drama, Drama,, Sci-Fi ",TV,1,5,9').genres == ("Drama", "Sci-Fi")


def test_lines_of_a_row_that_spans_several() -> None:
    rows = parse(f'7,"A\nB",,TV,1,5,9\n{ROW}\n')
    assert [(row.line, type(row)) for row in rows] == [(2, TitleRow), (4, TitleRow)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,A,,TV,1,5,9", Reason.ANIME_ID),
        ("0,A,,TV,1,5,9", Reason.ANIME_ID),
        ("2147483648,A,,TV,1,5,9", Reason.ANIME_ID),
        ("7, ,,TV,1,5,9", Reason.TITLE_MISSING),
        (f"7,{'x' * 256},,TV,1,5,9", Reason.TITLE_LENGTH),
        (f"7,A,{'x' * 51},TV,1,5,9", Reason.GENRE_LENGTH),
        ("7,A,,Series,1,5,9", Reason.TYPE),
        ("7,A,,TV,many,5,9", Reason.EPISODES),
        ("7,A,,TV,-1,5,9", Reason.EPISODES),
        ("7,A,,TV,1,11,9", Reason.MEAN_SCORE),
        ("7,A,,TV,1,inf,9", Reason.MEAN_SCORE),
        ("7,A,,TV,1,good,9", Reason.MEAN_SCORE),
        ("7,A,,TV,1,5,few", Reason.MEMBERS),
        ("7,A,,TV,1,5", Reason.MISSING_COLUMN),
        ("7,A,B,C,TV,1,5,9", Reason.EXTRA_COLUMN),
        ('7,"A" B,,TV,1,5,9', Reason.MALFORMED),
        ("7,A\0,,TV,1,5,9", Reason.NUL_BYTE),
        (f"7,{'x' * 70_000},,TV,1,5,9", Reason.TOO_LONG),
    ],
)
def test_bad_row_is_refused_and_its_neighbours_are_not(row: str, reason: Reason) -> None:
    before, refused, after = parse(f"{ROW}\n{row}\n2{ROW}\n")
    assert isinstance(before, TitleRow)
    assert isinstance(after, TitleRow)
    assert isinstance(refused, Reject)
    assert (refused.line, refused.reason) == (3, reason)
    assert after.line == 4


def test_row_that_is_no_utf8() -> None:
    refused, after = parse(b"7,A\xff,,TV,1,5,9\n" + ROW.encode())
    assert refused == Reject(2, Reason.NOT_UTF8, "7,A\\xff,,TV,1,5,9")
    assert isinstance(after, TitleRow)


@pytest.mark.parametrize("followers", [1, 2, 30])
def test_unclosed_quote_spoils_its_own_line_only(followers: int) -> None:
    rows = parse('7,"A,,TV,1,5,9\n' + "".join(f"1{n}{ROW}\n" for n in range(followers)))
    assert rows[0] == Reject(2, Reason.MALFORMED, '7,"A,,TV,1,5,9')
    assert [row.line for row in rows if isinstance(row, TitleRow)] == [
        3 + n for n in range(followers)
    ]


def test_unclosed_quote_in_the_last_line() -> None:
    rows = parse(f'{ROW}\n7,"Cut tit')
    assert rows[1:] == [Reject(3, Reason.MALFORMED, '7,"Cut tit')]


def test_blank_lines_are_no_rows() -> None:
    assert [row.line for row in parse(f"\n{ROW}\n \n\n2{ROW}\n\n")] == [3, 6]
