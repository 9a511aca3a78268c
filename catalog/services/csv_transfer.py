"""How staged rows come to the real database: attached (SQLite) or by COPY (PostgreSQL).

Both give a function that makes the rows of a batch visible as the table ``staged_rating``. What
is wholly new needs no comparison: PostgreSQL takes it by COPY into the table of ratings itself,
which writes many rows at once and so is twice as fast as an INSERT of what was staged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection

from catalog.models import Rater, Rating
from catalog.services.csv_staged_ratings import Batch, Ints, StagedRatings

# A row of PostgreSQL's binary COPY format: the number of columns, then the length and the bytes
# of each, all big-endian (https://www.postgresql.org/docs/current/sql-copy.html).
_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_STAGED_COLUMNS = {"user_id": 8, "anime_id": 4, "score": 2, "status": 2}
_RATING_COLUMNS = {"rater_id": 8, "anime_id": 4, "status": 2, "updated_at": 8, "score": 2}
_NULL_SIZE = -1
# Moments are counted in microseconds from here.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@contextmanager
def attached(staged: StagedRatings) -> Iterator[Callable[[Batch], None]]:
    """Attach the local database to the SQLite connection: every row is visible at once."""
    with connection.cursor() as cursor:
        cursor.execute("ATTACH DATABASE %s AS staging", [str(staged.database.path)])
    try:
        yield lambda batch: None
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DETACH DATABASE staging")


@contextmanager
def copied(staged: StagedRatings) -> Iterator[Callable[[Batch], None]]:
    """Copy each batch into a temporary table, inside the batch's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_rating")
        cursor.execute(
            "CREATE TEMPORARY TABLE staged_rating (user_id bigint NOT NULL, "
            "anime_id integer NOT NULL, score smallint NOT NULL, status smallint NOT NULL) "
            "ON COMMIT DELETE ROWS"
        )

    def bring(batch: Batch) -> None:
        with connection.cursor() as cursor:
            with cursor.copy("COPY staged_rating FROM STDIN (FORMAT BINARY)") as copy:
                columns = dict(zip(_STAGED_COLUMNS, staged.rows(batch).T, strict=True))
                copy.write(_binary_copy(columns, _STAGED_COLUMNS))
            # The planner knows nothing of the rows of a temporary table otherwise.
            cursor.execute("ANALYZE staged_rating")

    try:
        yield bring
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_rating")


def copy_new_raters(rows: Ints, *, source: str, now: datetime) -> list[int]:
    """Make the raters of the rows (n × 4, see ``StagedRatings.rows``) and write their ratings.

    None of them may be there yet; the transaction that they appear in is the caller's. Returns
    their ids.
    """
    user_ids, rater_index = np.unique(rows[:, 0], return_inverse=True)
    raters = Rater.objects.bulk_create(
        Rater(source=source, source_id=user_id, revision=1) for user_id in user_ids.tolist()
    )
    rater_ids = np.array([rater.pk for rater in raters], dtype=np.int64)
    status = np.where(rows[:, 3] > 0, rows[:, 3], Rating.Status.COMPLETED)
    columns = {
        "rater_id": rater_ids[rater_index],
        "anime_id": rows[:, 1],
        "status": status,
        "updated_at": np.full(len(rows), (now - _EPOCH) // timedelta(microseconds=1)),
        "score": rows[:, 2],
    }
    statement = (
        "COPY catalog_rating (rater_id, anime_id, status, updated_at, score) "
        "FROM STDIN (FORMAT BINARY)"
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_binary_copy(columns, _RATING_COLUMNS, null_score=0))
    return [rater.pk for rater in raters]


def _binary_copy(
    columns: dict[str, Ints], sizes: dict[str, int], *, null_score: int | None = None
) -> bytes:
    """Columns of one length in the binary COPY format, as integers of these sizes in bytes.

    The score, which is the last column then, is NULL where it is ``null_score``.
    """
    layout = [("n_columns", ">i2")]
    for name, size in sizes.items():
        layout += [(f"{name}_size", ">i4"), (name, f">i{size}")]
    table = np.empty(len(columns["anime_id"]), dtype=layout)
    table["n_columns"] = len(sizes)
    for name, size in sizes.items():
        table[f"{name}_size"] = size
        table[name] = columns[name]
    if null_score is None:
        return _COPY_HEADER + table.tobytes() + _COPY_END
    is_null = columns["score"] == null_score
    table["score_size"][is_null] = _NULL_SIZE
    # NULL has no bytes: those of the last column are cut out of these rows.
    octets = table.view(np.uint8).reshape(len(table), -1)
    kept = np.ones(octets.shape, dtype=np.bool_)
    kept[is_null, -sizes["score"] :] = False
    return _COPY_HEADER + octets[kept].tobytes() + _COPY_END
