"""Fit RecommenderNet: arrays and settings in, weights and a learning curve out.

Nothing here seeds or reads torch's global generator: with the same rows, settings and device a run
gives the same bits, whatever else the process does.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from ml.checkpoint import read_checkpoint, remove_checkpoint, write_checkpoint
from ml.config import RecommenderNetConfig
from ml.data import Ratings
from ml.devices import resolve_device, torch_threads
from ml.distributed import join
from ml.errors import ArtifactMissing, Cancelled, DataError, Diverged, TooLittleData
from ml.history import EpochResult
from ml.recommender_net import RecommenderNet
from ml.training_state import TrainingState
from ml.weights import RecommenderNetWeights

__all__ = [
    "EpochResult",
    "FitResult",
    "fit",
    "network_from_weights",
    "predict",
    "remove_checkpoint",
    "resolve_device",
]

_BATCHES_BETWEEN_CHECKS: Final = 16
_PREDICTION_ROWS: Final = 16_384


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a training run leaves.

    Attributes:
        weights: of the best epoch.
        history: one entry an epoch.
        best_epoch: the epoch (from 1) with the lowest validation error, or the last one.
        device: ``cpu`` or ``cuda``, where it ran.
    """

    weights: RecommenderNetWeights
    history: list[EpochResult]
    best_epoch: int
    device: str


def fit(
    train: Ratings,
    validation: Ratings | None,
    config: RecommenderNetConfig,
    *,
    on_epoch: Callable[[EpochResult], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FitResult:
    """Train RecommenderNet on scored rows by the root mean square error of each batch.

    With validation rows the weights of the epoch with the lowest validation RMSE are kept, and
    training ends when ``config.patience`` epochs in a row have not lowered it. To refit on all
    rows, call it with ``validation=None`` and ``n_epochs`` set to that epoch. Under torchrun the
    processes train together (:mod:`ml.distributed`): all of them get the result.

    Args:
        train: scored rows only.
        validation: scored rows of the same raters and titles, or None (as are no rows).
        config: settings.
        on_epoch: called after each epoch, once its checkpoint is written; by the first rank.
        should_stop: asked every 16 batches, of the first rank; True ends the run.
        checkpoint: folder for the state after each epoch.
        resume: go on from the checkpoint; without one on disk the run starts anew. The result is
            that of a run never interrupted (to the bit on the same kind of CPU).

    Raises:
        TooLittleData: no training rows.
        DataError: a row without a score, or sizes that differ.
        DeviceUnavailable: see :func:`resolve_device`.
        Diverged: the loss is no longer a number.
        Cancelled: ``should_stop`` said so.
        CheckpointMismatch: the checkpoint is of other data or settings.
        ArtifactDamaged: the checkpoint cannot be read.
    """
    _check_rows(train, validation)
    ranks = join(resolve_device(config.device))
    with torch_threads(config.threads):
        state = TrainingState(train, config, ranks)
    held_out = validation if validation is not None and len(validation) else None
    fingerprint = _fingerprint(train, validation, config)
    if checkpoint is not None and resume:
        _restore(state, checkpoint, fingerprint)
    while not state.is_finished:
        with torch_threads(config.threads):
            result = _run_epoch(state, held_out, should_stop)
        state.finish_epoch(result)
        if checkpoint is not None and ranks.is_first:
            write_checkpoint(
                checkpoint, state.to_checkpoint(), fingerprint=fingerprint, epoch=result.epoch
            )
        if on_epoch is not None and ranks.is_first:
            on_epoch(result)
    return FitResult(state.weights(train), list(state.history), state.best_epoch, ranks.device.type)


def network_from_weights(weights: RecommenderNetWeights) -> RecommenderNet:
    """Return the network with these weights, on the CPU and in evaluation mode."""
    n_users, dim = weights["user_embedding.weight"].shape
    hidden = (len(weights["hl1.bias"]), len(weights["hl2.bias"]))
    net = RecommenderNet(n_users, len(weights["item_embedding.weight"]), dim, hidden)
    net.load_state_dict(
        {name: torch.tensor(np.asarray(array)) for name, array in weights.parameters.items()}
    )
    return net.eval()


def predict(
    weights: RecommenderNetWeights,
    user_index: npt.NDArray[np.integer],
    item_index: npt.NDArray[np.integer],
) -> npt.NDArray[np.float32]:
    """Return the network's predictions for pairs (float32 [n], not clipped), through torch.

    :class:`ml.serving.RecommenderNetScorer` gives the same without torch.
    """
    net = network_from_weights(weights)
    user = torch.tensor(user_index.astype(np.int64))
    item = torch.tensor(item_index.astype(np.int64))
    with torch.inference_mode():
        chunks = [
            net(users, items)
            for users, items in zip(
                torch.split(user, _PREDICTION_ROWS),
                torch.split(item, _PREDICTION_ROWS),
                strict=True,
            )
        ]
    return torch.cat(chunks).numpy()


def _check_rows(train: Ratings, validation: Ratings | None) -> None:
    if not len(train):
        raise TooLittleData("There is not one scored row to train on.")
    for name, part in (("training", train), ("validation", validation)):
        if part is not None and np.any(part.score == 0):
            raise DataError(f"The {name} rows hold titles without a score; pass scored() rows.")
    if validation is None:
        return
    if (train.n_users, train.n_items) != (validation.n_users, validation.n_items):
        raise DataError("Training and validation rows must be of the same raters and titles.")


def _fingerprint(train: Ratings, validation: Ratings | None, config: RecommenderNetConfig) -> str:
    """Return the SHA-256 of all that the state after an epoch depends on."""
    parts = [
        json.dumps(config.to_dict(), sort_keys=True),
        train.fingerprint(),
        validation.fingerprint() if validation is not None else "none",
    ]
    return sha256("\n".join(parts).encode()).hexdigest()


def _restore(state: TrainingState, checkpoint: Path, fingerprint: str) -> None:
    try:
        state.restore(read_checkpoint(checkpoint, fingerprint=fingerprint))
    except ArtifactMissing:
        return  # killed before its first epoch was done: there is nothing to go on from


def _run_epoch(
    state: TrainingState, held_out: Ratings | None, should_stop: Callable[[], bool] | None
) -> EpochResult:
    """Train one epoch, measure it, and return what came out."""
    started = time.perf_counter()
    train_rmse = _learn(state, should_stop or _never)
    learnt = time.perf_counter()
    return EpochResult(
        epoch=state.epochs_done + 1,
        n_epochs=state.config.n_epochs,
        train_rmse=train_rmse,
        validation_rmse=_validation_rmse(state, held_out) if held_out is not None else None,
        seconds=time.perf_counter() - started,
        rows_per_second=len(state.rows) / max(learnt - started, 1e-9),
    )


def _learn(state: TrainingState, should_stop: Callable[[], bool]) -> float:
    """Take one step a batch over all rows in a new order; return the RMSE seen."""
    squared_error = torch.zeros((), dtype=torch.float64, device=state.ranks.device)
    for number, rows in enumerate(state.rows.epoch(state.start_epoch())):
        if number % _BATCHES_BETWEEN_CHECKS == 0:
            # Reading the sum waits for the card, so it is not done after every batch.
            _check_finite(float(squared_error), state)
            if state.ranks.any(should_stop):
                raise Cancelled(f"Stopped in epoch {state.epochs_done + 1}.")
        squared_error += state.step(state.rows.batch(rows).to(state.ranks.device))
    state.settle()
    train_rmse = math.sqrt(float(squared_error) / len(state.rows))
    _check_finite(train_rmse, state)
    return train_rmse


def _never() -> bool:
    return False


def _check_finite(loss: float, state: TrainingState) -> None:
    if not math.isfinite(loss):
        raise Diverged(
            f"The loss stopped being a number in epoch {state.epochs_done + 1}. "
            "A smaller learning rate usually helps."
        )


@torch.inference_mode()
def _validation_rmse(state: TrainingState, held_out: Ratings) -> float:
    """Return the error on rows that are not learnt from, in full precision, dropout off.

    As in :mod:`ml.gradients` the halves of the first layer are computed once for each rater and
    title.
    """
    net, dim = state.net, state.config.embedding_dim
    rater_half = functional.linear(net.user_embedding.weight, net.hl1.weight[:, :dim], net.hl1.bias)
    title_half = functional.linear(net.item_embedding.weight, net.hl1.weight[:, dim:])
    squared_error = torch.zeros((), dtype=torch.float64, device=state.ranks.device)
    share = state.ranks.share(len(held_out))
    for start in range(share.start, share.stop, _PREDICTION_ROWS):
        rows = slice(start, min(start + _PREDICTION_ROWS, share.stop))
        user, item, score = (
            torch.tensor(column[rows], device=state.ranks.device)
            for column in (held_out.user_index, held_out.item_index, held_out.score)
        )
        first = torch.relu(rater_half.index_select(0, user) + title_half.index_select(0, item))
        predictions = net.hl3(torch.relu(net.hl2(first))).squeeze(1)
        squared_error += (predictions.double() - score).square().sum()
    rmse = math.sqrt(float(state.ranks.sum(squared_error)) / len(held_out))
    _check_finite(rmse, state)
    return rmse
