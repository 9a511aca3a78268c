"""How staged rows come to the real database: attached (SQLite) or by COPY (PostgreSQL).

Both give a function that makes the rows of a batch visible as the table ``staged_rating``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from django.db import connection

from catalog.services.csv_staged_ratings import Batch, Ints, StagedRatings

# A row of PostgreSQL's binary COPY format: the number of columns, then the length and the bytes
# of each, all big-endian (https://www.postgresql.org/docs/current/sql-copy.html).
_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_COPY_ROW = np.dtype(
    [
        ("columns", ">i2"),
        ("user_size", ">i4"),
        ("user_id", ">i8"),
        ("anime_size", ">i4"),
        ("anime_id", ">i4"),
        ("score_size", ">i4"),
        ("score", ">i2"),
        ("status_size", ">i4"),
        ("status", ">i2"),
    ]
)


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
                copy.write(binary_copy(staged.rows(batch)))
            # The planner knows nothing of the rows of a temporary table otherwise.
            cursor.execute("ANALYZE staged_rating")

    try:
        yield bring
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_rating")


def binary_copy(rows: Ints) -> bytes:
    """(n × 4) whole numbers as a binary COPY of (bigint, integer, smallint, smallint)."""
    table = np.empty(len(rows), dtype=_COPY_ROW)
    table["columns"] = 4
    for index, (name, size) in enumerate(
        (("user_id", 8), ("anime_id", 4), ("score", 2), ("status", 2))
    ):
        table[name.replace("_id", "") + "_size"] = size
        table[name] = rows[:, index]
    return _COPY_HEADER + table.tobytes() + _COPY_END
