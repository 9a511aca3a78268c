"""Measures EASE at the size of the published data set, which nobody may hand on.

    RECOMMENDER_DATA=... python -m benchmarks.ease --threads 2

The rows are simulated (see ``benchmarks.simulated_ratings``): as many raters, titles and ratings
as were published, with the real file's activity, frequencies and scores. A process of its own
fits EASE to them and then makes everybody's list of 50, so the peak memory is of that alone.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.simulated_ratings import (
    PUBLISHED_RATERS,
    PUBLISHED_ROWS,
    PUBLISHED_TITLES,
    draw_titles,
    rescaled,
)
from ml.data import Ratings
from ml.ease import Ease
from ml.histories import Histories
from ml.ranking import top_k_rows

_TITLE_NOBODY_RATED_HERE: Final = 0.5  # ratings: titles of the full set that the sample lacks
_RATERS_A_BATCH: Final = 1000
_LIST: Final = 50


def main() -> None:
    """Parse the options, simulate, measure, print a table."""
    parser = argparse.ArgumentParser(description="EASE at full size, on simulated rows.")
    parser.add_argument("--raters", type=int, default=PUBLISHED_RATERS)
    parser.add_argument("--rows", type=int, default=PUBLISHED_ROWS)
    parser.add_argument("--titles", type=int, default=PUBLISHED_TITLES)
    parser.add_argument("--threads", type=int, default=1, help="of the linear algebra")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of rating.csv.")
    with tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name:
        rows = Path(name) / "rows.npz"
        simulate(rows, Path(os.environ["RECOMMENDER_DATA"]) / "rating.csv", options)
        report(options, measured_apart(rows, options.threads))


def simulate(target: Path, real: Path, options: argparse.Namespace) -> None:
    """Write the simulated ratings as arrays."""
    rng = np.random.default_rng(1)
    table = np.loadtxt(real, delimiter=",", skiprows=1, dtype=np.int64)
    _, frequency = np.unique(table[:, 1], return_counts=True)
    shares = np.full(options.titles, _TITLE_NOBODY_RATED_HERE)
    shares[: len(frequency)] = np.sort(frequency)[::-1][: options.titles]
    rng.shuffle(shares)
    _, activity = np.unique(table[:, 0], return_counts=True)
    sizes = rescaled(
        activity, total=options.rows, size=options.raters, most=options.titles - 1, rng=rng
    )
    log_share = np.log(shares / shares.sum())
    items = np.concatenate([draw_titles(log_share, int(size), rng) for size in sizes])
    np.savez(
        target,
        user_index=np.repeat(np.arange(options.raters, dtype=np.int32), sizes),
        item_index=items.astype(np.int32),
        score=np.maximum(rng.choice(table[:, 2], items.size), 0).astype(np.int8),
        sizes=np.array([options.raters, options.titles]),
    )


def measured_apart(rows: Path, threads: int) -> dict[str, float]:
    """Run :func:`measure` in a fresh process and return its figures."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    command = [sys.executable, "-m", "benchmarks.ease", "--measure", str(rows)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(rows: Path) -> dict[str, Any]:
    """Fit EASE, rank for every rater, and return seconds and MiB."""
    with np.load(rows) as stored:
        n_users, n_items = (int(size) for size in stored["sizes"])
        ratings = Ratings(
            stored["user_index"], stored["item_index"], stored["score"], n_users, n_items
        )
    before = time.perf_counter(), time.process_time()
    model = Ease.fit(ratings)
    fit, fit_cpu = time.perf_counter() - before[0], time.process_time() - before[1]
    fit_mib = peak_mib()
    histories = Histories.of_ratings(ratings)
    before = time.perf_counter(), time.process_time()
    for start in range(0, n_users, _RATERS_A_BATCH):
        some = histories.take(slice(start, start + _RATERS_A_BATCH))
        top_k_rows(model.relevance(some), some, _LIST)
    lists, lists_cpu = time.perf_counter() - before[0], time.process_time() - before[1]
    return {
        "fit": fit,
        "fit_cpu": fit_cpu,
        "fit_mib": fit_mib,
        "lists": lists,
        "lists_cpu": lists_cpu,
        "lists_mib": peak_mib(),
        "artifact_mib": sum(array.nbytes for array in model.arrays().values()) / 2**20,
    }


def peak_mib() -> float:
    """The largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(options: argparse.Namespace, figures: dict[str, float]) -> None:
    """Print the table."""
    print(
        f"{options.rows:,} simulated rows, {options.raters:,} raters, {options.titles:,} titles, "
        f"{datetime.now(UTC):%Y-%m-%d}, {options.threads} threads, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}\n"
    )
    print("| step | seconds | processor seconds | peak memory so far, MiB |")
    print("| --- | --- | --- | --- |")
    for step, key in (("fit", "fit"), (f"{options.raters:,} lists of {_LIST}", "lists")):
        print(
            f"| {step} | {figures[key]:.1f} | {figures[f'{key}_cpu']:.1f} "
            f"| {figures[f'{key}_mib']:.0f} |"
        )
    print(f"\nweights: {figures['artifact_mib']:.1f} MiB")


if __name__ == "__main__":
    main()
