"""Epoch after epoch until the validation error no longer falls: the loop of both factorisations."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ml.data import Ratings
from ml.errors import Cancelled, Diverged
from ml.history import EpochResult
from ml.metrics import rmse
from ml.serving import clip_score

Model = TypeVar("Model")
Model_co = TypeVar("Model_co", covariant=True)


@dataclass(frozen=True, eq=False)
class FitResult(Generic[Model]):
    """What a fit leaves.

    Attributes:
        model: of the best epoch.
        history: one entry an epoch.
        best_epoch: the epoch (from 1) with the lowest validation error, or the last one.
    """

    model: Model
    history: list[EpochResult]
    best_epoch: int


class LoopSettings(Protocol):
    """What the loop reads of a factorisation's settings."""

    @property
    def n_epochs(self) -> int:
        """Most epochs."""
        ...

    @property
    def min_gain(self) -> float:
        """By how much an epoch has to lower the validation RMSE to count as a gain."""
        ...

    @property
    def patience(self) -> int:
        """So many epochs without a gain in a row end the fit."""
        ...

    @property
    def threads(self) -> int:
        """Threads on the CPU."""
        ...


class EpochState(Protocol[Model_co]):
    """What is being fitted."""

    n_rows: int

    def epoch(self, n_before: int, pool: ThreadPoolExecutor, ask: Callable[[], None]) -> float:
        """Do one round after ``n_before`` others; return the training RMSE that it saw."""
        ...

    def predict(self, pairs: Ratings, /) -> npt.NDArray[np.floating[Any]]:
        """Return predictions of rows, not clipped."""
        ...

    def learnt(self) -> Any:
        """Return a copy of what has been learnt so far."""
        ...

    def model(self, learnt: Any, pool: ThreadPoolExecutor) -> Model_co:
        """Return the model of what :meth:`learnt` gave."""
        ...


def run_epochs(
    make_state: Callable[[], EpochState[Model]],
    validation: Ratings | None,
    config: LoopSettings,
    *,
    advice: str,
    on_epoch: Callable[[EpochResult], None] | None,
    should_stop: Callable[[], bool] | None,
) -> FitResult[Model]:
    """Run epochs; with validation rows keep the best one and stop when nothing is gained.

    Args:
        make_state: makes the state to start from; not called when the fit is to stop at once.
        validation: scored rows, or None (as are no rows).
        config: settings.
        advice: a sentence on what usually helps against divergence.
        on_epoch: called after each epoch.
        should_stop: asked a few times an epoch; True ends the fit.

    Raises:
        Diverged: a number is no longer finite.
        Cancelled: ``should_stop`` said so.
    """
    held_out = validation if validation is not None and len(validation) else None
    history: list[EpochResult] = []

    def ask() -> None:
        if should_stop is not None and should_stop():
            raise Cancelled(f"Stopped in epoch {len(history) + 1}.")

    def check_finite(value: float) -> None:
        if not math.isfinite(value):
            raise Diverged(f"A number stopped being finite in epoch {len(history) + 1}. {advice}")

    def run_epoch() -> EpochResult:
        started = time.perf_counter()
        train_rmse = state.epoch(len(history), pool, ask)
        learnt = time.perf_counter()
        check_finite(train_rmse)
        validation_rmse = None
        if held_out is not None:
            predictions = state.predict(held_out)
            check_finite(float(np.sum(predictions)))
            validation_rmse = rmse(clip_score(predictions), held_out.score)
        return EpochResult(
            epoch=len(history) + 1,
            n_epochs=config.n_epochs,
            train_rmse=train_rmse,
            validation_rmse=validation_rmse,
            seconds=time.perf_counter() - started,
            rows_per_second=state.n_rows / max(learnt - started, 1e-9),
        )

    ask()
    state = make_state()
    best, best_epoch, best_rmse, idle = state.learnt(), 0, math.inf, 0
    with ThreadPoolExecutor(config.threads) as pool:
        while len(history) < config.n_epochs and idle < config.patience:
            result = run_epoch()
            history.append(result)
            reached = -math.inf if result.validation_rmse is None else result.validation_rmse
            idle = 0 if reached < best_rmse - config.min_gain or held_out is None else idle + 1
            if held_out is None or reached < best_rmse:
                best, best_epoch, best_rmse = state.learnt(), result.epoch, reached
            if on_epoch is not None:
                on_epoch(result)
        return FitResult(state.model(best, pool), history, best_epoch)
