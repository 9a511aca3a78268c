"""Measures the matrix factorisation against the SVD of Surprise, as ratios.

    RECOMMENDER_DATA=... python -m benchmarks.matrix_factorisation

*Surprise* is ``surprise.SVD`` with its defaults (100 factors, 20 epochs of stochastic gradient
descent), in an environment of its own (``var/peers``, or ``--peer-env FOLDER``). Each side runs in
a process of its own, on one thread; the gradient steps of ours also on two.

*Quality* is on the real file, split as the platform does. Both learn from the same training rows;
ours needs the validation rows too, for the number of epochs and the neighbours' gain. The errors
are those on the test rows; Surprise's are of several seeds together. *Speed* is an epoch at the
size of the published data set, simulated: of Surprise a fit of some epochs less a fit of none, so
that neither its first vectors nor building its trainset count; of ours the epochs after the first.
Ratios are of the medians, and once more of the fastest epochs, which a busy machine disturbs less.
Two bare loops over the same rows say how much time the least work takes.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.matrix_factorisation_steps import Figures, write_rows
from benchmarks.peers import ROOT, peer_environment, peer_python
from benchmarks.score_predictors import read_parts
from benchmarks.simulated_ratings import PUBLISHED_RATERS, PUBLISHED_ROWS
from benchmarks.simulated_scores import simulated_scores
from ml.bootstrap import Estimate, percentiles, resampled_ratios
from ml.data import Ratings
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.metrics import rmse
from ml.serving import clip_score
from ml.sgd_steps import N_FACTORS

N_TITLES: Final = 11_200
N_SCORED: Final = 6_337_241  # of the published rows
PEER_FACTORS: Final = 100
PEER_EPOCHS: Final = 3  # in each timed fit
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

TRAINSET = """
import itertools, json, sys, time
import numpy as np
from surprise import SVD, Dataset, Reader
stored, repeats = np.load(sys.argv[1]), int(sys.argv[2])
columns = [stored[name] for name in ("train_user", "train_item", "train_score")]
columns = [column[columns[2] > 0].tolist() for column in columns]
rows = list(zip(*columns, itertools.repeat(None)))
trainset = Dataset(Reader(rating_scale=(1, 10))).construct_trainset(rows)
"""
QUALITY = f"""{TRAINSET}
pairs = list(zip(stored["test_user"].tolist(), stored["test_item"].tolist()))
seconds, predictions = [], []
for seed in range(repeats):
    begun = time.perf_counter()
    model = SVD(random_state=seed).fit(trainset)
    seconds.append(time.perf_counter() - begun)
    predictions.append([model.predict(*pair).est for pair in pairs])
np.save(sys.argv[3], predictions)
print(json.dumps(dict(seconds=seconds)))
"""
SPEED = f"""{TRAINSET}
def fit(n_epochs):
    before = time.perf_counter(), time.process_time()
    SVD(n_epochs=n_epochs, random_state=0).fit(trainset)
    return np.array([time.perf_counter() - before[0], time.process_time() - before[1]])
epochs = [(fit({PEER_EPOCHS}) - fit(0)) / {PEER_EPOCHS} for _ in range(repeats)]
seconds, busy = np.transpose(epochs).tolist()
print(json.dumps(dict(seconds=seconds, busy=busy)))
"""


def main() -> None:
    """Parse the options, measure, print tables."""
    parser = argparse.ArgumentParser(description="The matrix factorisation against Surprise.")
    parser.add_argument("--repeats", type=int, default=3, help="timed epochs, and seeds")
    parser.add_argument("--only", choices=["quality", "speed"])
    parser.add_argument("--peer-env", type=Path, help="folder of the peer's environment")
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of rating.csv.")
    data = Path(os.environ["RECOMMENDER_DATA"]).resolve()
    peer = peer_python(["numpy<2", "scikit-surprise"], folder=options.peer_env)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, one thread of {os.cpu_count()} cores "
        f"({platform.machine()}), load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name:
        sides = Sides(peer, Path(name), options.repeats)
        if options.only in {None, "quality"}:
            compare_quality(sides, data)
        if options.only in {None, "speed"}:
            compare_speed(sides, data / "rating.csv")


@dataclass(frozen=True)
class Sides:
    """Both sides, each a process of its own with one thread, over the rows in a folder."""

    peer: Path
    folder: Path
    repeats: int

    @property
    def rows(self) -> Path:
        """The file of the rows."""
        return self.folder / "rows.npz"

    def run_peer(self, program: str) -> Figures:
        """Run a program in the peer's environment; its figures."""
        arguments = [str(self.rows), str(self.repeats), str(self.folder / "peer.npy")]
        command = [str(self.peer), "-c", program, *arguments]
        return _figures(command, self.folder, peer_environment())

    def run_ours(self, what: str) -> Figures:
        """Run a step of :mod:`benchmarks.matrix_factorisation_steps`; its figures."""
        arguments = [what, str(self.rows), str(self.repeats), str(self.folder / "ours.npz")]
        command = [sys.executable, "-m", "benchmarks.matrix_factorisation_steps", *arguments]
        return _figures(command, ROOT, dict(os.environ))


def _figures(command: list[str], folder: Path, environment: dict[str, str]) -> Figures:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | dict.fromkeys(_THREADS, "1"),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare_quality(sides: Sides, data: Path) -> None:
    """Print the errors on the test part of the real file, and the ratio of the best to the peer."""
    train, validation, test = read_parts(data)
    write_rows(sides.rows, {"train": train, "validation": validation, "test": test})
    fits = {"peer": sides.run_peer(QUALITY), "ours": sides.run_ours("quality")}
    peers = clip_score(np.load(sides.folder / "peer.npy"))
    with np.load(sides.folder / "ours.npz") as stored:
        base, best = stored["base"], stored["best"]
    fits["sgd"] = sides.run_ours("sgd-quality")
    with np.load(sides.folder / "ours.npz") as stored:
        sgd = stored["sgd"]
    seconds = {name: statistics.median(figures["seconds"]) for name, figures in fits.items()}
    print(f"\n{len(train.scored()):,} scored training rows, {len(test):,} test rows\n")
    print("| | test RMSE | all seeds | seconds of a fit |")
    print("| --- | --- | --- | --- |")
    every = ", ".join(f"{rmse(values, test.score):.4f}" for values in peers)
    together = float(np.sqrt(np.mean(squared_errors(peers, test.score))))
    print(f"| Surprise SVD | {together:.4f} | {every} | {seconds['peer']:.1f} |")
    print(f"| our gradient steps | {rmse(sgd, test.score):.4f} | | {seconds['sgd']:.1f} |")
    print(f"| our factorisation | {rmse(base, test.score):.4f} | | |")
    print(f"| with neighbours (best) | {rmse(best, test.score):.4f} | | {seconds['ours']:.1f} |")
    of_ours = {"our gradient steps": sgd, "our factorisation": base, "best": best}
    for name, values in of_ours.items():
        ratio = error_ratio(values, peers, test)
        print(f"\n{name} / Surprise: {ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f})")
    epochs = ", ".join(f"{error:.4f}" for error in fits["ours"]["validation_rmse"])
    print(f"\nour factorisation's validation RMSE by epoch: {epochs}")


def squared_errors(
    predictions: npt.NDArray[np.floating], scores: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """The squared error of each row [n], its mean over the seeds [s, n] where there are some."""
    squares = (predictions.astype(np.float64) - scores) ** 2
    return squares.mean(axis=0) if squares.ndim > 1 else squares


def error_ratio(
    ours: npt.NDArray[np.floating], peers: npt.NDArray[np.floating], test: Ratings
) -> Estimate:
    """The ratio of the RMSE of ours [n] to the peer's [s, n], with its interval over raters."""
    _, rater = np.unique(test.user_index, return_inverse=True)
    own, others = (
        np.bincount(rater, weights=squared_errors(values, test.score)).astype(np.float64)
        for values in (ours, peers)
    )
    value, drawn = resampled_ratios(
        own[:, None], others[:, None], generator=np.random.default_rng(0)
    )
    low, high = percentiles(np.sqrt(drawn[:, 0]))
    return Estimate(float(np.sqrt(value[0])), low, high)


def compare_speed(sides: Sides, real: Path) -> None:
    """Print the seconds of an epoch at the published size, both ways, and of the bare loops."""
    rows = full_size(real)
    write_rows(sides.rows, {"train": rows})
    default = MatrixFactorisationConfig().n_factors
    surprise = f"Surprise SVD, {PEER_FACTORS} factors"
    runs = {surprise: sides.run_peer(SPEED)}
    for n_factors in (default, PEER_FACTORS):
        runs[f"ours, {n_factors} factors"] = sides.run_ours(str(n_factors))
    for threads in (1, 2):
        words = f"{threads} thread" + "s" * (threads > 1)
        runs[f"our gradient steps, {N_FACTORS} factors, {words}"] = sides.run_ours(f"sgd-{threads}")
    for n_factors in (default, PEER_FACTORS):
        bare = sides.run_ours(f"bare-{n_factors}")
        for key, what in (("dots", "dot product"), ("steps", "gradient step")):
            name = f"bare: a {what} a row, {n_factors} factors"
            runs[name] = {"seconds": bare[key], "busy": bare[f"{key}_busy"]}
    print(
        f"\n{len(rows):,} simulated rows, {len(rows.scored()):,} of them scored, "
        f"{rows.n_users:,} raters, {rows.n_items:,} titles\n"
    )
    print("| an epoch | | seconds | processor s | Surprise / this | by processor |")
    print("| --- | --- | --- | --- | --- | --- |")
    for middle, words in ((statistics.median, "median"), (min, "least")):
        peer = [middle(runs[surprise][key]) for key in ("seconds", "busy")]
        for name, figures in runs.items():
            seconds, busy = middle(figures["seconds"]), middle(figures["busy"])
            print(
                f"| {name} | {words} of {len(figures['seconds'])} | {seconds:.3f} | {busy:.3f} "
                f"| {peer[0] / seconds:.2f} | {peer[1] / busy:.2f} |"
            )
    sorting = [f["sorting"][0] for f in runs.values() if "sorting" in f]
    print(f"\nSorting the rows once for gradient steps: {min(sorting):.2f} processor s")


def full_size(real: Path) -> Ratings:
    """Simulated rows of the published size, with as many of them scored as were."""
    rng = np.random.default_rng(1)
    rows = simulated_scores(
        real, n_rows=PUBLISHED_ROWS, n_raters=PUBLISHED_RATERS, n_titles=N_TITLES, rng=rng
    )
    score = np.where(rng.random(len(rows)) < N_SCORED / PUBLISHED_ROWS, rows.score, 0)
    return Ratings(
        rows.user_index, rows.item_index, score.astype(np.int8), rows.n_users, rows.n_items
    )


if __name__ == "__main__":
    main()
