"""Fit RecommenderNet: arrays and settings in, weights and a learning curve out.

Nothing here seeds or reads torch's global generator: with the same rows, settings and device a run
gives the same bits, whatever else the process does.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.checkpoint import read_checkpoint, remove_checkpoint, write_checkpoint
from ml.config import DEVICE_NAMES, RecommenderNetConfig
from ml.data import Ratings
from ml.errors import (
    ArtifactMissing,
    Cancelled,
    ConfigError,
    DataError,
    DeviceUnavailable,
    Diverged,
    TooLittleData,
)
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
_UNDER_ROOT: Final = 1e-8  # keeps the root's slope finite when a batch is fitted exactly


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


@dataclass(frozen=True)
class _Rows:
    """Labelled rows as tensors on the device: rater, title and score, all [n]."""

    user: Tensor
    item: Tensor
    score: Tensor

    def __len__(self) -> int:
        return len(self.score)


def resolve_device(name: str) -> str:
    """Return ``cpu`` or ``cuda`` for a configured name; ``auto`` takes a card where there is one.

    Raises:
        ConfigError: the name is none of auto, cpu and cuda.
        DeviceUnavailable: ``cuda`` was asked for and there is no usable card.
    """
    if name not in DEVICE_NAMES:
        raise ConfigError(f"device must be one of {', '.join(DEVICE_NAMES)}, not {name!r}.")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceUnavailable(
            "CUDA was asked for, but this machine has no usable card or torch was built without "
            "CUDA. Choose cpu or auto."
        )
    if name == "auto":
        return "cuda" if available else "cpu"
    return name


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

    With validation rows the weights of the epoch with the lowest validation RMSE are kept. To
    refit on all rows, call it with ``validation=None`` and ``n_epochs`` set to that epoch.

    Args:
        train: scored rows only.
        validation: scored rows of the same raters and titles, or None (as are no rows).
        config: settings.
        on_epoch: called after each epoch, once its checkpoint is written.
        should_stop: asked every 16 batches; True ends the run.
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
    device = torch.device(resolve_device(config.device))
    rows = _rows_on(device, train)
    held_out = _rows_on(device, validation) if validation is not None and len(validation) else None
    state = TrainingState(train, config, device)
    fingerprint = _fingerprint(train, validation, config)
    if checkpoint is not None and resume:
        _restore(state, checkpoint, fingerprint)
    while state.epochs_done < config.n_epochs:
        with _torch_threads(config.threads):
            result = _run_epoch(state, rows, held_out, should_stop)
        state.finish_epoch(result)
        if checkpoint is not None:
            write_checkpoint(
                checkpoint, state.to_checkpoint(), fingerprint=fingerprint, epoch=result.epoch
            )
        if on_epoch is not None:
            on_epoch(result)
    return FitResult(state.weights(train), list(state.history), state.best_epoch, device.type)


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
    return _predict(
        network_from_weights(weights),
        torch.tensor(user_index.astype(np.int64)),
        torch.tensor(item_index.astype(np.int64)),
    ).numpy()


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


def _rows_on(device: torch.device, ratings: Ratings) -> _Rows:
    return _Rows(
        torch.tensor(ratings.user_index, dtype=torch.int32, device=device),
        torch.tensor(ratings.item_index, dtype=torch.int32, device=device),
        torch.tensor(ratings.score, dtype=torch.float32, device=device),
    )


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


@contextmanager
def _torch_threads(n_threads: int) -> Iterator[None]:
    """Have torch compute with a number of threads, a setting of the process, for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _run_epoch(
    state: TrainingState,
    rows: _Rows,
    held_out: _Rows | None,
    should_stop: Callable[[], bool] | None,
) -> EpochResult:
    """Train one epoch, measure it, and return what came out."""
    started = time.perf_counter()
    train_rmse = _learn(state, rows, should_stop)
    learnt = time.perf_counter()
    validation_rmse = None
    if held_out is not None:
        predictions = _predict(state.net.eval(), held_out.user, held_out.item)
        errors = predictions.double() - held_out.score.double()
        validation_rmse = float(errors.square().mean().sqrt())
        _check_finite(validation_rmse, state)
    return EpochResult(
        epoch=state.epochs_done + 1,
        n_epochs=state.config.n_epochs,
        train_rmse=train_rmse,
        validation_rmse=validation_rmse,
        seconds=time.perf_counter() - started,
        rows_per_second=len(rows) / max(learnt - started, 1e-9),
    )


def _learn(state: TrainingState, rows: _Rows, should_stop: Callable[[], bool] | None) -> float:
    """Take one optimiser step a batch over all rows in a new order; return the RMSE seen."""
    net = state.net.train()
    order = torch.randperm(len(rows), generator=state.order_generator).to(state.device)
    squared_error = torch.zeros((), dtype=torch.float64, device=state.device)
    for number, batch in enumerate(torch.split(order, state.rows_per_batch)):
        if number % _BATCHES_BETWEEN_CHECKS == 0:
            # Reading the sum waits for the card, so it is not done after every batch.
            _check_finite(float(squared_error), state)
            if should_stop is not None and should_stop():
                raise Cancelled(f"Stopped in epoch {state.epochs_done + 1}.")
        predictions = net(rows.user[batch], rows.item[batch], generator=state.mask_generator)
        mean_square = (predictions - rows.score[batch]).square().mean()
        state.next_learning_rate()
        state.optimizer.zero_grad()
        torch.sqrt(mean_square + _UNDER_ROOT).backward()  # type: ignore[no-untyped-call]
        state.optimizer.step()
        squared_error += mean_square.detach().double() * len(batch)
    train_rmse = math.sqrt(float(squared_error) / len(rows))
    _check_finite(train_rmse, state)
    return train_rmse


def _check_finite(loss: float, state: TrainingState) -> None:
    if not math.isfinite(loss):
        raise Diverged(
            f"The loss stopped being a number in epoch {state.epochs_done + 1}. "
            "A smaller learning rate usually helps."
        )


@torch.inference_mode()
def _predict(net: RecommenderNet, user: Tensor, item: Tensor) -> Tensor:
    """Return predictions for pairs, in chunks so that hidden layers stay small."""
    chunks = [
        net(users, items)
        for users, items in zip(
            torch.split(user, _PREDICTION_ROWS), torch.split(item, _PREDICTION_ROWS), strict=True
        )
    ]
    return torch.cat(chunks)
