"""Measures RecommenderNet's training and serving against the plain way, as ratios.

    RECOMMENDER_DATA=... python -m benchmarks.recommender_net

*Plain* is the reference's way: a DataLoader over a TensorDataset, shuffled batches of 1,024,
autograd, ``torch.optim.Adam`` over all parameters, one forward with joined embeddings. *Ours* is
``ml.train.fit`` and ``ml.serving.RecommenderNetScorer`` as the product uses them.

*Time* is at the size of the published data set, with :mod:`benchmarks.simulated_scores`. Before
each epoch of ours, some batches of the plain loop are timed, and their median is multiplied by the
number of batches; shuffling all rows, which comes before an epoch's first batch, is left out of
it. Ours runs on one thread, as is the default, and on as many as the plain loop. Where other
processes want the cores, threads wait for each other, and only the figures of one thread hold.

*Quality* is on fewer rows, where the plain loop is really trained: the error on a tenth of the
rows that neither learns from, after the last of an equal number of epochs.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.simulated_scores import simulated_scores
from ml.artifacts import load_arrays, write_artifact
from ml.config import RecommenderNetConfig
from ml.data import IdMap, Ratings
from ml.devices import torch_threads
from ml.metrics import rmse
from ml.rating_files import read_ratings
from ml.recommender_net import RecommenderNet
from ml.serving import RecommenderNetScorer
from ml.train import fit, network_from_weights, predict

N_RATERS = 73_515
N_TITLES = 11_200
N_SCORED = 6_337_241
SMALL_SHARE = 15  # quality is measured on as many raters as the real file has
BATCH = 1024
WARM_UP = 20
REQUESTS = 200


@dataclass
class PlainLoop:
    """The plain way to train, a batch at a time."""

    rows: Ratings
    seed: int

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.net = RecommenderNet(self.rows.n_users, self.rows.n_items)
        self._optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self._loader = DataLoader(
            TensorDataset(
                torch.tensor(self.rows.user_index, dtype=torch.int64),
                torch.tensor(self.rows.item_index, dtype=torch.int64),
                torch.tensor(self.rows.score, dtype=torch.float32),
            ),
            batch_size=BATCH,
            shuffle=True,
        )

    def __len__(self) -> int:
        return len(self._loader)

    def epoch(self) -> Iterator[float]:
        """Train one epoch; yield the seconds of each batch, its loading included."""
        self.net.train()
        batches = iter(self._loader)
        for _ in range(len(self)):
            started = time.perf_counter()
            user, item, score = next(batches)
            self._optimizer.zero_grad()
            loss: Tensor = (self.net(user, item) - score).square().mean().sqrt()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            yield time.perf_counter() - started

    @torch.inference_mode()
    def error(self, held_out: Ratings) -> float:
        """The RMSE on rows that were not learnt from."""
        user, item = torch.tensor(held_out.user_index), torch.tensor(held_out.item_index)
        return rmse(self.net.eval()(user, item).numpy(), held_out.score)


def main() -> None:
    """Parse the options, measure, print tables."""
    parser = argparse.ArgumentParser(description="RecommenderNet against the plain way.")
    parser.add_argument("--repeats", type=int, default=3, help="timed epochs of ours, and seeds")
    parser.add_argument("--batches", type=int, default=300, help="plain batches timed each time")
    parser.add_argument("--epochs", type=int, default=5, help="of both when quality is measured")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", choices=["time", "quality", "serving"])
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    real = Path(os.environ["RECOMMENDER_DATA"]).resolve() / "rating.csv"
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), "
        f"{options.threads} threads, torch {torch.__version__}, Python {platform.python_version()}"
    )
    with torch_threads(options.threads):
        if options.only in {None, "time"}:
            compare_time(options, real)
        if options.only in {None, "quality"}:
            compare_quality(options, real)
        if options.only in {None, "serving"}:
            compare_serving()


def simulated(real: Path, share: int = 1) -> Ratings:
    """Simulated rows of the published size, or a share of its raters with their rows."""
    return simulated_scores(
        real,
        n_rows=N_SCORED // share,
        n_raters=N_RATERS // share,
        n_titles=N_TITLES,
        rng=np.random.default_rng(1),
    )


def compare_time(options: argparse.Namespace, real: Path) -> None:
    """Print the seconds of an epoch at the full size, both ways in turn."""
    rows = simulated(real)
    plain = PlainLoop(rows, seed=0)
    batches = plain.epoch()
    for _ in range(WARM_UP):
        next(batches)
    seconds: dict[str, list[float]] = {"plain": []}
    for _ in range(options.repeats):
        timed = [next(batches) for _ in range(options.batches)]
        seconds["plain"].append(statistics.median(timed) * len(plain))
        for threads in sorted({1, options.threads}):
            config = RecommenderNetConfig(n_epochs=1, threads=threads, device="cpu")
            (epoch,) = fit(rows, None, config).history
            seconds.setdefault(f"ours, threads={threads}", []).append(epoch.seconds)
    print(
        f"\n{len(rows):,} simulated rows, {rows.n_users:,} raters, {rows.n_items:,} titles; plain "
        f"from {options.batches} of {len(plain):,} batches each time\n"
    )
    print("| training | seconds an epoch (median) | all | rows/s | plain / ours |")
    print("| --- | --- | --- | --- | --- |")
    for name, values in seconds.items():
        median = statistics.median(values)
        every = ", ".join(f"{value:.1f}" for value in values)
        ratio = statistics.median(seconds["plain"]) / median
        print(f"| {name} | {median:.1f} | {every} | {len(rows) / median:,.0f} | {ratio:.1f} |")


def compare_quality(options: argparse.Namespace, real: Path) -> None:
    """Print the error of both ways after the same number of epochs, each really trained."""
    table = read_ratings(real)
    real_rows = table.indexed(IdMap.of(table.user_id), IdMap.of(table.anime_id)).scored()
    print("\n| held-out RMSE | rows | epochs | plain (median) | ours (median) | all |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, rows in (("simulated", simulated(real, SMALL_SHARE)), ("real file", real_rows)):
        held_out = np.random.default_rng(2).random(len(rows)) < 0.1
        train, test = rows.take(~held_out), rows.take(held_out)
        errors = [both_errors(options, train, test, seed) for seed in range(options.repeats)]
        plain, ours = (statistics.median(column) for column in zip(*errors, strict=True))
        every = ", ".join(f"{first:.4f}/{second:.4f}" for first, second in errors)
        print(f"| {name} | {len(rows):,} | {options.epochs} | {plain:.4f} | {ours:.4f} | {every} |")


def both_errors(
    options: argparse.Namespace, train: Ratings, test: Ratings, seed: int
) -> tuple[float, float]:
    """The error of the plain loop and of ours, trained on the same rows."""
    plain = PlainLoop(train, seed)
    for _ in range(options.epochs):
        for _ in plain.epoch():
            pass
    config = RecommenderNetConfig(
        n_epochs=options.epochs, seed=seed, threads=options.threads, device="cpu"
    )
    weights = fit(train, None, config).weights
    return plain.error(test), rmse(predict(weights, test.user_index, test.item_index), test.score)


def compare_serving() -> None:
    """Print the time to score every title for one rater, all ways in turn.

    The processor's time leaves out the waiting for other processes.
    """
    rng = np.random.default_rng(3)
    one_each = Ratings(
        np.arange(N_RATERS, dtype=np.int32),
        rng.integers(0, N_TITLES, N_RATERS, dtype=np.int32),
        rng.integers(1, 11, N_RATERS, dtype=np.int8),
        n_users=N_RATERS,
        n_items=N_TITLES,
    )
    weights = fit(one_each, None, RecommenderNetConfig(n_epochs=1, device="cpu")).weights
    net, scorer = network_from_weights(weights), RecommenderNetScorer.from_weights(weights)
    every = torch.arange(N_TITLES)

    @torch.inference_mode()
    def plain(user: int) -> npt.NDArray[np.float32]:
        predictions: npt.NDArray[np.float32] = net(torch.full((N_TITLES,), user), every).numpy()
        return predictions

    with tempfile.TemporaryDirectory() as folder:
        path = write_artifact(Path(folder), "net", arrays={"net": scorer.arrays()}, manifest={})
        mapped = RecommenderNetScorer.from_arrays(load_arrays(path, "net"))
        ways: dict[str, Callable[[int], npt.NDArray[np.float32]]] = {
            "plain": plain,
            "ours": lambda user: scorer.predict(scorer.user_vector(user)),
            "ours, mapped from its file": lambda user: mapped.predict(mapped.user_vector(user)),
        }
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for user in rng.integers(0, N_RATERS, REQUESTS).tolist():
            expected = plain(user)
            for name, predict_all in ways.items():
                started, used = time.perf_counter(), time.process_time()
                predictions = predict_all(user)
                used = time.process_time() - used
                seconds[name].append((time.perf_counter() - started, used))
                np.testing.assert_allclose(predictions, expected, atol=1e-3)
    medians = {
        name: [statistics.median(column) * 1000 for column in zip(*values, strict=True)]
        for name, values in seconds.items()
    }
    print(
        f"\n| one rater, {N_TITLES:,} titles | ms | plain / this | of the processor, ms | ratio |"
    )
    print("| --- | --- | --- | --- | --- |")
    for name, (wall, processor) in medians.items():
        ratios = medians["plain"][0] / wall, medians["plain"][1] / processor
        print(f"| {name} | {wall:.2f} | {ratios[0]:.1f} | {processor:.2f} | {ratios[1]:.1f} |")
    print(f"\nMedians of {REQUESTS}.")


if __name__ == "__main__":
    main()
