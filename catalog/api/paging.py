"""Pages of long lists that neither repeat nor skip a row while the list changes.

A page begins behind the last row of the one before it ("keyset" paging), found by that row's own
sort values, instead of a count of rows to skip. The values travel in the cursor, an opaque signed
text. The order is the query's own, so the selectors remain the one place that knows it.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from catalog.api.problems import Problem

MAX_LIMIT = 100

Row = TypeVar("Row", bound=Model)

_signer = Signer(salt="catalog.api.paging")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows, and the cursors of the pages around them (None where there is none)."""

    rows: list[Row]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class _Key:
    """One part of an order; ``nullable`` values come last, whichever the direction."""

    name: str
    descending: bool
    nullable: bool

    def behind(self, value: Any, *, backwards: bool) -> Q:
        """The rows that this key puts behind a value (before it when going backwards)."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if backwards else Q(pk__in=[])
        greater = self.descending == backwards
        rows = Q(**{f"{self.name}__{'gt' if greater else 'lt'}": value})
        if self.nullable and not backwards:
            rows |= Q(**{f"{self.name}__isnull": True})
        return rows

    def equal(self, value: Any) -> Q:
        """The rows that have this value."""
        if value is None:
            return Q(**{f"{self.name}__isnull": True})
        return Q(**{self.name: value})

    def value_of(self, row: Model) -> Any:
        """The row's value, in a form that JSON can hold."""
        value: Any = getattr(row, self.name)
        return value.isoformat() if isinstance(value, datetime) else value


def encode_cursor(payload: dict[str, Any]) -> str:
    """A cursor that only this server can have made."""
    return _signer.sign_object(payload)


def decode_cursor(cursor: str, **expected: Any) -> dict[str, Any]:
    """What a cursor holds.

    Raises the problem ``no_such_page`` for one that is not ours, or made for other ``expected``.
    """
    try:
        payload: dict[str, Any] = _signer.unsign_object(cursor)
    except (BadSignature, ValueError):
        payload = {}
    if not payload or any(payload.get(name) != value for name, value in expected.items()):
        raise Problem("no_such_page")
    return payload


def page_address(request: Request, cursor: str | None) -> str | None:
    """The full address of the page at a cursor."""
    if cursor is None:
        return None
    address: str = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
    return address


def keyset_page(queryset: QuerySet[Row], *, limit: int, cursor: str = "") -> Page[Row]:
    """The page of an ordered query at a cursor; the first page without one.

    The query must be ordered by names or expressions (``F("name").asc()``), the last of which is
    unique; those with ``nulls_last=True`` may be NULL.
    """
    # A cursor is only good for the order it was made in.
    order = sha256(repr(queryset.query.order_by).encode()).hexdigest()[:12]
    queryset, keys = _with_keys(queryset)
    state = decode_cursor(cursor, order=order) if cursor else None
    backwards = bool(state and state["back"])
    if state:
        queryset = queryset.filter(_behind(keys, state["key"], backwards=backwards))
    if backwards:
        queryset = queryset.reverse()
    rows = list(queryset[: limit + 1])
    has_more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()

    def cursor_at(index: int, *, back: bool) -> str | None:
        if not rows:
            return None
        key = [part.value_of(rows[index]) for part in keys]
        return encode_cursor({"order": order, "back": back, "key": key})

    return Page(
        rows=rows,
        next=cursor_at(-1, back=False) if backwards or has_more else None,
        previous=cursor_at(0, back=True) if (has_more if backwards else state) else None,
    )


def _with_keys(queryset: QuerySet[Row]) -> tuple[QuerySet[Row], list[_Key]]:
    """The query with the values that it is ordered by on each row, and their keys."""
    keys, values = [], {}
    for index, part in enumerate(queryset.query.order_by):
        key = _as_expression(part)
        name = f"page_key_{index}"
        values[name] = key.expression
        keys.append(_Key(name, key.descending, bool(key.nulls_last)))
    return queryset.annotate(**values), keys


def _as_expression(part: Any) -> OrderBy:
    if isinstance(part, str):
        return F(part[1:]).desc() if part.startswith("-") else F(part).asc()
    if not isinstance(part, OrderBy):
        raise TypeError(f"{part!r} cannot be paged by: use F(...).asc() or .desc().")
    return part


def _behind(keys: list[_Key], values: list[Any], *, backwards: bool) -> Q:
    """The rows behind the one with these values: equal in the first keys, behind in the next."""
    behind, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        behind |= equal & key.behind(value, backwards=backwards)
        equal &= key.equal(value)
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:
        # Implied by the rest; said on its own, it lets the database use the order's index.
        return behind & (first.behind(value, backwards=backwards) | first.equal(value))
    return behind
