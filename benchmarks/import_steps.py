"""One measured step of ``benchmarks.import_load``, in a process of its own with its own database.

Prints one line of JSON: the seconds of the step itself (Python's and Django's start is in none of
them) and the peak resident memory of the whole process in MiB.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection
from django.db.utils import OperationalError

from catalog.models import Anime, ImportJob, Rater, User
from catalog.services import csv_import, ratings

ROWS_A_CHUNK = 100_000
COPY_BYTES = 1024 * 1024
MOMENT = "2026-01-01 00:00:00+00"
INSERT = (
    "INSERT INTO catalog_rating (rater_id, anime_id, status, score, updated_at) "
    "VALUES (?, ?, 2, ?, ?)"
)
COPY = "COPY catalog_rating (rater_id, anime_id, status, score, updated_at) FROM STDIN"


def titles(path: Path) -> None:
    """Import the titles: the start of every measurement."""
    csv_import.import_file(kind=ImportJob.Kind.ANIME, path=path)


def load(path: Path) -> None:
    """Our import, from opening the file to the finished job."""
    csv_import.import_file(kind=ImportJob.Kind.RATINGS, path=path)


def raters(path: Path) -> None:
    """Make the raters for the bare load, with their source ids as keys; not measured."""
    ids = np.unique(np.load(path, mmap_mode="r")[:, 0]).tolist()
    Rater.objects.bulk_create(
        (Rater(pk=number, source=Rater.Source.IMPORT, source_id=number) for number in ids),
        batch_size=5_000,
    )


def bare(path: Path) -> None:
    """The same rows, parsed beforehand, into the same table with its indexes and constraints."""
    if connection.vendor == "sqlite":
        _bare_executemany(np.load(path, mmap_mode="r"))
    else:
        _bare_copy(path.with_suffix(".copy"))


def people(path: Path) -> None:
    """Rate ten times a second until the file exists; print how long the calls took."""
    user, _ = User.objects.get_or_create(username="somebody")
    rater = ratings.rater_for(user=user)
    chosen = list(Anime.objects.order_by("pk")[:1000])
    waits: list[float] = []
    errors = 0
    while not path.exists():
        begun = time.perf_counter()
        try:
            ratings.rate(rater=rater, anime=chosen[len(waits) % 1000], score=len(waits) % 10 + 1)
        except OperationalError:
            errors += 1
        waits.append(time.perf_counter() - begun)
        time.sleep(0.1)
    print(
        json.dumps(
            {
                "calls": len(waits),
                "errors": errors,
                "median": float(np.median(waits)),
                "p99": float(np.quantile(waits, 0.99)),
                "longest": max(waits),
            }
        )
    )
    sys.exit()


def _bare_executemany(table: "np.ndarray[Any, Any]") -> None:
    def rows() -> Iterator[tuple[int, int, int | None, str]]:
        for start in range(0, len(table), ROWS_A_CHUNK):
            for user_id, anime_id, score in table[start : start + ROWS_A_CHUNK].tolist():
                yield user_id, anime_id, score if score > 0 else None, MOMENT[:-3]

    connection.ensure_connection()
    database = connection.connection
    database.execute("BEGIN IMMEDIATE")
    database.executemany(INSERT, rows())
    database.execute("COMMIT")


def _bare_copy(path: Path) -> None:
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        while chunk := file.read(COPY_BYTES):
            copy.write(chunk)


STEPS: dict[str, Callable[[Path], None]] = {
    step.__name__: step for step in (titles, load, raters, bare, people)
}


def main() -> None:
    """Run the step that the command line names, and print what it took."""
    name, path = sys.argv[1:]
    begun = time.perf_counter()
    STEPS[name](Path(path))
    seconds = time.perf_counter() - begun
    # Linux counts in KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))
