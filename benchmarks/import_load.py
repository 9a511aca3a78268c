"""Measures the import of ratings against the bare load of the same rows, as a ratio.

    RECOMMENDER_DATA=... python -m benchmarks.import_load --rows real --database sqlite

*Bare* is the fastest ordinary way into the very same table, with its indexes and constraints: one
``COPY`` (PostgreSQL) or one ``executemany`` in one transaction (SQLite), of rows that were parsed
and checked beforehand, for raters who exist. *Ours* is everything from opening the CSV file to the
finished job. Both run in turn, each in a process of its own on a fresh database, so the ratio
holds for this machine at this hour. ``--people`` adds a process that rates ten times a second
while ours runs, and tells how long it waited.
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

import numpy as np
import psycopg

from benchmarks.simulated_ratings import PUBLISHED_RATERS, PUBLISHED_ROWS, write_simulated

ROOT = Path(__file__).resolve().parent.parent
ROWS_A_CHUNK = 200_000
DATABASE = "osusume_benchmark"
# The models can be imported when Django is set up, not before.
STEP = "import django; django.setup(); from benchmarks import import_steps; import_steps.main()"
NULL = r"\N"  # in PostgreSQL's text format


def main() -> None:
    """Parse the options, measure, print a table."""
    parser = argparse.ArgumentParser(description="Import of ratings against the bare load.")
    parser.add_argument("--rows", choices=["real", "full"], default="real")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--people", action="store_true", help="rate meanwhile, in one more import")
    parser.add_argument(
        "--server",
        default="postgres://postgres@127.0.0.1:5432",
        help="PostgreSQL without a database name; a database is made on it and dropped",
    )
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    with tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name:
        measure(options, Path(os.environ["RECOMMENDER_DATA"]).resolve(), Path(name))


def measure(options: argparse.Namespace, data: Path, folder: Path) -> None:
    """Prepare the rows, run both loads ``--repeats`` times in turn, and print the figures."""
    ratings = prepare(data, folder, full=options.rows == "full")
    results: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    for _ in range(options.repeats):
        with fresh_database(options, folder) as environment:
            step("titles", data / "anime.csv", environment)
            step("raters", folder / "rows.npy", environment)
            results["bare"].append(step("bare", folder / "rows.npy", environment))
        with fresh_database(options, folder) as environment:
            step("titles", data / "anime.csv", environment)
            results["ours"].append(step("load", ratings, environment))
    report(options, len(np.load(folder / "rows.npy", mmap_mode="r")), results)
    if options.people:
        with fresh_database(options, folder) as environment:
            step("titles", data / "anime.csv", environment)
            beside_people(folder, ratings, environment)


def prepare(data: Path, folder: Path, *, full: bool) -> Path:
    """The ratings file, and its rows parsed for the bare load (.npy for SQLite, .copy)."""
    ratings = data / "rating.csv"
    if full:
        ratings = folder / "rating.csv"
        write_simulated(
            ratings,
            real=data / "rating.csv",
            n_rows=PUBLISHED_ROWS,
            n_raters=PUBLISHED_RATERS,
            rng=np.random.default_rng(1),
        )
    rows = np.loadtxt(ratings, delimiter=",", skiprows=1, dtype=np.int64)
    np.save(folder / "rows.npy", rows)
    with (folder / "rows.copy").open("w") as file:
        for start in range(0, len(rows), ROWS_A_CHUNK):
            file.writelines(
                f"{user_id}\t{anime_id}\t2\t{score if score > 0 else NULL}\t2026-01-01\n"
                for user_id, anime_id, score in rows[start : start + ROWS_A_CHUNK].tolist()
            )
    return ratings


@contextmanager
def fresh_database(
    options: argparse.Namespace, folder: Path, database: str = DATABASE
) -> Iterator[dict[str, str]]:
    """The environment of a migrated, empty database, which is removed at the end."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        url = f"sqlite:///{name}/db.sqlite3"
        if options.database == "postgres":
            url = f"{options.server}/{database}"
            administer(options.server, f"DROP DATABASE IF EXISTS {database}")
            administer(options.server, f"CREATE DATABASE {database}")
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "RECOMMENDER_VAR_DIR": name,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_PLAIN_HTTP": "true",
        }
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        yield environment
        if options.database == "postgres":
            administer(options.server, f"DROP DATABASE {database}")


def administer(server: str, statement: str) -> None:
    """Run a statement outside a transaction, on the server's own database."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


def step(name: str, path: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Run a step of ``benchmarks.import_steps`` in a process of its own; its figures."""
    command = [sys.executable, "-c", STEP, name, str(path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def beside_people(folder: Path, ratings: Path, environment: dict[str, str]) -> None:
    """Import while somebody rates, and print how long they waited."""
    stop = folder / "stop"
    command = [sys.executable, "-c", STEP, "people", str(stop)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as people:
        figures = step("load", ratings, environment)
        stop.touch()
        output, _ = people.communicate()
    waited = json.loads(output.splitlines()[-1])
    print(
        f"\nWith somebody rating meanwhile: import {figures['seconds']:.1f} s; "
        f"{waited['calls']} scores, {waited['errors']} errors, each took "
        f"{waited['median'] * 1000:.0f} ms (median), {waited['p99'] * 1000:.0f} ms (99 %), "
        f"{waited['longest'] * 1000:.0f} ms (longest)"
    )


def report(
    options: argparse.Namespace, n_rows: int, results: dict[str, list[dict[str, float]]]
) -> None:
    """Print the table and the ratio of the medians."""
    seconds = {name: [run["seconds"] for run in runs] for name, runs in results.items()}
    kind = "simulated" if options.rows == "full" else "real"
    print(
        f"{n_rows:,} {kind} rows, {options.database}, {options.repeats} runs each, "
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}\n"
    )
    print("| load | seconds (median) | all runs | rows/s | peak memory, MiB |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in results.items():
        median = statistics.median(seconds[name])
        every = ", ".join(f"{value:.1f}" for value in seconds[name])
        peak = max(run["peak_mib"] for run in runs)
        print(f"| {name} | {median:.1f} | {every} | {n_rows / median:,.0f} | {peak:.0f} |")
    ratio = statistics.median(seconds["ours"]) / statistics.median(seconds["bare"])
    print(f"\nours / bare: {ratio:.2f}")


if __name__ == "__main__":
    main()
