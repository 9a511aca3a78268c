"""Measures how long the lists of all raters take, from the database to a file.

    RECOMMENDER_DATA=... python -m benchmarks.bulk_lists --rows full --database postgres

A fresh database gets the ratings, and a version of all models with it, of full size and fitted in
one pass. Then ``export_recommendations`` writes the 50 best of each rater with their predictions,
by one ranker (*collaborative*) and by the default list (*for-you*), each in a process of its own
with one thread of linear algebra. *Bare* is what no way to do it can leave out: reading the lists
with ``histories_of`` and making nothing of them, and writing as many CSV rows that are in memory
with pyarrow. ``--rows full`` simulates the published size (see ``benchmarks.simulated_ratings``).
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.import_load import ROOT, fresh_database, step
from benchmarks.simulated_ratings import (
    PUBLISHED_RATERS,
    PUBLISHED_ROWS,
    PUBLISHED_TITLES,
    write_simulated,
)

DATABASE: Final = "osusume_bulk_benchmark"
STEPS: Final = {
    "collaborative": "lists, `collaborative`",
    "for_you": "lists, `for-you`",
    "read": "bare: read the histories",
    "write": "bare: write as many rows",
}
# The models can be imported when Django is set up, not before.
STEP: Final = (
    "import django; django.setup(); "
    "from benchmarks import bulk_lists_steps; bulk_lists_steps.main()"
)
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Parse the options, measure, print a table."""
    parser = argparse.ArgumentParser(description="Lists of all raters, to a file.")
    parser.add_argument("--rows", choices=["real", "full"], default="full")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument(
        "--server",
        default="postgres://postgres@127.0.0.1:5432",
        help="PostgreSQL without a database name; a database is made on it and dropped",
    )
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    data = Path(os.environ["RECOMMENDER_DATA"]).resolve()
    with (
        tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name,
        loaded_database(options, data, Path(name)) as environment,
    ):
        fitted = measure("fit", environment)
        report(options, fitted, {name: measure(name, environment) for name in STEPS})


@contextmanager
def loaded_database(
    options: argparse.Namespace, data: Path, folder: Path
) -> Iterator[dict[str, str]]:
    """The environment of a database that holds titles and ratings."""
    ratings = data / "rating.csv"
    if options.rows == "full":
        ratings = folder / "rating.csv"
        simulate(ratings, data)
    with fresh_database(options, folder, DATABASE) as environment:
        step("titles", data / "anime.csv", environment)
        step("load", ratings, environment)
        yield environment | dict.fromkeys(_THREADS, "1")


def simulate(target: Path, data: Path) -> None:
    """Write ratings of the published number of rows, raters and titles."""
    with (data / "anime.csv").open(newline="") as file:
        known = np.array([int(row["anime_id"]) for row in csv.DictReader(file)], dtype=np.int64)
    table = np.loadtxt(data / "rating.csv", delimiter=",", skiprows=1, dtype=np.int64)
    rated = np.unique(table[:, 1])
    rng = np.random.default_rng(1)
    lacking = rng.permutation(np.setdiff1d(known, rated))
    write_simulated(
        target,
        real=data / "rating.csv",
        n_rows=PUBLISHED_ROWS,
        n_raters=PUBLISHED_RATERS,
        rng=rng,
        more_titles=lacking[: max(0, PUBLISHED_TITLES - len(rated))],
    )


def measure(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run a step of ``benchmarks.bulk_lists_steps`` in a process of its own; its figures."""
    done = subprocess.run(
        [sys.executable, "-c", STEP, name],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures | {"load": os.getloadavg()[0]}


def report(
    options: argparse.Namespace, fitted: dict[str, Any], results: dict[str, dict[str, Any]]
) -> None:
    """Print the table."""
    kind = "simulated" if options.rows == "full" else "real"
    print(
        f"{fitted['n_rows']:,} {kind} ratings, {options.database}, "
        f"{datetime.now(UTC):%Y-%m-%d}, one thread, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}; a fit in one pass took "
        f"{fitted['seconds']:.0f} s\n"
    )
    print(
        "| step | rows | seconds | processor seconds | load "
        "| memory before, MiB | peak memory, MiB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, figures in results.items():
        print(
            f"| {STEPS[name]} | {figures['n_rows']:,} | {figures['seconds']:.1f} "
            f"| {figures['cpu']:.1f} | {figures['load']:.1f} "
            f"| {figures['started_mib']:.0f} | {figures['peak_mib']:.0f} |"
        )


if __name__ == "__main__":
    main()
