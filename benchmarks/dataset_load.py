"""Measures how long all ratings take from the database to the arrays of a training.

    RECOMMENDER_DATA=... python -m benchmarks.dataset_load --database postgres

*Bare* is the driver reading the same three columns of the same rows and making nothing of them:
``COPY (SELECT ...) TO STDOUT`` straight from libpq (PostgreSQL), or ``fetchmany`` (SQLite). *Ours*
is ``read_dataset()``: raters, ratings, rows of both, fingerprint. Both run in turn, each in a
process of its own, so the ratio holds for this machine at this hour. The rows are simulated, as
many as in the published file; ``--rows real`` takes the real ones. ``--url`` measures a database
that is loaded already, whatever is in it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.import_load import ROOT, fresh_database, prepare, step

# The models can be imported when Django is set up, not before.
STEP = "import django; django.setup(); from benchmarks import dataset_steps; dataset_steps.main()"


def main() -> None:
    """Parse the options, measure, print a table."""
    parser = argparse.ArgumentParser(description="From the database to arrays.")
    parser.add_argument("--rows", choices=["real", "full"], default="full")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--url", help="a loaded database; nothing is made or removed then")
    parser.add_argument(
        "--server",
        default="postgres://postgres@127.0.0.1:5432",
        help="PostgreSQL without a database name; a database is made on it and dropped",
    )
    options = parser.parse_args()
    with loaded_database(options) as environment:
        results: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
        for _ in range(options.repeats):
            for name, runs in results.items():
                runs.append(measure(name, environment))
    report(options, results)


@contextmanager
def loaded_database(options: argparse.Namespace) -> Iterator[dict[str, str]]:
    """The environment of a database that holds the ratings."""
    with tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name:
        if options.url:
            yield {
                **os.environ,
                "DATABASE_URL": options.url,
                "RECOMMENDER_VAR_DIR": name,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DJANGO_PLAIN_HTTP": "true",
            }
            return
        if not os.environ.get("RECOMMENDER_DATA"):
            sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
        data, folder = Path(os.environ["RECOMMENDER_DATA"]).resolve(), Path(name)
        ratings = prepare(data, folder, full=options.rows == "full")
        with fresh_database(options, folder) as environment:
            step("titles", data / "anime.csv", environment)
            step("load", ratings, environment)
            yield environment


def measure(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run a step of ``benchmarks.dataset_steps`` in a process of its own; its figures."""
    done = subprocess.run(
        [sys.executable, "-c", STEP, name],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def report(options: argparse.Namespace, results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table and the ratio of the medians."""
    (n_rows,) = {run["n_rows"] for runs in results.values() for run in runs}
    medians = {
        name: statistics.median(run["seconds"] for run in runs) for name, runs in results.items()
    }
    print(
        f"{n_rows:,} rows, {options.database}, {options.repeats} runs each, "
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}\n"
    )
    print("| reading | seconds (median) | all runs | memory before, MiB | peak memory, MiB |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in results.items():
        every = ", ".join(f"{run['seconds']:.1f}" for run in runs)
        before, peak = (max(run[key] for run in runs) for key in ("started_mib", "peak_mib"))
        print(f"| {name} | {medians[name]:.1f} | {every} | {before:.0f} | {peak:.0f} |")
    print(f"\nours / bare: {medians['ours'] / medians['bare']:.2f}")


if __name__ == "__main__":
    main()
