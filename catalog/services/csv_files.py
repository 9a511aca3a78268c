"""Opens what is handed in (a file, a compressed file, an archive, a pipe) as lines of text.

Everything here streams: a file is never held in memory, whatever its size and however long its
lines are. What is wrong with the file as a whole ends in one ImportFailed.
"""

import csv
import gzip
import hashlib
import lzma
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings

from catalog.services.import_errors import ImportFailed

BLOCK_BYTES = 4 * 1024 * 1024
# A longer line is no row of either file; it is cut, so that it cannot fill the memory.
MAX_LINE_BYTES = 64 * 1024
STANDARD_INPUT = Path("-")

_UNREADABLE = (
    OSError,  # with gzip.BadGzipFile
    EOFError,
    RuntimeError,  # zipfile: a password is needed
    NotImplementedError,  # zipfile: unknown compression
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines with their line ends, about BLOCK_BYTES long.

    ``first_line`` counts from 1, the header included. Only the file's last line may lack its end;
    only a line above MAX_LINE_BYTES may lack a part.
    """

    first_line: int
    data: bytes

    def lines(self) -> list[bytes]:
        """The lines without their line feeds (a carriage return before it stays)."""
        lines = self.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return lines


class CsvSource:
    """An opened file: its header, then its lines."""

    def __init__(
        self, *, name: str, raw: IO[bytes], content: IO[bytes] | gzip.GzipFile, fingerprint: str
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._raw = raw
        self._content = content
        self._line = 0
        self._size = _size(raw)

    @property
    def share_read(self) -> float:
        """How much of the (compressed) file has been read, 0 to 1."""
        return min(self._raw.tell() / self._size, 1.0) if self._size else 1.0

    def check_header(self, columns: Sequence[str]) -> None:
        """Read the first line; ImportFailed unless it names exactly these columns."""
        expected = ",".join(columns)
        try:
            raw = self._content.readline(MAX_LINE_BYTES)
        except _UNREADABLE as error:
            raise self._unreadable(error) from error
        self._line = 1
        if not raw:
            raise ImportFailed(f"{self.name} is empty. Its first line should be: {expected}")
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
            raise ImportFailed(
                f"{self.name} is not UTF-8 text (it looks like UTF-16 or a binary file). "
                "Save it as CSV in UTF-8 and import it again."
            )
        try:
            text = raw.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise ImportFailed(
                f"{self.name} is not UTF-8 text: line 1 has other bytes. "
                "Save it as CSV in UTF-8 and import it again."
            ) from error
        found = [name.strip().lower() for name in next(iter(csv.reader([text])), [])]
        if found != list(columns):
            shown = text if len(text) <= 100 else f"{text[:100]}…"
            raise ImportFailed(
                f"{self.name}, line 1: the header should be {expected} and is {shown!r}. "
                "Nothing was imported. Is it the right file?"
            )

    def blocks(self) -> Iterator[Block]:
        """The lines behind the header, in blocks; ImportFailed when they cannot be read."""
        rest = b""
        while chunk := self._read():
            data = rest + chunk
            cut = data.rfind(b"\n") + 1
            if cut:
                yield Block(self._line + 1, data[:cut])
                self._line += data.count(b"\n", 0, cut)
            rest = data[cut:][: MAX_LINE_BYTES + 1]
        if rest:
            yield Block(self._line + 1, rest)
            self._line += 1

    def _read(self) -> bytes:
        try:
            return self._content.read(BLOCK_BYTES)
        except _UNREADABLE as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> ImportFailed:
        where = f" after line {self._line:,}" if self._line else ""
        return ImportFailed(
            f"{self.name} cannot be read{where}: {error}. Nothing was imported. "
            "If it is compressed it may be damaged or incomplete: fetch it again."
        )


@contextmanager
def open_csv(path: Path, *, members: Sequence[str]) -> Iterator[CsvSource]:
    """Open a CSV file, plain, gzip-compressed or in a zip archive; ``-`` is standard input.

    ``members`` are the names under which the file may lie in an archive, the usual one first.
    What is compressed is recognised by its first bytes, not by its name. A pipe is first copied
    to a nameless file under VAR_DIR, since a file is read twice: for its fingerprint (the SHA-256
    of its bytes) and for its rows.
    """
    name = "Standard input" if path == STANDARD_INPUT else str(path)
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(_raw_file(path))
            fingerprint = _sha256(raw)
            magic = raw.read(4)
            raw.seek(0)
            content: IO[bytes] | gzip.GzipFile = raw
            if magic[:2] == b"\x1f\x8b":
                content = stack.enter_context(gzip.GzipFile(fileobj=raw))
            elif magic in (b"PK\x03\x04", b"PK\x05\x06"):
                archive = stack.enter_context(zipfile.ZipFile(raw))
                member = _member(archive, name=name, members=members)
                content = stack.enter_context(archive.open(member))
                name = f"{name} ({member.filename})"
        except _UNREADABLE as error:
            reason = getattr(error, "strerror", None) or error
            raise ImportFailed(f"{name} cannot be opened: {reason}.") from error
        yield CsvSource(name=name, raw=raw, content=content, fingerprint=fingerprint)


def work_folder() -> Path:
    """Where imports keep their temporary files."""
    folder: Path = settings.VAR_DIR / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _raw_file(path: Path) -> Iterator[IO[bytes]]:
    if path == STANDARD_INPUT:
        with spooled(sys.stdin.buffer) as file:
            yield file
        return
    with path.open("rb") as file:
        if file.seekable():
            yield file
        else:
            with spooled(file) as copy:
                yield copy


@contextmanager
def spooled(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """A seekable copy of a stream, in a file without a name: it vanishes with the process."""
    with tempfile.TemporaryFile(dir=work_folder()) as file:
        shutil.copyfileobj(stream, file, BLOCK_BYTES)
        file.seek(0)
        yield file


def _member(archive: zipfile.ZipFile, *, name: str, members: Sequence[str]) -> zipfile.ZipInfo:
    """The archive's member with one of these names, or its only CSV file."""
    files = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    tables = [info for info in files if info.filename.lower().endswith(".csv")]
    named = [info for info in tables if PurePosixPath(info.filename.lower()).name in members]
    found = named or tables
    if len(found) == 1:
        return found[0]
    wanted = " or ".join(members)
    held = ", ".join(info.filename for info in files[:10]) or "nothing"
    problem = f"more than one {wanted}" if named else f"no {wanted}"
    raise ImportFailed(
        f"{name} holds {problem}. It holds: {held}. Unpack it and import the right file."
    )


def _sha256(file: IO[bytes]) -> str:
    """The digest of the whole file, which is left at its beginning."""
    digest = hashlib.sha256()
    while chunk := file.read(BLOCK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _size(raw: IO[bytes]) -> int:
    position = raw.tell()
    size = raw.seek(0, 2)
    raw.seek(position)
    return size
