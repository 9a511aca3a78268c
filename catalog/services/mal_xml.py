"""Reads MyAnimeList's XML: in a stream, with no more than a row in memory, and past bad rows.

The parser is defusedxml's, with document types forbidden: they are what billion-laughs and
external entities are made with, and no export has one. Unlike its ``iterparse`` this builds no
tree, so that neither a million nested elements nor an endless text can fill the memory.

XML is all or nothing: at the first character that may not be there a parser gives up. One bad row
should not cost the two thousand others, so reading starts again with a new parser at the next
``<anime>``.
"""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import XMLParserType

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from catalog.services.import_errors import ImportFailed
from catalog.services.mal_elements import MANGA_LIST, is_element_name
from catalog.services.mal_rows import (
    MAX_ROW_CHARACTERS,
    MAX_TITLES,
    ListFile,
    Reason,
    RowProblem,
)

# MAX_TITLES rows of the 23 known elements have fewer.
MAX_ELEMENTS = 1_300_000
MAX_DEPTH = 20
MAX_BAD_STARTS = 200
# A longer tag or comment is none, and a parser would look through it again with every chunk.
MAX_TOKEN_BYTES = 1_000_000
# Where the end of the list is looked for when the last row is bad.
TAIL_BYTES = 200
_ROOT = "myanimelist"
_ROW = b"<anime>"
_START = b"<myanimelist>"
_END = b"</myanimelist>"
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_READABLE_ENCODINGS = {b"utf-8", b"utf8", b"us-ascii", b"ascii"}
_IN_WORDS = {
    "not well-formed (invalid token)": "a character may not stand there, such as a bare & or <",
    "mismatched tag": "an element is not closed",
}
_HOW = "Choose Export on MyAnimeList's page of your anime list, and upload that file."


class _RowNotClosed(Exception):
    """A row begins inside a row, at this byte of what the parser got."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class _Rows:
    """What the parser calls: collects the elements of a row, and hands the row on."""

    def __init__(self, found: ListFile) -> None:
        self.found = found
        self.n_elements = 0
        self.is_complete = False
        self.row: dict[str, str] | None = None
        self.problem: RowProblem | None = None
        self.text: list[str] = []

    def restart(self, expat: XMLParserType, lines_before: int) -> None:
        """Begin with another parser, which does not count the lines before it."""
        self.expat, self.lines_before = expat, lines_before
        self.depth = 0
        self.row, self.row_tag, self.line, self.problem = None, "", 0, None
        self.name, self.length = "", 0
        self.text.clear()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.n_elements += 1
        if self.depth > MAX_DEPTH or self.n_elements > MAX_ELEMENTS:
            raise ImportFailed(f"This is not a list: it has too many elements. {_HOW}")
        if self.depth == 1:
            _check_root(tag)
        elif tag == "anime" and self.row_tag == "anime":
            raise _RowNotClosed(self.expat.CurrentByteIndex)
        elif self.depth == 2:
            self._begin_row(tag)
        elif self.depth == 3 and self.row is not None:
            self.name = tag

    def data(self, text: str) -> None:
        if not self.name:
            return
        self.length += len(text)
        if self.length > MAX_ROW_CHARACTERS:
            self.problem = RowProblem(Reason.TOO_LONG)
            self.text.clear()
        else:
            self.text.append(text)

    def end(self, tag: str) -> None:
        if self.depth == 3 and self.row is not None:
            self._keep_element()
        elif self.depth == 2 and self.row is not None:
            self._end_row()
        elif self.depth == 1:
            self.is_complete = True
        self.depth -= 1

    def close(self) -> None:
        """Nothing to hand over."""

    def give_up_row(self, problem: RowProblem, line: int) -> None:
        """Note the row that is being read as a bad one."""
        self.found.reject(problem, line, self.row or {})

    def _begin_row(self, tag: str) -> None:
        if tag == "manga":
            raise _manga_list()
        if tag in ("anime", "myinfo"):
            self.row, self.row_tag = {}, tag
            self.line = self.expat.CurrentLineNumber + self.lines_before
            self.problem, self.length = None, 0

    def _keep_element(self) -> None:
        assert self.row is not None  # noqa: S101 - asked by the caller
        if self.name in self.row:
            self.problem = self.problem or RowProblem(Reason.REPEATED_ELEMENT, self.name)
        elif is_element_name(self.name):
            self.row[self.name] = "".join(self.text)
        self.name = ""
        self.text.clear()

    def _end_row(self) -> None:
        assert self.row is not None  # noqa: S101 - asked by the caller
        if self.row_tag == "myinfo":
            if self.row.get("user_export_type", "").strip() == MANGA_LIST:
                raise _manga_list()
            self.found.info = self.row
        elif self.problem:
            self.give_up_row(self.problem, self.line)
        else:
            self.found.add(self.line, self.row)
            if len(self.found.titles) > MAX_TITLES:
                raise ImportFailed(
                    f"The file has more than {MAX_TITLES:,} titles, more than there are anime. "
                    f"{_HOW}"
                )
        self.row, self.row_tag = None, ""


class XmlReader:
    """Reads the chunks of a file into a ListFile."""

    def __init__(self) -> None:
        self.found = ListFile()
        self._rows = _Rows(self.found)
        self._lines = 0  # line feeds of the chunks before this one
        self._begin(lines_before=0)
        self._n_bad_starts = 0
        self._skipping = False
        self._rest = self._tail = b""

    def read(self, chunks: Iterable[bytes]) -> ListFile:
        """The list; ImportFailed when there is none to be read."""
        first = True
        for piece in chunks:
            chunk = _checked_beginning(piece) if first else piece
            first = False
            self._read_chunk(self._rest + chunk)
        is_whole = self._end()
        if not is_whole:
            self.found.cut_at = self._lines + 1
        if not self.found.titles and not is_whole:
            raise ImportFailed(f"The file ends before a title of it could be read. {_HOW}")
        return self.found

    def _begin(self, *, lines_before: int, inside: bool = False) -> None:
        self._parser = DefusedXMLParser(target=self._rows, encoding="utf-8", forbid_dtd=True)
        self._rows.restart(self._parser.parser, lines_before)
        self._lines_before = lines_before
        self._fed = 0
        if inside:
            self._parser.feed(_START)
            self._fed = len(_START)

    def _read_chunk(self, chunk: bytes) -> None:
        """Feed a chunk to the parser; to a new one behind each bad row."""
        position = searched_from = 0
        while True:
            if self._skipping:
                searched_from = position
                position = -1 if self._rows.is_complete else chunk.find(_ROW, position)
                if position < 0:
                    break
                self._skipping = False
                self._begin(lines_before=self._lines + chunk.count(b"\n", 0, position), inside=True)
            problem_at = self._feed(chunk[position:] if position else chunk)
            if problem_at is None:
                break
            position += problem_at
            if position < 0:  # That row begins at the end of the last chunk.
                chunk, position = _ROW[:-position] + chunk, 0
        self._lines += chunk.count(b"\n")
        self._rest = b""
        if self._skipping:  # The beginning of a row may be cut in two.
            self._rest = chunk[max(searched_from, len(chunk) - len(_ROW) + 1) :]
            self._lines -= self._rest.count(b"\n")
        self._tail = (self._tail + chunk)[-TAIL_BYTES:]

    def _feed(self, data: bytes) -> int | None:
        """Feed data; None if all of it was read, else where to look for the next row.

        Below 0 that is in the data before.
        """
        expat = self._parser.parser
        try:
            self._parser.feed(data)
        except DefusedXmlException as error:
            raise ImportFailed(
                "The file declares a document type or entities. No export of MyAnimeList does, "
                f"and such declarations can be used for attacks, so it is refused. {_HOW}"
            ) from error
        except ParseError as error:
            at = expat.ErrorByteIndex - self._fed
            what = str(error).split(":")[0]
            self._stop(_IN_WORDS.get(what, what), expat.ErrorLineNumber)
            return max(at, 0)
        except _RowNotClosed as error:
            at = error.at - self._fed
            self._stop("it is not closed", self._rows.line - self._lines_before)
            return at
        self._fed += len(data)
        if self._fed - expat.CurrentByteIndex > MAX_TOKEN_BYTES:
            raise ImportFailed(f"This is not a list: one tag in it has more than 1 MB. {_HOW}")
        return None

    def _stop(self, what: str, line: int) -> None:
        """Note the row that this parser failed in, and look for the next one."""
        rows = self._rows
        self._skipping = True
        if rows.is_complete:
            return  # Whatever comes behind the list does not matter.
        if rows.depth == 0 and rows.n_elements == 0:
            raise ImportFailed(f"This is not XML ({what}, line {line}). {_HOW}")
        self._n_bad_starts += 1
        if self._n_bad_starts > MAX_BAD_STARTS:
            raise ImportFailed(
                f"More than {MAX_BAD_STARTS} rows of the file are damaged, so it is not read any "
                f"further, and nothing is imported. {_HOW}"
            )
        rows.give_up_row(RowProblem(Reason.MALFORMED, what), line + self._lines_before)

    def _end(self) -> bool:
        """End the parser; whether the list was closed."""
        if self._skipping:
            return _END in self._tail or self._rows.is_complete
        try:
            self._parser.close()
        except ParseError as error:
            if self._rows.n_elements == 0:
                raise ImportFailed(f"This is not XML. {_HOW}") from error
        return self._rows.is_complete


def _checked_beginning(chunk: bytes) -> bytes:
    """The first chunk without blanks ahead of it; ImportFailed for other encodings."""
    if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _wrong_encoding("UTF-16")
    chunk = chunk.removeprefix(b"\xef\xbb\xbf").lstrip()
    declared = _ENCODING.match(chunk[:200])
    if declared and declared[1].lower() not in _READABLE_ENCODINGS:
        raise _wrong_encoding(declared[1].decode())
    return chunk


def _wrong_encoding(name: str) -> ImportFailed:
    return ImportFailed(
        f"The file is written in {name}; MyAnimeList's exports are in UTF-8. Upload the file as "
        "you got it, or save it as UTF-8."
    )


def _check_root(tag: str) -> None:
    if tag.lower() == "html":
        raise ImportFailed(f"This is a web page, not an export. {_HOW}")
    if tag != _ROOT:
        raise ImportFailed(
            f"This is not a MyAnimeList export: it begins with <{tag[:60]}>, an export with "
            f"<{_ROOT}>. {_HOW}"
        )


def _manga_list() -> ImportFailed:
    return ImportFailed(
        "This is a manga list; Osusume has anime only. Choose the anime list when you export."
    )
