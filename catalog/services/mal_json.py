"""Reads the JSON that we export ourselves. Its rows become those of a MyAnimeList file."""

import json
from contextlib import suppress
from typing import Any

from catalog.models import Rating
from catalog.services.import_errors import ImportFailed
from catalog.services.mal_elements import STATUS_NAMES, is_element_name, is_writable
from catalog.services.mal_rows import MAX_ID, MAX_TITLES, ListFile, Reason, RowProblem

FORMAT = "osusume-list"
VERSION = 1
_SAID = {
    "anime_id": "series_animedb_id",
    "title": "series_title",
    "type": "series_type",
    "episodes": "series_episodes",
    "score": "my_score",
    "episodes_watched": "my_watched_episodes",
}


def read_json(content: bytes) -> ListFile:
    """The list in our own JSON; ImportFailed for any other JSON."""
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise ImportFailed("This JSON is nested too deeply to be a list of ours.") from error
    except ValueError as error:  # also what is not UTF-8
        raise ImportFailed(
            f"This looks like JSON, but it is damaged: {error}. Export the list again."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ImportFailed(
            "This is not a list that Osusume has exported. Of JSON files only our own can be "
            "imported; of MyAnimeList upload the .xml or .xml.gz."
        )
    if document.get("version") != VERSION:
        raise ImportFailed(
            f"The file is of version {document.get('version')!r:.20}; this Osusume reads version "
            f"{VERSION}. Update this site, or export again with the one that it is for."
        )
    return _list_file(document)


def _list_file(document: dict[str, Any]) -> ListFile:
    rows = document.get("titles")
    if not isinstance(rows, list) or len(rows) > MAX_TITLES:
        raise ImportFailed(f"The file's “titles” are not a list of at most {MAX_TITLES:,} titles.")
    found = ListFile(place="Number")
    with suppress(RowProblem):
        found.info = _texts(document.get("mal_info"))
    for number, row in enumerate(rows, start=1):
        try:
            elements = _elements(row)
        except RowProblem as problem:
            found.reject(problem, number, {})
        else:
            found.add(number, elements)
    dismissed = document.get("not_interested")
    for row in dismissed if isinstance(dismissed, list) else []:
        anime_id = row.get("anime_id") if isinstance(row, dict) else None
        if type(anime_id) is int and 1 <= anime_id <= MAX_ID:
            found.dismissed.append(anime_id)
    return found


def _elements(row: Any) -> dict[str, str]:
    """A title of our JSON as the elements of a MyAnimeList file."""
    if not isinstance(row, dict):
        raise RowProblem(Reason.MALFORMED, str(row)[:60])
    elements = {_SAID[name]: _text(row[name]) for name in _SAID if name in row}
    for name in ("my_score", "my_watched_episodes", "series_episodes"):
        if elements.get(name) == "":
            elements[name] = "0"  # null is "none", and not "nothing is said"
    elements["my_status"] = _status(row.get("status"))
    return elements | _texts(row.get("mal"))


def _status(slug: Any) -> str:
    try:
        return STATUS_NAMES[Rating.Status.from_slug(str(slug or ""))]
    except ValueError:
        return _text(slug)


def _texts(fields: Any) -> dict[str, str]:
    """Kept elements by name; what cannot be one is left out."""
    if not isinstance(fields, dict):
        return {}
    return {name: _text(value) for name, value in fields.items() if is_element_name(name)}


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    if not is_writable(text):
        raise RowProblem(Reason.MALFORMED, "it has a character that no text can hold")
    return text
