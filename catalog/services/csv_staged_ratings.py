"""Ratings on their way: sorted by (user_id, anime_id), one row a pair, handed out in batches."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.services.csv_rating_rows import NOT_SCORED, RatingRows
from catalog.services.csv_rejects import Reason, Reject
from catalog.services.csv_staging import StagingDatabase

# The status of a row that only says "watched", as those of the CSV file do.
STATUS_UNKNOWN = 0
_RATERS_A_READ = 10_000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """All rows of the raters from ``first_user`` to ``last_user`` (their source ids)."""

    first_user: int
    last_user: int
    n_rows: int


@dataclass(frozen=True, slots=True)
class StagedCounts:
    """What the file holds, its rejects aside."""

    rows: int
    raters: int
    not_scored: int


class StagedRatings:
    """The table ``staged_rating`` of a local database: score 0 stands for "no score".

    The order of insertion is that of the file; of a repeated pair the last row stays and the
    earlier ones become rejects.
    """

    def __init__(self, database: StagingDatabase) -> None:
        self.database = database
        self._connection = database.connection
        columns = (
            "(user_id INTEGER NOT NULL, anime_id INTEGER NOT NULL, score INTEGER NOT NULL, "
            "status INTEGER NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (user_id, anime_id)) "
            "WITHOUT ROWID"
        )
        self._connection.execute(f"CREATE TABLE staged_rating {columns}")
        self._connection.execute(f"CREATE TEMP TABLE incoming {columns}")

    def add(self, rows: RatingRows, status: Ints | None = None) -> None:
        """Add rows, whose lines are above those of all earlier calls."""
        if status is None:
            status = np.full(len(rows), STATUS_UNKNOWN)
        columns: tuple[Ints, ...] = (rows.user_id, rows.anime_id, rows.score, status, rows.line)
        # Sorted rows are inserted next to each other. In a published file they are sorted already.
        if not _is_sorted(rows):
            order = np.lexsort((rows.line, rows.anime_id, rows.user_id))
            columns = tuple(column[order] for column in columns)
            user_id, anime_id = columns[:2]
            repeated = np.zeros(len(rows), dtype=np.bool_)
            repeated[:-1] = (user_id[1:] == user_id[:-1]) & (anime_id[1:] == anime_id[:-1])
            if repeated.any():
                self._reject([column[repeated].tolist() for column in columns])
                columns = tuple(column[~repeated] for column in columns)
        self._insert(columns)

    def finish(self) -> StagedCounts:
        """Close the table after the last row, and count."""
        self._connection.execute("DROP TABLE incoming")
        self._connection.execute(
            "CREATE TABLE staged_rater (user_id INTEGER PRIMARY KEY, n_rows INTEGER NOT NULL)"
        )
        self._connection.execute(
            "INSERT INTO staged_rater SELECT user_id, COUNT(*) FROM staged_rating "
            "GROUP BY user_id ORDER BY user_id"
        )
        rows, raters = self._connection.execute(
            "SELECT COALESCE(SUM(n_rows), 0), COUNT(*) FROM staged_rater"
        ).fetchone()
        (not_scored,) = self._connection.execute(
            "SELECT COUNT(*) FROM staged_rating WHERE score = 0"
        ).fetchone()
        return StagedCounts(rows, raters, not_scored)

    def batches(self, *, skip: int, size: Callable[[], int]) -> Iterator[Batch]:
        """Batches of whole raters behind the first ``skip`` rows, in the order of user_id.

        ``size()`` is asked before each for how many rows it should hold; the last rater may
        exceed it.
        """
        first_user, n_rows, wanted, seen = None, 0, size(), 0
        user = 0
        for user, n_ratings in self._raters():
            seen += n_ratings
            if seen <= skip:
                continue
            first_user = user if first_user is None else first_user
            n_rows += n_ratings
            if n_rows >= wanted:
                yield Batch(first_user, user, n_rows)
                first_user, n_rows, wanted = None, 0, size()
        if first_user is not None:
            yield Batch(first_user, user, n_rows)

    def rows(self, batch: Batch) -> Ints:
        """(n × 4): user_id, anime_id, score or 0, status or 0, sorted."""
        rows = self._connection.execute(
            "SELECT user_id, anime_id, score, status FROM staged_rating "
            "WHERE user_id BETWEEN ? AND ? ORDER BY user_id, anime_id",
            (batch.first_user, batch.last_user),
        ).fetchall()
        return np.array(rows, dtype=np.int64)

    def _raters(self) -> Iterator[tuple[int, int]]:
        last = 0
        while found := self._connection.execute(
            "SELECT user_id, n_rows FROM staged_rater WHERE user_id > ? ORDER BY user_id LIMIT ?",
            (last, _RATERS_A_READ),
        ).fetchall():
            yield from found
            last = found[-1][0]

    def _insert(self, columns: tuple[Ints, ...]) -> None:
        before = self._connection.total_changes
        with self.database.transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO staged_rating VALUES (?, ?, ?, ?, ?)",
                zip(*(column.tolist() for column in columns), strict=True),
            )
        if self._connection.total_changes - before < len(columns[0]):
            self._replace_earlier(columns)

    def _replace_earlier(self, columns: tuple[Ints, ...]) -> None:
        """Some pairs were there before: their earlier rows become rejects."""
        with self.database.transaction():
            self._connection.executemany(
                "INSERT INTO incoming VALUES (?, ?, ?, ?, ?)",
                zip(*(column.tolist() for column in columns), strict=True),
            )
            earlier = self._connection.execute(
                "SELECT s.user_id, s.anime_id, s.score, s.status, s.line FROM incoming i "
                "JOIN staged_rating s ON s.user_id = i.user_id AND s.anime_id = i.anime_id "
                "WHERE s.line <> i.line"
            ).fetchall()
            self._connection.execute("INSERT OR REPLACE INTO staged_rating SELECT * FROM incoming")
            self._connection.execute("DELETE FROM incoming")
        self._reject(zip(*earlier, strict=True))

    def _reject(self, columns: Iterable[Iterable[int]]) -> None:
        self.database.add_rejects(
            Reject(line, Reason.REPEATED, f"{user_id},{anime_id},{score or NOT_SCORED}")
            for user_id, anime_id, score, _, line in zip(*columns, strict=True)
        )


def _is_sorted(rows: RatingRows) -> bool:
    """Whether the pairs rise strictly, so that none is repeated among them."""
    user_step = np.diff(rows.user_id)
    rises = (user_step > 0) | ((user_step == 0) & (np.diff(rows.anime_id) > 0))
    return bool(rises.all())
