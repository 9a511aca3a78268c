"""Writes a list as a MyAnimeList file: what MyAnimeList and our own import read again.

Everything streams: the list is read in order of the titles' ids, beside what was kept of an
imported file, and written title by title. The same list gives the same bytes.
"""

import heapq
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import IO, Any, NamedTuple
from xml.sax.saxutils import escape

from catalog.models import MalEntry, Profile, Rater, Rating
from catalog.services.mal_elements import (
    ANIME_ELEMENTS,
    ANIME_LIST,
    CDATA_ELEMENTS,
    INFO_ELEMENTS,
    STATUS_NAMES,
    TOTALS,
    Standing,
    Status,
    Title,
    live,
    unsaid,
    writable,
)

ROWS_A_FETCH = 1000
TITLES_A_CHUNK = 50
_HEADER = '<?xml version="1.0" encoding="UTF-8" ?>\n<myanimelist>\n'
_FOOTER = "</myanimelist>\n"
_GZIP = zlib.MAX_WBITS | 16  # zlib's way to say: with the header of a gzip file, without a time


class ListedTitle(NamedTuple):
    """A title of a list. Without ``title`` it is one that the catalogue does not have."""

    anime_id: int
    title: Title | None
    standing: Standing
    updated_at: Any  # a datetime; None of a title that the catalogue does not have
    # What is kept of a file beside the rating; of a title without ``title`` all that it said.
    fields: dict[str, str]


def listed_titles(rater: Rater) -> Iterator[ListedTitle]:
    """The list in order of the titles' ids, with the titles that the catalogue does not have."""
    ratings = (
        Rating.objects.filter(rater=rater)
        .order_by("anime_id")
        .values_list(
            "anime_id",
            "status",
            "score",
            "episodes_watched",
            "updated_at",
            "anime__title",
            "anime__type",
            "anime__episodes",
        )
        .iterator(chunk_size=ROWS_A_FETCH)
    )
    entries = (
        MalEntry.objects.filter(rater=rater)
        .order_by("anime_id")
        .values_list("anime_id", "fields")
        .iterator(chunk_size=ROWS_A_FETCH)
    )
    merged: Iterator[tuple[Any, ...]] = heapq.merge(ratings, entries, key=itemgetter(0))
    for anime_id, rows in groupby(merged, key=itemgetter(0)):
        found = sorted(rows, key=len)  # what is kept has two columns, a rating more
        fields: dict[str, str] = found[0][1] if len(found[0]) == 2 else {}
        if len(found[-1]) > 2:
            _, status, score, episodes, updated_at, *facts = found[-1]
            title, standing = Title(*facts), Standing(Status(status), score, episodes)
            kept = live(fields, standing, title)
            yield ListedTitle(anime_id, title, standing, updated_at, kept)
        elif standing_of_unknown := unknown_standing(fields):
            yield ListedTitle(anime_id, None, standing_of_unknown, None, fields)


def unknown_standing(fields: Mapping[str, str]) -> Standing | None:
    """What a file said of a title that the catalogue does not have.

    None where only details are kept: their title has been taken off the list here.
    """
    status = {name: status for status, name in STATUS_NAMES.items()}.get(
        fields.get("my_status", "")
    )
    if status is None:
        return None
    score = int(fields.get("my_score") or 0)
    episodes = int(fields.get("my_watched_episodes") or 0)
    return Standing(status, score or None, episodes or None)


def write_xml(rater: Rater, stream: IO[bytes]) -> None:
    """Write the list as a MyAnimeList file."""
    for chunk in xml_chunks(rater):
        stream.write(chunk)


def xml_chunks(rater: Rater) -> Iterator[bytes]:
    """A MyAnimeList file in pieces, for an answer that streams."""
    yield (_HEADER + _info(rater)).encode()
    titles: list[str] = []
    for listed in listed_titles(rater):
        titles.append(_anime(listed))
        if len(titles) == TITLES_A_CHUNK:
            yield "".join(titles).encode()
            titles.clear()
    yield ("".join(titles) + _FOOTER).encode()


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a file as the pieces of a gzip file."""
    packer = zlib.compressobj(wbits=_GZIP)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def info_of(rater: Rater) -> dict[str, str]:
    """The element ``myinfo``: kept from a file as far as there was one, the totals counted."""
    profile = Profile.objects.filter(user=rater.user_id).first() if rater.user_id else None
    kept: dict[str, str] = profile.mal_info if profile else {}
    name = rater.user.get_username() if rater.user else str(rater.source_id)
    counts = _count(rater)
    said = {"user_id": "0", "user_name": writable(name), **kept}
    said |= {"user_export_type": ANIME_LIST, "user_total_anime": str(counts.total())}
    said |= {element: str(counts[status]) for element, status in TOTALS.items()}
    # A database may keep the names in another order than the file.
    rest = sorted(said.keys() - set(INFO_ELEMENTS))
    return {element: said[element] for element in (*INFO_ELEMENTS, *rest)}


def _count(rater: Rater) -> "Counter[Status]":
    """How many titles of each status an export has."""
    rated = Rating.objects.filter(rater=rater)
    counts = Counter(dict.fromkeys(Status, 0))
    counts.update(Status(status) for status in rated.values_list("status", flat=True))
    unknown = (
        MalEntry.objects.filter(rater=rater, fields__has_key="my_status")
        .exclude(anime_id__in=rated.values("anime_id"))
        .values_list("fields", flat=True)
    )
    standings = (unknown_standing(fields) for fields in unknown.iterator(chunk_size=ROWS_A_FETCH))
    counts.update(standing.status for standing in standings if standing)
    return counts


def _info(rater: Rater) -> str:
    elements = (f"\t\t{_element(name, text)}\n" for name, text in info_of(rater).items())
    return f"\t<myinfo>\n{''.join(elements)}\t</myinfo>\n"


def elements_of(listed: ListedTitle) -> dict[str, str]:
    """The elements of a title, in the order of the file; what MyAnimeList does not have last."""
    standing = listed.standing
    said = {name: unsaid(name, listed.title) for name in ANIME_ELEMENTS}
    said |= {
        "my_score": str(standing.score or 0),
        "my_watched_episodes": str(standing.episodes or 0),
        **{name: listed.fields[name] for name in sorted(listed.fields)},
        "series_animedb_id": str(listed.anime_id),
        "my_status": STATUS_NAMES[standing.status],
    }
    return said


def _anime(listed: ListedTitle) -> str:
    elements = elements_of(listed).items()
    lines = "".join([f"\t\t{_element(name, text)}\n" for name, text in elements])
    return f"\t<anime>\n{lines}\t</anime>\n"


def _element(name: str, text: str) -> str:
    if name in CDATA_ELEMENTS:
        return f"<{name}><![CDATA[{_in_cdata(text)}]]></{name}>"
    # A carriage return as it stands would be read as a line feed.
    return f"<{name}>{escape(text, {chr(13): '&#13;'})}</{name}>"


def _in_cdata(text: str) -> str:
    """Text for a CDATA section, which is left for its own end mark and for carriage returns."""
    return text.replace("]]>", "]]]]><![CDATA[>").replace("\r", "]]>&#13;<![CDATA[")
