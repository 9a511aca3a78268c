"""Writes a list for other programs: CSV for spreadsheets, JSON with all that there is.

Both stream, title by title. The JSON can be imported again (``mal_json``); ``docs/files.md`` says
what is in each.
"""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from catalog.models import Dismissal, Profile, Rater
from catalog.services.mal_elements import ANIME_ELEMENTS, NO_DATE
from catalog.services.mal_export import ROWS_A_FETCH, TITLES_A_CHUNK, ListedTitle, listed_titles
from catalog.services.mal_json import FORMAT, VERSION

CSV_COLUMNS = (
    "anime_id",
    "title",
    "type",
    "episodes",
    "status",
    "score",
    "episodes_watched",
    "changed",
    "start_date",
    "finish_date",
    "times_watched",
    "tags",
    "comments",
)
# A spreadsheet takes a cell that begins with one of these for a formula, and carries it out.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_chunks(rater: Rater) -> Iterator[bytes]:
    """The list as CSV (RFC 4180) in UTF-8, in pieces."""
    writer = csv.writer(_Echo())
    lines = [writer.writerow(CSV_COLUMNS)]
    for listed in listed_titles(rater):
        lines.append(writer.writerow([_cell(value) for value in _csv_row(listed)]))
        if len(lines) >= TITLES_A_CHUNK:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def json_chunks(rater: Rater) -> Iterator[bytes]:
    """The list in our own JSON, in pieces."""
    profile = Profile.objects.filter(user=rater.user_id).first() if rater.user_id else None
    head = {
        "format": FORMAT,
        "version": VERSION,
        "user": rater.user.get_username() if rater.user else str(rater.source_id),
        "mal_info": profile.mal_info if profile else {},
    }
    yield (_json(head)[:-1] + ',"titles":[').encode()
    yield from _json_rows(_json_title(listed) for listed in listed_titles(rater))
    yield b'\n],"not_interested":['
    yield from _json_rows(_dismissals(rater))
    yield b"\n]}\n"


def _csv_row(listed: ListedTitle) -> tuple[Any, ...]:
    about, fields = _about(listed), listed.fields
    return (
        listed.anime_id,
        about["title"],
        about["type"],
        about["episodes"],
        listed.standing.status.slug,
        listed.standing.score,
        listed.standing.episodes,
        listed.updated_at.isoformat(timespec="seconds") if listed.updated_at else None,
        *(_said(fields, name) for name in ("my_start_date", "my_finish_date")),
        *(_said(fields, name) for name in ("my_times_watched", "my_tags", "my_comments")),
    )


def _said(fields: dict[str, str], name: str) -> str:
    """An element's text, and nothing where it says nothing."""
    text = fields.get(name, "")
    return "" if text in (ANIME_ELEMENTS[name], NO_DATE) else text


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _json_title(listed: ListedTitle) -> dict[str, Any]:
    return {
        "anime_id": listed.anime_id,
        **_about(listed),
        "in_catalogue": listed.title is not None,
        "status": listed.standing.status.slug,
        "score": listed.standing.score,
        "episodes_watched": listed.standing.episodes,
        "updated_at": listed.updated_at,
        "mal": dict(sorted(listed.fields.items())),
    }


def _about(listed: ListedTitle) -> dict[str, Any]:
    """Title, type and episodes: the catalogue's, else the file's."""
    if listed.title is not None:
        title, type_, episodes, _ = listed.title
        return {"title": title, "type": type_, "episodes": episodes}
    fields = listed.fields
    episodes_said = fields.get("series_episodes", "").strip()
    return {
        "title": fields.get("series_title", ""),
        "type": fields.get("series_type") or None,
        "episodes": int(episodes_said) if episodes_said.isdecimal() else None,
    }


def _dismissals(rater: Rater) -> Iterator[dict[str, Any]]:
    rows = (
        Dismissal.objects.filter(rater=rater)
        .order_by("anime_id")
        .values_list("anime_id", "anime__title", "created_at")
    )
    for anime_id, title, created_at in rows.iterator(chunk_size=ROWS_A_FETCH):
        yield {"anime_id": anime_id, "title": title, "created_at": created_at}


def _json_rows(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    separator, pieces = "\n", []
    for row in rows:
        pieces.append(separator + _json(row))
        separator = ",\n"
        if len(pieces) >= TITLES_A_CHUNK:
            yield "".join(pieces).encode()
            pieces.clear()
    yield "".join(pieces).encode()


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
