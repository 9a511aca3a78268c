"""Measures what a personal list costs whenever a rater's history changes.

    RECOMMENDER_DATA=... python -m benchmarks.fold_in

Models are fitted on the real file. Titles of the published data set that the sample lacks are
added, each with a few ratings of raters drawn at random, so that everything has 11,200 rows. Each
repetition then takes a history of its own, titles drawn by their frequencies and scores from their
histogram, and does every operation once, on one thread, in a process of its own. *The list* is
what stands between a change and the new list. A small matrix product and an empty loop say how
fast the machine is meanwhile.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import numpy as np

from benchmarks.simulated_ratings import draw_titles
from ml import matrix_factorisation_fit, score_neighbours_fit
from ml.config import RecommenderNetConfig
from ml.data import IdMap, Ratings
from ml.ease import Ease, EaseConfig
from ml.histories import Histories
from ml.implicit_als import ImplicitAls
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.protocols import Ranker
from ml.rank_blend import RankBlend
from ml.rank_blend_fit import RankBlendConfig
from ml.ranking import Popularity, top_k_rows
from ml.rating_files import read_ratings
from ml.score_neighbours import ScoreNeighbours, ScoreNeighboursConfig
from ml.serving import RecommenderNetScorer
from ml.train import fit as fit_network

N_TITLES: Final = 11_200
HISTORIES: Final = (200, 2000)
N_EPOCHS: Final = 5  # what more of them teach changes no time
N_LIST: Final = 50
RATINGS_OF_AN_ADDED_TITLE: Final = 5
EPOCHS: Final = 5  # what more of them teach changes no time
LOOP: Final = 100_000
WARM_UP: Final = 5
PARTS_OF_A_LIST: Final = (
    "best predictor: fold-in",
    "best predictor: all predictions",
    "blend: relevance of all",
    "blend: the 50 best",
)
LIST: Final = "**the list: these four**"
REASONS: Final = "blend: contributions to the 50"
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

LEFT: Final = np.ones((128, 200), dtype=np.float32)
RIGHT: Final = np.ones((200, 128), dtype=np.float32)

Figures = dict[str, list[float]]
Result = TypeVar("Result")


def main() -> None:
    """Parse the options, measure in a process of one thread, print a table."""
    parser = argparse.ArgumentParser(description="What a personal list costs.")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of rating.csv.")
    if options.measure:
        real = Path(os.environ["RECOMMENDER_DATA"]) / "rating.csv"
        print(json.dumps(measure(real, options.repeats)))
        return
    command = [sys.executable, "-m", "benchmarks.fold_in", "--measure"]
    done = subprocess.run(
        [*command, "--repeats", str(options.repeats)],
        env=os.environ | dict.fromkeys(_THREADS, "1"),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    report(options.repeats, json.loads(done.stdout.splitlines()[-1]))


def measure(real: Path, repeats: int) -> list[Figures]:
    """Fit, and time every operation for each length of a history."""
    rng = np.random.default_rng(1)
    ratings = with_all_titles(real, N_TITLES, rng)
    models = Models.fit(ratings)
    return [
        timed(models, random_histories(ratings, length, WARM_UP + repeats, rng))
        for length in HISTORIES
    ]


def with_all_titles(real: Path, n_titles: int, rng: np.random.Generator) -> Ratings:
    """The ratings of a file, and some for as many more titles as it lacks."""
    table = read_ratings(real)
    rows = table.indexed(IdMap.of(table.user_id), IdMap.of(table.anime_id))
    added = np.repeat(np.arange(rows.n_items, n_titles), RATINGS_OF_AN_ADDED_TITLE)
    raters = [
        rng.choice(rows.n_users, RATINGS_OF_AN_ADDED_TITLE, replace=False)
        for _ in range(rows.n_items, n_titles)
    ]
    return Ratings(
        np.concatenate([rows.user_index, *raters]).astype(np.int32),
        np.concatenate([rows.item_index, added]).astype(np.int32),
        np.concatenate([rows.score, rng.choice(rows.score, added.size)]),
        rows.n_users,
        max(n_titles, rows.n_items),
    )


@dataclass(frozen=True)
class Models:
    """Everything that a list is made of."""

    best: ScoreNeighbours
    blend: RankBlend
    net: RecommenderNetScorer

    @classmethod
    def fit(cls, ratings: Ratings) -> Self:
        """Fit all of them; say on the error stream which one it is at."""
        _tell("rankers")
        rankers: dict[str, Ranker] = {
            "collaborative": Ease.fit(ratings),
            "ease-broad": Ease.fit(ratings, EaseConfig.broad()),
            "implicit-als": ImplicitAls.fit(ratings),
            "popular": Popularity.fit(ratings),
        }
        # Weights change the order and not the work, as long as none is 0.
        weights = {name: -0.1 if name == "popular" else 1.0 for name in rankers}
        blend = RankBlend(rankers, weights, "collaborative", RankBlendConfig().n_candidates)
        _tell("score predictors")
        config = MatrixFactorisationConfig(n_epochs=EPOCHS)
        base = matrix_factorisation_fit.fit(ratings, None, config).model
        best = score_neighbours_fit.fit(ratings, None, base, ScoreNeighboursConfig())
        network = RecommenderNetConfig(n_epochs=EPOCHS, device="cpu", threads=1)
        net = RecommenderNetScorer.from_weights(
            fit_network(ratings.scored(), None, network).weights
        )
        return cls(best, blend, net)


def _tell(what: str) -> None:
    print(f"fitting the {what}", file=sys.stderr, flush=True)


def random_histories(
    ratings: Ratings, length: int, n: int, rng: np.random.Generator
) -> list[Histories]:
    """``n`` histories of one rater each, titles drawn by frequency, scores from the histogram."""
    counts = np.bincount(ratings.item_index, minlength=ratings.n_items)
    log_share = np.log(np.maximum(counts, 0.5) / counts.sum())
    return [
        Histories.of_one(
            draw_titles(log_share, length, rng), rng.choice(ratings.score, length), ratings.n_items
        )
        for _ in range(n)
    ]


class Stopwatch:
    """Seconds of operations by name, in the order of their first call."""

    def __init__(self) -> None:
        self.seconds: Figures = {}

    def time(self, name: str, operation: Callable[..., Result], *arguments: Any) -> Result:
        """Do it and note how long it took."""
        begun = time.perf_counter()
        result = operation(*arguments)
        self.seconds.setdefault(name, []).append(time.perf_counter() - begun)
        return result


def timed(models: Models, histories: list[Histories]) -> Figures:
    """Do every operation once for each history; the seconds of all but the first few."""
    watch = Stopwatch()
    for history in histories:
        one_change(models, history, watch)
    seconds = {name: values[WARM_UP:] for name, values in watch.seconds.items()}
    together = np.sum([seconds[name] for name in PARTS_OF_A_LIST], axis=0)
    others = {name: values for name, values in seconds.items() if name not in PARTS_OF_A_LIST}
    first = {name: seconds[name] for name in PARTS_OF_A_LIST}
    return {**first, LIST: together.tolist(), **others}


def one_change(models: Models, history: Histories, watch: Stopwatch) -> None:
    """Do all that may be asked for after a change of one rater's history."""
    fold_in, predict, relevance, best = PARTS_OF_A_LIST
    items, scores = history.one(0)
    vector = watch.time(fold_in, models.best.fold_in, items, scores)
    watch.time(predict, models.best.predict, vector)
    values = watch.time(relevance, models.blend.relevance, history)
    listed = watch.time(best, top_k_rows, values, history, N_LIST)[0]
    watch.time(REASONS, models.blend.contributions, items, scores, listed)
    for name, ranker in models.blend.rankers.items():
        watch.time(f"{name}: relevance of all", ranker.relevance, history)
        watch.time(f"{name}: contributions to the 50", ranker.contributions, items, scores, listed)
    vector = watch.time("recommender-net: fold-in", models.net.fold_in, items, scores)
    watch.time("recommender-net: all predictions", models.net.predict, vector)
    watch.time("bare: [128, 200] @ [200, 128], float32", np.matmul, LEFT, RIGHT)
    watch.time(f"bare: {LOOP:,} rounds of an empty loop", empty_loop)


def empty_loop() -> None:
    """Do nothing often."""
    for _ in range(LOOP):
        pass


def report(repeats: int, measured: list[Figures]) -> None:
    """Print the table of the middle and the slow end of each operation."""
    print(
        f"{N_TITLES:,} titles, {repeats} repetitions, one thread, {datetime.now(UTC):%Y-%m-%d}, "
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}\n"
    )
    print(f"| ms, p50 / p95 | {' | '.join(f'{length:,} watched' for length in HISTORIES)} |")
    print(f"| --- |{' --- |' * len(HISTORIES)}")
    for name in measured[0]:
        cells = [
            "{:.2f} / {:.2f}".format(*np.quantile(figures[name], [0.5, 0.95]) * 1000)
            for figures in measured
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
