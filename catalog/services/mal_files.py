"""Opens an uploaded list, whatever it calls itself: what it is shows in its first bytes.

Plain or compressed, a MyAnimeList export or our own JSON. Nothing is unpacked as a whole: a gzip
bomb is given up at a limit, a chunk at a time.
"""

import zlib
from collections.abc import Iterator
from typing import IO

from catalog.services.import_errors import ImportFailed
from catalog.services.mal_json import read_json
from catalog.services.mal_rows import ListFile
from catalog.services.mal_xml import XmlReader

MEGABYTE = 1024 * 1024
MAX_UPLOAD_BYTES = 20 * MEGABYTE
# Sixty thousand titles; MyAnimeList has half as many.
MAX_UNPACKED_BYTES = 64 * MEGABYTE
CHUNK_BYTES = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16
_DAMAGED = "The compressed file is damaged. Download or compress it again."
_OTHER_FILES = {
    b"PK\x03\x04": "a ZIP archive: unpack it, and upload the file in it",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}


def read_list(file: IO[bytes]) -> ListFile:
    """What a file holds; ImportFailed, with a sentence for people, when it is no list."""
    chunks = _chunks(file)
    first = next(chunks, b"")
    if not _stripped(first):
        raise ImportFailed("The file is empty.")
    for beginning, what in _OTHER_FILES.items():
        if first.startswith(beginning):
            raise ImportFailed(f"This is {what}. An export ends in .xml or .xml.gz.")
    if _is_web_page(first):
        raise ImportFailed(
            "This is a web page, not an export. Choose Export on MyAnimeList's page of your "
            "anime list, and upload the file that it gives you."
        )
    if _stripped(first)[:1] in (b"{", b"["):
        return read_json(_joined(first, chunks))
    return XmlReader().read(_behind(first, chunks))


def too_large(size: int | None) -> ImportFailed:
    """The refusal of a file above the limit; None is a size that is not known."""
    limit = MAX_UPLOAD_BYTES // MEGABYTE
    has = f"has {size / MEGABYTE:.1f} MB" if size else f"has more than {limit} MB"
    return ImportFailed(
        f"The file {has}; at most {limit} MB can be read. A list of 10,000 titles has about "
        "10 MB, and less than 1 MB as .xml.gz."
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The file's content, unpacked if it is packed."""
    first = file.read(CHUNK_BYTES)
    if first.startswith(b"\x1f\x8b"):
        yield from _unpacked(first, file)
        return
    while first:
        yield first
        first = file.read(CHUNK_BYTES)


def _unpacked(packed: bytes, file: IO[bytes]) -> Iterator[bytes]:
    unpacker, total = zlib.decompressobj(_GZIP), 0
    while packed:
        try:
            piece = unpacker.decompress(packed, CHUNK_BYTES)
        except zlib.error as error:
            raise ImportFailed(_DAMAGED) from error
        total += len(piece)
        if total > MAX_UNPACKED_BYTES:
            raise ImportFailed(
                f"The file unpacks to more than {MAX_UNPACKED_BYTES // MEGABYTE} MB. No list of "
                "one person is as large, so it is refused."
            )
        if piece:
            yield piece
        if unpacker.eof:  # The file may go on with another part.
            rest = unpacker.unused_data
            packed = rest or file.read(CHUNK_BYTES)
            if not packed.startswith(b"\x1f\x8b"):
                return
            unpacker = zlib.decompressobj(_GZIP)
        else:
            packed = unpacker.unconsumed_tail or file.read(CHUNK_BYTES)
    if not total:
        raise ImportFailed(_DAMAGED)


def _is_web_page(first: bytes) -> bool:
    return _stripped(first)[:14].lower().startswith((b"<!doctype html", b"<html"))


def _stripped(first: bytes) -> bytes:
    """The beginning of a file without a byte order mark and blanks."""
    return first.lstrip(b"\xef\xbb\xbf \t\r\n")


def _behind(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _joined(first: bytes, chunks: Iterator[bytes]) -> bytes:
    content = bytearray(first)
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_UPLOAD_BYTES:
            raise too_large(None)
    return bytes(content)
