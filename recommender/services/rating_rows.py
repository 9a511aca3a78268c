"""Ratings out of the database into arrays, many raters at once.

The database packs the rows of a rater into one value, so that neither the driver nor Python meets
single rows: a number for each of them, eight bytes each from PostgreSQL, which go through ``COPY``
in its binary format, and text with commas from SQLite.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, BigIntegerField, BinaryField, Count, ExpressionWrapper, F
from django.db.models.functions import Cast, Coalesce
from django.db.models.sql.compiler import SQLCompiler

from catalog.models import Rating
from catalog.querysets import RatingQuerySet

# A row's number is title id × 128 + status × 16 + score, where no score counts 0. Numbers are
# ascending when title ids are.
_SCORES, _STATUSES = 16, 8
_RATERS_A_BLOCK = 2_000

_Row = tuple[int, int, Any]


@dataclass(frozen=True, eq=False)
class RatingBlock:
    """The rows of some raters, one rater after the other.

    Attributes:
        rater_ids: int64 [r], ascending.
        counts: int64 [r], each rater's number of rows, at least 1.
        anime_ids: int32 [n], ascending in each rater.
        scores: int8 [n], 1 to 10, or 0 without a score.
        is_watched: bool [n], False for a title that is only planned.
    """

    rater_ids: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    anime_ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.int8]
    is_watched: npt.NDArray[np.bool_]


def rating_blocks(ratings: RatingQuerySet) -> Iterator[RatingBlock]:
    """Read ratings in one query, by rater; memory is needed for a block at a time."""
    number = ExpressionWrapper(
        Cast("anime_id", BigIntegerField()) * (_SCORES * _STATUSES)
        + F("status") * _SCORES
        + Coalesce("score", 0),
        output_field=BigIntegerField(),
    )
    found = ratings.order_by("rater_id").values("rater_id")
    query = found.annotate(n_rows=Count("pk"), packed=_Packed(number)).values_list(
        "rater_id", "n_rows", "packed"
    )
    try:
        sql, parameters = query.query.sql_with_params()
    except EmptyResultSet:  # what is asked for cannot be: nobody's ratings
        return
    with _rows(sql, parameters) as rows:
        while block := list(islice(rows, _RATERS_A_BLOCK)):
            yield _unpack(block)


class _Packed(Aggregate):
    """The numbers of all rows in one value."""

    output_field = BinaryField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        template = "STRING_AGG(int8send(%(expressions)s), ''::bytea)"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        return super().as_sql(
            compiler, connection, template="GROUP_CONCAT(%(expressions)s)", **context
        )


@contextmanager
def _rows(sql: str, parameters: Sequence[Any]) -> Iterator[Iterator[_Row]]:
    """Rater id, number of rows, packed rows; fetched as they are asked for."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Composed here: a cursor that counts its queries takes no parameters for a COPY.
            query = connection.ops.compose_sql(sql, parameters)  # type: ignore[attr-defined]  # PostgreSQL's own
            with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int8", "int8", "bytea"])
                yield copy.rows()
        else:
            cursor.execute(sql, parameters)
            yield (row for rows in iter(lambda: cursor.fetchmany(100), []) for row in rows)


def _unpack(rows: Sequence[_Row]) -> RatingBlock:
    rater_ids, counts, packed = zip(*rows, strict=True)
    numbers = (
        np.frombuffer(b"".join(packed), dtype=">i8").astype(np.int64)
        if isinstance(packed[0], bytes)
        else np.fromstring(",".join(packed), dtype=np.int64, sep=",")
    )
    lengths = np.array(counts, dtype=np.int64)
    _sort_each(numbers, lengths)
    rest = (numbers % (_SCORES * _STATUSES)).astype(np.int8)
    return RatingBlock(
        rater_ids=np.array(rater_ids, dtype=np.int64),
        counts=lengths,
        anime_ids=(numbers // (_SCORES * _STATUSES)).astype(np.int32),
        scores=rest % _SCORES,
        is_watched=rest // _SCORES != Rating.Status.PLAN_TO_WATCH,
    )


def _sort_each(numbers: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
    """Sort each rater's numbers in place: an index mostly yields them so, but nothing says so."""
    ends = np.cumsum(lengths)
    steps_down = np.flatnonzero(numbers[1:] < numbers[:-1]) + 1
    if np.isin(steps_down, ends).all():
        return
    for first, end in zip(ends - lengths, ends, strict=True):
        numbers[first:end].sort()
