"""Pages of an order that is computed in the process: a list of ids.

A page begins behind the last title of the one before it, wherever that stands by then; if it is
gone, at the place where it stood. So titles that come in between neither move a page nor make one
repeat.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from catalog.api.paging import decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class IdPage:
    """The ids of a page, and the cursors of the pages around it (None where there is none)."""

    ids: list[int]
    next: str | None
    previous: str | None


def id_page(ids: Sequence[int], *, question: Hashable, limit: int, cursor: str = "") -> IdPage:
    """The page at a cursor of all ids in order; the first page without one.

    ``question`` is all that the order depends on, of values with a faithful ``repr``: a cursor is
    good for it only. Raises the problem ``no_such_page``.
    """
    asked = sha256(repr(question).encode()).hexdigest()[:12]
    if not cursor:
        return _page(ids, asked, 0, limit)
    state = decode_cursor(cursor, asked=asked)
    is_there = state["id"] in ids
    place: int = ids.index(state["id"]) if is_there else min(state["at"], len(ids))
    if state["back"]:
        return _page(ids, asked, max(0, place - limit), place)
    start = place + 1 if is_there else place
    return _page(ids, asked, start, start + limit)


def _page(ids: Sequence[int], asked: str, start: int, end: int) -> IdPage:
    shown = list(ids[start:end])
    if not shown:
        return IdPage([], None, None)

    def cursor_at(place: int, *, back: bool) -> str:
        return encode_cursor({"asked": asked, "id": ids[place], "at": place, "back": back})

    last = start + len(shown) - 1
    return IdPage(
        shown,
        cursor_at(last, back=False) if last + 1 < len(ids) else None,
        cursor_at(start, back=True) if start else None,
    )
