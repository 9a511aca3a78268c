"""Reading MyAnimeList's XML: what people's files hold, what breaks them, and what attacks."""

import io
import os
import zlib
from collections.abc import Callable
from gzip import compress
from typing import IO, cast

import pytest

from catalog.models import Rating
from catalog.services import mal_xml
from catalog.services.import_errors import ImportFailed
from catalog.services.mal_files import read_list
from catalog.services.mal_rows import ListFile, dump, load
from tests.catalog.mal_files import HEAD, TAIL, anime, export, info, realistic

Status = Rating.Status


def read(content: bytes) -> ListFile:
    return read_list(io.BytesIO(content))


def refusal(content: bytes) -> str:
    with pytest.raises(ImportFailed) as caught:
        read(content)
    return str(caught.value)


def ids(found: ListFile) -> list[int]:
    return list(found.titles)


def rejected(found: ListFile) -> list[tuple[str, int, str]]:
    return [
        (reason, line, text)
        for reason, samples in found.reject_samples.items()
        for line, text in samples
    ]


def line_of(content: bytes, text: bytes) -> int:
    """The line in which the text is first."""
    return content[: content.index(text)].count(b"\n") + 1


def test_every_element_is_read() -> None:
    content = export(
        anime(
            5,
            series_title="Tom & <Jerry> ]]> é 🎬",
            my_score=7,
            my_status="Watching",
            my_watched_episodes=3,
            my_comments="a\nb",
            my_tags="x, y",
            my_mood="sunny & warm",
        )
    )
    found = read(content)
    title = found.titles[5]
    assert (title.status, title.score, title.episodes) == (Status.WATCHING, 7, 3)
    assert title.name == "Tom & <Jerry> ]]> é 🎬"
    assert title.elements["my_comments"] == "a\nb"
    assert title.elements["my_mood"] == "sunny & warm"
    assert title.line == line_of(content, b"<anime>")
    assert (found.info["user_id"], found.info["user_name"]) == ("4711", "mika")
    assert (found.rows_read, found.rejects, found.cut_at) == (1, {}, None)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Watching", Status.WATCHING),
        ("Completed", Status.COMPLETED),
        ("On-Hold", Status.ON_HOLD),
        ("Dropped", Status.DROPPED),
        ("Plan to Watch", Status.PLAN_TO_WATCH),
        ("1", Status.WATCHING),
        ("2", Status.COMPLETED),
        ("3", Status.ON_HOLD),
        ("4", Status.DROPPED),
        ("6", Status.PLAN_TO_WATCH),
        (" plan-to_watch ", Status.PLAN_TO_WATCH),
    ],
)
def test_both_kinds_of_status(text: str, status: Status) -> None:
    assert read(export(anime(1, my_status=text))).titles[1].status == status


def test_what_is_absent_is_not_said() -> None:
    absent = ("my_score", "my_watched_episodes", "series_title", "my_comments", "my_tags")
    title = read(export(anime(1, without=absent))).titles[1]
    assert (title.score, title.episodes, title.name) == (None, None, "Title 1")


def test_a_score_of_zero_is_said() -> None:
    assert read(export(anime(1, my_score=0))).titles[1].score == 0


def test_realistic_export() -> None:
    found = read(realistic({n: (f"Title {n}: & so on", 12) for n in range(1, 301)}))
    assert ids(found) == list(range(1, 301))
    assert not found.rejects
    assert {title.status for title in found.titles.values()} == set(Status)


def test_an_empty_list_is_a_list() -> None:
    found = read(export())
    assert (found.titles, found.cut_at) == ({}, None)


@pytest.mark.parametrize(
    ("said", "reason", "text"),
    [
        ({"series_animedb_id": "0"}, "the id is not a MyAnimeList id", "(id 0): “0”"),
        ({"series_animedb_id": "x1"}, "the id is not a MyAnimeList id", "(id x1): “x1”"),
        ({"series_animedb_id": ""}, "the id is not a MyAnimeList id", "Cowboy Bebop"),
        ({"my_status": ""}, "the status is missing", "Cowboy Bebop (id 2)"),
        ({"my_status": "5"}, "the status is not one of MyAnimeList's", "“5”"),
        ({"my_score": "11"}, "the score is not a whole number from 0 to 10", "“11”"),
        ({"my_score": "8.5"}, "the score is not a whole number from 0 to 10", "“8.5”"),
        ({"my_score": "-1"}, "the score is not a whole number from 0 to 10", "“-1”"),
        ({"my_watched_episodes": "all"}, "the watched episodes are not a whole number", "“all”"),
    ],
)
def test_a_bad_row_in_the_middle(said: dict[str, str], reason: str, text: str) -> None:
    bad = anime(2, **said).replace("<series_title>", "<!-- here --><series_title>")
    content = export(anime(1), bad, anime(3))
    found = read(content)
    assert ids(found) == [1, 3]
    ((why, line, sample),) = rejected(found)
    assert (why, line) == (reason, line_of(content, b"<!-- here -->") - 2)
    assert text in sample
    assert found.rows_read == 3


BROKEN = {
    "bare ampersand": anime(2).replace("<![CDATA[Cowboy Bebop]]>", "Tom & Jerry"),
    "bare less-than": anime(2).replace("<![CDATA[Cowboy Bebop]]>", "I <3 you"),
    "unknown entity": anime(2).replace("<![CDATA[Cowboy Bebop]]>", "Pok&eacute;mon"),
    "control character": anime(2).replace("Cowboy", "Cow\x01boy"),
    "element not closed": anime(2).replace("</my_status>", ""),
    "row not closed": anime(2).replace("</anime>", ""),
    "CDATA not closed": anime(2).replace("]]>", "", 1),
    "element twice": anime(2).replace("<my_tags>", "<my_score>1</my_score><my_tags>"),
    "undeclared prefix": anime(2).replace("<my_tags>", "<x:y>1</x:y><my_tags>"),
}


@pytest.mark.parametrize("row", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("chunk", [7, 64, 1000, 64 * 1024])
def test_damaged_row_costs_no_other(row: str, chunk: int) -> None:
    content = export(anime(1), row, anime(3), row, anime(4))
    pieces = [content[start : start + chunk] for start in range(0, len(content), chunk)]
    found = mal_xml.XmlReader().read(iter(pieces))
    assert ids(found) == [1, 3, 4]
    assert (found.rows_read, found.rows_rejected, found.cut_at) == (5, 2, None)
    lines = [line for _, line, _ in rejected(found)]
    assert line_of(content, b"</anime>") < lines[0] < lines[1] <= content.count(b"\n")


def test_bytes_that_are_no_text_cost_their_row_only() -> None:
    content = export(anime(1), anime(2, series_title="Caf?"), anime(3)).replace(b"Caf?", b"Caf\xe9")
    found = read(content)
    assert ids(found) == [1, 3]
    assert rejected(found) == [
        (
            "the row is damaged",
            line_of(content, b"Caf\xe9"),
            "id 2: a character may not stand there, such as a bare & or <",
        )
    ]


def test_damaged_last_row_is_no_cut_file() -> None:
    found = read(export(anime(1), BROKEN["bare ampersand"]))
    assert (ids(found), found.rows_rejected, found.cut_at) == ([1], 1, None)


def test_too_many_damaged_rows_are_a_damaged_file() -> None:
    assert "More than 200 rows" in refusal(export(*[BROKEN["bare ampersand"]] * 201))


def test_title_that_is_there_twice_counts_once() -> None:
    found = read(export(anime(1, my_score=3), anime(2), anime(1, my_score=9)))
    assert (ids(found), found.titles[1].score) == ([2, 1], 9)
    ((reason, _, text),) = rejected(found)
    assert reason == "the title is there again further down (the last row counts)"
    assert text == "Cowboy Bebop (id 1)"


def test_huge_comment_survives_and_an_absurd_one_costs_its_row() -> None:
    huge, absurd = "あ" * 200_000, "x" * 1_000_001
    found = read(export(anime(1, my_comments=huge), anime(2, my_comments=absurd), anime(3)))
    assert ids(found) == [1, 3]
    assert found.titles[1].elements["my_comments"] == huge
    ((reason, _, _),) = rejected(found)
    assert reason == "the row is longer than a million characters"


def test_file_that_ends_too_early_says_how_far_it_was_read() -> None:
    content = export(anime(1), anime(2), anime(3))
    cut = content[: content.index(b"<my_tags>", content.index(b"</anime>") + 1)]
    found = read(cut)
    assert ids(found) == [1]
    assert found.cut_at == cut.count(b"\n") + 1
    assert read(content[: content.index(b"</myanimelist>")]).cut_at is not None


def test_compressed_file_that_ends_too_early() -> None:
    content = realistic({n: (f"Title {n}", 12) for n in range(1, 301)})
    found = read(compress(content)[:-2000])
    assert 0 < len(found.titles) < 300
    assert found.cut_at is not None


def test_compression_is_seen_in_the_content() -> None:
    assert ids(read(compress(export(anime(1))))) == [1]
    two_parts = compress(HEAD.encode() + info().encode()) + compress((anime(1) + TAIL).encode())
    assert ids(read(two_parts)) == [1]


def test_byte_order_mark_and_blanks_ahead() -> None:
    assert ids(read(b"\xef\xbb\xbf\n \n" + export(anime(1)))) == [1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n\xef\xbb\xbf", "The file is empty."),
        (b"hello", "This is not XML"),
        (b"anime_id,score\n1,2\n", "This is not XML"),
        (b"<!DOCTYPE html>\n<html>", "This is a web page, not an export."),
        (b"\n<HTML><body>", "This is a web page, not an export."),
        (b"<?xml version='1.0'?><html></html>", "This is a web page, not an export."),
        (b"<rss></rss>", "it begins with <rss>, an export with <myanimelist>"),
        (b"<myanimelist>", "ends before a title of it could be read"),
        (export("<manga></manga>"), "This is a manga list; Osusume has anime only."),
        (export(myinfo=info(user_export_type=2)), "This is a manga list"),
        (export().replace(b"UTF-8", b"ISO-8859-1"), "is written in ISO-8859-1"),
        (export().decode().encode("utf-16"), "is written in UTF-16"),
        (b"PK\x03\x04...", "This is a ZIP archive: unpack it, and upload the file in it."),
        (b"%PDF-1.7", "This is a PDF document."),
        (compress(b"", mtime=0), "The file is empty."),
        (b"\x1f\x8b\x08\x00rubbish", "The compressed file is damaged."),
    ],
)
def test_other_files_are_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
 <!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">
 <!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">
]>
<myanimelist><anime><series_title>&lol3;</series_title></anime></myanimelist>"""
QUADRATIC = (
    b'<!DOCTYPE m [<!ENTITY a "'
    + b"a" * 50_000
    + b'">]><myanimelist><anime><my_tags>'
    + b"&a;" * 50_000
    + b"</my_tags></anime></myanimelist>"
)
EXTERNAL = (
    b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<myanimelist><anime><series_title>&x;</series_title></anime></myanimelist>"
)
EXTERNAL_DTD = b'<!DOCTYPE myanimelist SYSTEM "http://127.0.0.1:9/x.dtd"><myanimelist/>'


@pytest.mark.parametrize(
    "content",
    [BILLION_LAUGHS, QUADRATIC, EXTERNAL, EXTERNAL_DTD],
    ids=["billion laughs", "quadratic", "file", "DTD of elsewhere"],
)
def test_declarations_are_refused(content: bytes) -> None:
    assert "declares a document type or entities" in refusal(content)
    assert "declares a document type or entities" in refusal(compress(content))


def test_declaration_behind_a_damaged_row_is_refused_too() -> None:
    sneaky = export(anime(1), BROKEN["bare ampersand"]) + EXTERNAL
    assert ids(read(sneaky)) == [1]  # what comes behind the list is not looked at
    inside = export(anime(1), BROKEN["bare ampersand"], EXTERNAL.decode(), anime(3))
    found = read(inside)
    assert all("root:" not in title.name for title in found.titles.values())
    assert ids(found) == [1, 3]


class _Bomb:
    """A gzip file of a billion bytes that is made while it is read, and counts what was."""

    def __init__(self, beginning: bytes) -> None:
        self.packer = zlib.compressobj(9, wbits=31)
        self.waiting = self.packer.compress(beginning)
        self.n_blocks = 0

    def read(self, size: int) -> bytes:
        while len(self.waiting) < size and self.n_blocks < 1024:
            self.waiting += self.packer.compress(b" " * 1024 * 1024)
            self.n_blocks += 1
        taken, self.waiting = self.waiting[:size], self.waiting[size:]
        return taken


@pytest.mark.parametrize("beginning", [HEAD.encode(), HEAD.encode() + b"<anime><my_tags>", b"["])
def test_gzip_bomb_is_given_up_in_good_time(beginning: bytes) -> None:
    bomb = _Bomb(beginning)
    with pytest.raises(ImportFailed, match=r"unpacks to more than 64 MB|more than 20 MB"):
        read_list(cast(IO[bytes], bomb))


def test_gzip_bomb_of_zeros() -> None:
    bomb = _Bomb(b"\0" * 1_000_000)
    with pytest.raises(ImportFailed, match="This is not XML"):
        read_list(cast(IO[bytes], bomb))


RUBBISH = 20 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: os.urandom(RUBBISH), "This is not XML"),
        (lambda: b"<myanimelist>" + b"\xff" * RUBBISH, "ends before a title of it could be read"),
        (lambda: b"<myanimelist>" + b"<anime>" * (RUBBISH // 7), "More than 200 rows"),
        (lambda: b"<myanimelist>" + b"<a>" * (RUBBISH // 3), "too many elements"),
        (lambda: b"<myanimelist>" + b"<a/>" * (RUBBISH // 4), "too many elements"),
        (lambda: b"<myanimelist><!--" + b"a" * RUBBISH, "one tag in it has more than 1 MB"),
        (lambda: b"<myanimelist " + b"a" * RUBBISH, "one tag in it has more than 1 MB"),
        (lambda: b"<myanimelist><anime><my_tags>" + b"a" * RUBBISH, "ends before a title"),
        (lambda: b"[" * RUBBISH, "nested too deeply"),
        (lambda: b'{"a":' + b"9" * (RUBBISH - 9) + b"}", "is damaged"),
    ],
    ids=["bytes", "0xff", "rows", "depth", "breadth", "comment", "tag", "text", "JSON", "number"],
)
def test_twenty_megabytes_of_rubbish(content: Callable[[], bytes], sentence: str) -> None:
    assert sentence in refusal(content())


def test_what_waits_for_a_decision_is_what_was_read() -> None:
    found = read(realistic({n: (f"Title {n}", 12) for n in range(1, 40)}))
    again = load(dump(found))
    assert (again.titles, again.info) == (found.titles, found.info)
