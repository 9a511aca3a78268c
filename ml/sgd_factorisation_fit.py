"""Fit :class:`ml.sgd_factorisation.SgdFactorisation` by stochastic gradient descent."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ml.data import Ratings
from ml.errors import Cancelled, Diverged
from ml.history import EpochResult
from ml.metrics import rmse
from ml.predictor_inputs import checked_training_rows
from ml.serving import clip_score
from ml.sgd_factorisation import SgdFactorisation
from ml.sgd_factorisation_config import SgdFactorisationConfig
from ml.sgd_factorisation_state import SgdState


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit leaves.

    Attributes:
        model: of the best epoch.
        history: one entry an epoch.
        best_epoch: the epoch (from 1) with the lowest validation error, or the last one.
    """

    model: SgdFactorisation
    history: list[EpochResult]
    best_epoch: int


def fit(
    train: Ratings,
    validation: Ratings | None,
    config: SgdFactorisationConfig,
    *,
    on_epoch: Callable[[EpochResult], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FitResult:
    """Fit the factorisation on watched titles and their scores.

    With validation rows the epoch with the lowest validation RMSE is kept, and the fit ends once
    ``config.patience`` epochs have gained less than ``config.min_gain`` each. To refit on all
    rows, call it with ``validation=None`` and ``n_epochs`` set to that epoch.

    The result depends on the rows' order and the seed, and not on the number of threads.

    Args:
        train: rows to learn from; those without a score do not count.
        validation: scored rows of the same raters and titles, or None (as are no rows).
        config: settings.
        on_epoch: called after each epoch.
        should_stop: asked a few times an epoch; True ends the fit.

    Raises:
        TooLittleData: no scored training row.
        DataError: a validation row without a score, or sizes that differ.
        Diverged: a number is no longer finite.
        Cancelled: ``should_stop`` said so.
    """
    scored = checked_training_rows(train, validation)
    held_out = validation if validation is not None and len(validation) else None
    history: list[EpochResult] = []

    def ask() -> None:
        if should_stop is not None and should_stop():
            raise Cancelled(f"Stopped in epoch {len(history) + 1}.")

    ask()
    state = SgdState(scored, config)
    best, best_epoch, best_rmse, idle = state.learnt(), 0, math.inf, 0
    with ThreadPoolExecutor(config.threads) as pool:
        while len(history) < config.n_epochs and idle < config.patience:
            result = _run_epoch(state, held_out, len(history) + 1, pool, ask)
            history.append(result)
            reached = -math.inf if result.validation_rmse is None else result.validation_rmse
            idle = 0 if reached < best_rmse - config.min_gain or held_out is None else idle + 1
            if held_out is None or reached < best_rmse:
                best, best_epoch, best_rmse = state.learnt(), result.epoch, reached
            if on_epoch is not None:
                on_epoch(result)
        return FitResult(state.model(best), history, best_epoch)


def _run_epoch(
    state: SgdState,
    held_out: Ratings | None,
    epoch: int,
    pool: ThreadPoolExecutor,
    ask: Callable[[], None],
) -> EpochResult:
    """Do one round, measure it, and return what came out."""
    started = time.perf_counter()
    train_rmse = state.epoch(epoch - 1, pool, ask)
    learnt = time.perf_counter()
    _check_finite(train_rmse, epoch)
    validation_rmse = None
    if held_out is not None:
        predictions = state.predict(held_out)
        _check_finite(float(np.sum(predictions)), epoch)
        validation_rmse = rmse(clip_score(predictions), held_out.score)
    return EpochResult(
        epoch=epoch,
        n_epochs=state.config.n_epochs,
        train_rmse=train_rmse,
        validation_rmse=validation_rmse,
        seconds=time.perf_counter() - started,
        rows_per_second=state.n_rows / max(learnt - started, 1e-9),
    )


def _check_finite(value: float, epoch: int) -> None:
    if not math.isfinite(value):
        raise Diverged(
            f"A number stopped being finite in epoch {epoch}. A lower factor_rate usually helps."
        )
