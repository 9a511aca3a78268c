"""The files that a list can be exported as, by their endings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalog.models import Rater
from catalog.services import mal_export, mal_tables


@dataclass(frozen=True, slots=True)
class ListFileKind:
    """One kind of file: its media type, and what writes it in pieces."""

    media_type: str
    chunks: Callable[[Rater], Iterator[bytes]]


EXPORTS: dict[str, ListFileKind] = {
    "xml": ListFileKind("application/xml", mal_export.xml_chunks),
    "xml.gz": ListFileKind(
        "application/gzip", lambda rater: mal_export.gzipped(mal_export.xml_chunks(rater))
    ),
    "csv": ListFileKind("text/csv; charset=utf-8", mal_tables.csv_chunks),
    "json": ListFileKind("application/json", mal_tables.json_chunks),
}
