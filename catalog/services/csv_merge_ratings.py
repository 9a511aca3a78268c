"""Moves staged ratings into the database, batch by batch, on either database with the same SQL.

Each batch is a transaction of its own, short enough that people who rate meanwhile hardly wait
(SQLite has one writer at a time), and it moves the job's position along: a broken import goes on
where the last commit left it. A batch locks its raters first, as ``services.ratings`` does, and in
the order of their ids, so no two writers wait for each other.

A row of the CSV file says "watched" and maybe a score, no more. So a new row is *completed*, a
planned title becomes *completed*, and any other status that is there stays.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import ImportJob, Rater
from catalog.services import imports
from catalog.services.csv_staged_ratings import Batch, StagedRatings
from catalog.services.csv_transfer import attached, copied, copy_new_raters
from catalog.signals import ratings_changed

TARGET_SECONDS: Final = 0.4
FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 20_000, 1_000, 200_000  # rows
# A writer who waits for SQLite's lock looks again after 0.1 s at the latest: without a pause the
# next batch would mostly be faster.
PAUSE_SECONDS: Final = 0.04
_IDS_A_QUERY = 10_000

_STAGED = """
FROM catalog_rater r
CROSS JOIN staged_rating s
{existing}
WHERE r.source = %(source)s AND r.source_id BETWEEN %(first_user)s AND %(last_user)s
  AND s.user_id = r.source_id
"""
_DIFFERS = """
(COALESCE(e.score, 0) <> s.score
 OR (s.status > 0 AND e.status <> s.status)
 OR (s.status = 0 AND e.status = 6))
"""
# Each statement is put together from constants only.
_ADD_RATERS = """
INSERT INTO catalog_rater (source, source_id, revision)
SELECT DISTINCT %(source)s, user_id, 1 FROM staged_rating
WHERE user_id BETWEEN %(first_user)s AND %(last_user)s
ORDER BY user_id
ON CONFLICT (source, source_id) DO NOTHING
"""
_RATERS = """
SELECT id FROM catalog_rater
WHERE source = %(source)s AND source_id BETWEEN %(first_user)s AND %(last_user)s
ORDER BY id
"""
_CHANGED_RATERS = (
    "SELECT DISTINCT r.id"
    + _STAGED.format(
        existing="LEFT JOIN catalog_rating e ON e.rater_id = r.id AND e.anime_id = s.anime_id"
    )
    + f"AND (e.id IS NULL OR {_DIFFERS}) ORDER BY r.id"
)
_UPDATE = (
    """
UPDATE catalog_rating AS e
SET score = NULLIF(s.score, 0),
    status = CASE WHEN s.status > 0 THEN s.status WHEN e.status = 6 THEN 2 ELSE e.status END,
    updated_at = %(now)s
"""
    + _STAGED.format(existing="")
    + "AND e.rater_id = r.id AND e.anime_id = s.anime_id AND "
    + _DIFFERS
)
_INSERT = (
    "INSERT INTO catalog_rating (rater_id, anime_id, status, score, updated_at) "
    "SELECT r.id, s.anime_id, CASE WHEN s.status > 0 THEN s.status ELSE 2 END, "
    "NULLIF(s.score, 0), %(now)s"
    + _STAGED.format(existing="")
    + "ORDER BY r.source_id, s.anime_id ON CONFLICT (rater_id, anime_id) DO NOTHING"
)


@dataclass(slots=True)
class BatchSize:
    """How many rows a batch should hold, adapted to how long the last one held the lock."""

    rows: int = field(default_factory=lambda: FIRST_BATCH)

    def __call__(self) -> int:
        """The size of the next batch."""
        return self.rows

    def measure(self, *, rows: int, seconds: float) -> None:
        """Aim the next batch at TARGET_SECONDS, growing at most twofold."""
        wanted = min(rows * TARGET_SECONDS / max(seconds, 1e-3), self.rows * 2)
        self.rows = int(min(max(wanted, SMALLEST_BATCH), LARGEST_BATCH))


def merge_ratings(
    *, job: ImportJob, staged: StagedRatings, on_batch: Callable[[], None] = lambda: None
) -> None:
    """Write the staged rows behind the job's position; ``on_batch`` is called after each commit.

    Raises ImportStopped when the job was cancelled meanwhile; all batches before stay.
    """
    size = BatchSize()
    with _transfer(staged) as bring:
        for batch in staged.batches(skip=job.position, size=size):
            with transaction.atomic(durable=True):
                started = time.perf_counter()
                _write(job, batch, staged, bring)
            size.measure(rows=batch.n_rows, seconds=time.perf_counter() - started)
            on_batch()
            if connection.vendor == "sqlite":
                time.sleep(PAUSE_SECONDS)


def _transfer(staged: StagedRatings) -> AbstractContextManager[Callable[[Batch], None]]:
    """What makes a batch visible to the database as ``staged_rating``."""
    return copied(staged) if connection.vendor == "postgresql" else attached(staged)


def _write(
    job: ImportJob, batch: Batch, staged: StagedRatings, bring: Callable[[Batch], None]
) -> None:
    """Write a batch, count it on the job's row, and announce the raters that it changed."""
    raters = Rater.objects.filter(
        source=job.source, source_id__range=(batch.first_user, batch.last_user)
    ).order_by("pk")
    known = set(raters.select_for_update(no_key=True).values_list("pk", flat=True))
    now = timezone.now()
    if not known and connection.vendor == "postgresql":
        changed = copy_new_raters(staged.rows(batch), source=job.source, now=now)
        created, updated = batch.n_rows, 0
    else:
        bring(batch)
        compared = _compare_and_write if known else _write_new
        changed, created, updated = compared(_values(job, batch, now))
    _count_revisions(sorted(known.intersection(changed)))
    imports.advance(job=job, rows=batch.n_rows, created=created, updated=updated)
    if changed:
        announce = partial(ratings_changed.send, sender=Rater, rater_ids=changed)
        transaction.on_commit(announce, robust=True)


def _write_new(values: dict[str, Any]) -> tuple[list[int], int, int]:
    """Write rows of new raters; (ids of changed raters, created rows, updated rows)."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_RATERS, values)
        cursor.execute(_INSERT, values)
        created = cursor.rowcount
        cursor.execute(_RATERS, values)
        return [rater_id for (rater_id,) in cursor.fetchall()], created, 0


def _compare_and_write(values: dict[str, Any]) -> tuple[list[int], int, int]:
    """The same for raters of whom some have been there before."""
    created = updated = 0
    with connection.cursor() as cursor:
        cursor.execute(_ADD_RATERS, values)
        cursor.execute(_CHANGED_RATERS, values)
        changed = [rater_id for (rater_id,) in cursor.fetchall()]
        if changed:
            cursor.execute(_UPDATE, values)
            updated = cursor.rowcount
            cursor.execute(_INSERT, values)
            created = cursor.rowcount
    return changed, created, updated


def _values(job: ImportJob, batch: Batch, now: datetime) -> dict[str, Any]:
    return {
        "source": job.source,
        "first_user": batch.first_user,
        "last_user": batch.last_user,
        "now": connection.ops.adapt_datetimefield_value(now),
    }


def _count_revisions(rater_ids: list[int]) -> None:
    for start in range(0, len(rater_ids), _IDS_A_QUERY):
        chosen = rater_ids[start : start + _IDS_A_QUERY]
        Rater.objects.filter(pk__in=chosen).update(revision=F("revision") + 1)
