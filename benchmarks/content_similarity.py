"""Measures every title's 50 most similar titles against scikit-learn, as a ratio.

    RECOMMENDER_DATA=... python -m benchmarks.content_similarity

*Peer* is ``cosine_similarity`` of scikit-learn and ``numpy.argsort`` over all pairs, in an
environment of its own (``var/peers``, or ``--peer-env FOLDER``). *Ours* is
``ContentModel.top_similar(50)``. Both get the same float32 features of the real complete titles
from a file, and run in turn, each in a process of its own, with one BLAS thread each (or
``--threads N``; sorting, most of the peer's work, has one in any case). The cosines of both are
compared, so that it is known that the same was computed.
"""

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import ROOT, peer_environment, peer_python
from ml.content import item_features

K = 50
# How far apart the peer's float32 cosines and ours, which are exact until they are rounded, may be.
TOLERANCE = 1e-6
END = """
import json, resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
np.save(sys.argv[2], cosines)
print(json.dumps({"seconds": seconds, "peak_mib": peak}))
"""
OURS = f"""
import sys, time
import numpy as np
from ml.content import ContentModel
features = np.load(sys.argv[1])
names = [str(number) for number in range(features.shape[1])]
model = ContentModel(np.arange(len(features)), names, features)
begun = time.perf_counter()
rows, cosines = model.top_similar({K})
seconds = time.perf_counter() - begun
{END}"""
PEER = f"""
import sys, time
import numpy as np
from sklearn.metrics.pairwise import cosine_similarity
features = np.load(sys.argv[1])
begun = time.perf_counter()
similarity = cosine_similarity(features)
np.fill_diagonal(similarity, -1)
rows = np.argsort(-similarity, axis=1)[:, :{K}]
cosines = np.take_along_axis(similarity, rows, axis=1)
seconds = time.perf_counter() - begun
{END}"""


def main() -> None:
    """Parse the options, measure, print a table."""
    parser = argparse.ArgumentParser(description="Similar titles against scikit-learn.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of BLAS, for both")
    parser.add_argument("--peer-env", type=Path, help="folder of the peer's environment")
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    features = complete_features(Path(os.environ["RECOMMENDER_DATA"]) / "anime.csv")
    peer = peer_python(["scikit-learn"], folder=options.peer_env)
    results: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
    with tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name:
        folder = Path(name)
        np.save(folder / "features.npy", features)
        for _ in range(options.repeats):
            results["peer"].append(run(peer, PEER, folder, "peer", options.threads))
            ours = Path(sys.executable)
            results["ours"].append(run(ours, OURS, folder, "ours", options.threads))
        cosines = [np.load(folder / f"{kind}.npy") for kind in results]
    difference = float(np.abs(cosines[0] - cosines[1]).max())
    if difference > TOLERANCE:
        sys.exit(f"The cosines differ by up to {difference:g}: not the same was computed.")
    report(options, features.shape, results, difference)


def complete_features(path: Path) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """The features of the titles with no missing field, by id: float32 [n, n_features]."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        titles = [
            row
            for row in csv.DictReader(file)
            if row["genre"] and row["type"] and row["rating"] and row["episodes"].isdigit()
        ]
    titles.sort(key=lambda row: int(row["anime_id"]))
    genres = [[name.strip() for name in row["genre"].split(",")] for row in titles]
    return item_features(genres, [row["type"] for row in titles])[1]


def run(python: Path, program: str, folder: Path, kind: str, threads: int) -> dict[str, float]:
    """Run a program in a process of its own; its figures."""
    arguments = [str(folder / "features.npy"), str(folder / f"{kind}.npy")]
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    done = subprocess.run(
        [str(python), "-c", program, *arguments],
        cwd=ROOT if kind == "ours" else folder,
        env=(dict(os.environ) if kind == "ours" else peer_environment()) | limits,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def report(
    options: argparse.Namespace,
    shape: tuple[int, ...],
    results: dict[str, list[dict[str, float]]],
    difference: float,
) -> None:
    """Print the table and the ratio of the medians."""
    medians = {
        name: statistics.median(run["seconds"] for run in runs) for name, runs in results.items()
    }
    print(
        f"The {K} most similar of {shape[0]:,} titles with {shape[1]} features, "
        f"{options.repeats} runs each on {options.threads} thread(s), "
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}\n"
    )
    print("| | seconds (median) | all runs | peak memory, MiB |")
    print("| --- | --- | --- | --- |")
    for name, runs in results.items():
        every = ", ".join(f"{run['seconds']:.3f}" for run in runs)
        peak = max(run["peak_mib"] for run in runs)
        print(f"| {name} | {medians[name]:.3f} | {every} | {peak:.0f} |")
    print(f"\npeer / ours: {medians['peer'] / medians['ours']:.0f}")
    print(f"Greatest difference of two cosines: {difference:g}")


if __name__ == "__main__":
    main()
