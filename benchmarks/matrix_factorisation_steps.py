"""What the processes of ours do in :mod:`benchmarks.matrix_factorisation`, one at a time.

Arguments: ``quality``, ``sgd-quality``, a number of factors, ``bare-`` and one, or ``sgd-`` and a
number of threads; the file of the rows; the number of repeats; the file for predictions. Prints one
line of JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.score_predictors import predicted
from ml import matrix_factorisation_fit, score_neighbours_fit, sgd_factorisation_fit
from ml.compiled import compiled
from ml.data import Ratings
from ml.errors import Cancelled
from ml.history import EpochResult
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.score_neighbours import ScoreNeighboursConfig
from ml.sgd_factorisation_config import SgdFactorisationConfig
from ml.sgd_factorisation_state import SgdState

Array = npt.NDArray[Any]
Figures = dict[str, list[float]]

PASSES = 5  # epochs of gradient steps for each repeat
RATE, SHRINKAGE = np.float32(0.005), np.float32(0.02)  # Surprise's defaults


def main() -> None:
    """Do what the arguments say and print its figures as JSON."""
    what, source, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    parts = read_rows(source)
    if what == "quality":
        figures = fit_and_predict(parts, Path(sys.argv[4]))
    elif what == "sgd-quality":
        figures = fit_by_steps(parts, Path(sys.argv[4]))
    elif what.startswith("sgd-"):
        figures = timed_passes(parts["train"], int(what.removeprefix("sgd-")), repeats)
    elif what.startswith("bare-"):
        figures = bare_loops(parts["train"], int(what.removeprefix("bare-")), repeats)
    else:
        config = MatrixFactorisationConfig(n_factors=int(what))
        figures = timed_epochs(parts["train"], config, repeats)
    print(json.dumps(figures))


def write_rows(target: Path, parts: dict[str, Ratings]) -> None:
    """Write the rows of parts of the same raters and titles as arrays."""
    first = next(iter(parts.values()))
    arrays: dict[str, Array] = {"sizes": np.array([first.n_users, first.n_items])}
    for name, rows in parts.items():
        arrays[f"{name}_user"] = rows.user_index
        arrays[f"{name}_item"] = rows.item_index
        arrays[f"{name}_score"] = rows.score
    np.savez(target, allow_pickle=False, **arrays)


def read_rows(source: Path) -> dict[str, Ratings]:
    """Return what :func:`write_rows` wrote."""
    with np.load(source) as stored:
        n_users, n_items = (int(size) for size in stored["sizes"])
        names = [name.removesuffix("_user") for name in stored.files if name.endswith("_user")]
        return {
            name: Ratings(
                stored[f"{name}_user"],
                stored[f"{name}_item"],
                stored[f"{name}_score"],
                n_users,
                n_items,
            )
            for name in names
        }


def fit_and_predict(parts: dict[str, Ratings], target: Path) -> Figures:
    """Fit the factorisation and its neighbours; write the predictions of the test part."""
    begun = time.perf_counter()
    rows = parts["train"], parts["validation"]
    result = matrix_factorisation_fit.fit(*rows, MatrixFactorisationConfig())
    neighbours = score_neighbours_fit.fit(*rows, result.model, ScoreNeighboursConfig())
    seconds = time.perf_counter() - begun
    base, best = (predicted(model, parts["test"]) for model in (neighbours.base, neighbours))
    np.savez(target, base=base, best=best)
    errors = [epoch.validation_rmse or 0.0 for epoch in result.history]
    return {"seconds": [seconds], "validation_rmse": errors}


def fit_by_steps(parts: dict[str, Ratings], target: Path) -> Figures:
    """Fit the factorisation by gradient steps; write the predictions of the test part."""
    begun = time.perf_counter()
    result = sgd_factorisation_fit.fit(
        parts["train"], parts["validation"], SgdFactorisationConfig()
    )
    seconds = time.perf_counter() - begun
    np.savez(target, sgd=predicted(result.model, parts["test"]))
    errors = [epoch.validation_rmse or 0.0 for epoch in result.history]
    return {"seconds": [seconds], "validation_rmse": errors}


def timed_epochs(rows: Ratings, config: MatrixFactorisationConfig, repeats: int) -> Figures:
    """Time epochs; one more comes first, in which machine code is loaded or made.

    The fit is ended behind the last of them: its final rounds are part of no epoch.
    """
    seconds: list[float] = []
    busy = [time.process_time()]

    def note(result: EpochResult) -> None:
        seconds.append(result.seconds)
        busy.append(time.process_time())

    settings = MatrixFactorisationConfig.from_dict({**config.to_dict(), "n_epochs": repeats + 2})
    with suppress(Cancelled):
        matrix_factorisation_fit.fit(
            rows, None, settings, on_epoch=note, should_stop=lambda: len(seconds) > repeats
        )
    return {"seconds": seconds[1:], "busy": np.diff(busy)[1:].tolist()}


def timed_passes(rows: Ratings, threads: int, repeats: int) -> Figures:
    """Time epochs of gradient steps in the same way; several each, since they are short.

    To sort the rows, which a fit does once, belongs to no epoch and is reported by itself.
    """
    begun = time.process_time()
    state = SgdState(rows.scored(), SgdFactorisationConfig(threads=threads))
    sorting = time.process_time() - begun
    seconds, busy = [], []
    with ThreadPoolExecutor(threads) as pool:
        for epoch in range(1 + PASSES * repeats):
            start = time.perf_counter(), time.process_time()
            state.epoch(epoch, pool, lambda: None)
            seconds.append(time.perf_counter() - start[0])
            busy.append(time.process_time() - start[1])
    return {"seconds": seconds[1:], "busy": busy[1:], "sorting": [sorting]}


def bare_loops(rows: Ratings, n_factors: int, repeats: int) -> Figures:
    """Time one dot product a row, and one plain gradient step a row, float32 and compiled."""
    rng = np.random.default_rng(0)
    scored = rows.scored()
    raters = rng.normal(scale=0.1, size=(rows.n_users, n_factors)).astype(np.float32)
    titles = rng.normal(scale=0.1, size=(rows.n_items, n_factors)).astype(np.float32)
    columns = scored.user_index, scored.item_index, scored.score.astype(np.float32)
    loops: tuple[tuple[str, Callable[..., Any]], ...] = (("dots", dots), ("steps", steps))
    figures: Figures = {}
    for name, loop in loops:
        loop(*(column[:1] for column in columns), raters, titles)
        figures[name], figures[f"{name}_busy"] = [], []
        for _ in range(repeats):
            begun = time.perf_counter(), time.process_time()
            loop(*columns, raters, titles)
            figures[name].append(time.perf_counter() - begun[0])
            figures[f"{name}_busy"].append(time.process_time() - begun[1])
    return figures


@compiled(fastmath=True)
def dots(user: Array, item: Array, score: Array, raters: Array, titles: Array) -> float:
    """Return the sum of the squared errors, and learn nothing."""
    total = 0.0
    for row in range(len(user)):
        u, v = raters[user[row]], titles[item[row]]
        error = score[row]
        for k in range(len(u)):
            error -= u[k] * v[k]
        total += error * error
    return total


@compiled(fastmath=True)
def steps(user: Array, item: Array, score: Array, raters: Array, titles: Array) -> None:
    """Do a step of stochastic gradient descent for each row, without biases."""
    for row in range(len(user)):
        u, v = raters[user[row]], titles[item[row]]
        error = score[row]
        for k in range(len(u)):
            error -= u[k] * v[k]
        for k in range(len(u)):
            a, b = u[k], v[k]
            u[k] += RATE * (error * b - SHRINKAGE * a)
            v[k] += RATE * (error * a - SHRINKAGE * b)


if __name__ == "__main__":
    main()
