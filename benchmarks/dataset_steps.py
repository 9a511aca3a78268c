"""One measured step of ``benchmarks.dataset_load``, in a process of its own.

Prints one line of JSON: the number of rows, the seconds of the step itself (Python's and Django's
start is in none of them), and the resident memory of the whole process in MiB, before and at most.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

from django.db import connection

from catalog.models import Rating
from recommender.services.dataset import read_dataset

ROWS_A_CHUNK = 100_000


def ours() -> int:
    """The arrays of a training."""
    return len(read_dataset().ratings)


def bare() -> int:
    """The same rows by the driver alone; nothing is made of them."""
    query = Rating.objects.watched().values_list("rater_id", "anime_id", "score").query
    sql, parameters = query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(sql, parameters)
            return sum(len(rows) for rows in iter(lambda: cursor.fetchmany(ROWS_A_CHUNK), []))
        composed = connection.ops.compose_sql(sql, parameters)  # type: ignore[attr-defined]  # PostgreSQL's own
        statement = f"COPY ({composed}) TO STDOUT"
        # Straight from libpq: as little as Python can do for a row.
        server = cursor.connection.pgconn
        server.exec_(statement.encode())
        n_rows = 0
        while server.get_copy_data(0)[0] > 0:
            n_rows += 1
        while server.get_result():
            pass
    return n_rows


STEPS: dict[str, Callable[[], int]] = {step.__name__: step for step in (ours, bare)}


def main() -> None:
    """Run the step that the command line names, and print what it took."""
    connection.ensure_connection()
    before = _peak_mib()
    begun = time.perf_counter()
    n_rows = STEPS[sys.argv[1]]()
    figures = {
        "n_rows": n_rows,
        "seconds": time.perf_counter() - begun,
        "started_mib": before,
        "peak_mib": _peak_mib(),
    }
    print(json.dumps(figures))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
