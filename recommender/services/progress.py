"""How a fit tells a run's row what it is doing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ml.history import EpochResult
from ml.suite_config import RECOMMENDER_NET
from ml.suite_fit import Follower
from recommender.models import TrainingRun
from recommender.services import runs


@dataclass(frozen=True)
class Phase:
    """A part of a run.

    Attributes:
        stage: its name in the row's epochs.
        words: what it is, for people.
        first, last: the share of the whole run that is done before and after it.
        n_steps: how many steps it tells of.
    """

    stage: str
    words: str
    first: float
    last: float
    n_steps: int


def follower_of(
    run: TrainingRun,
    phase: Phase,
    should_stop: Callable[[], bool],
    *,
    checkpoint: Path | None = None,
) -> Follower:
    """Who writes a phase's steps and epochs into the row and its log."""
    n_told = 0

    def progress(share_of_step: float) -> float:
        share = min((max(n_told - 1, 0) + share_of_step) / phase.n_steps, 1.0)
        return phase.first + share * (phase.last - phase.first)

    def step(words: str) -> None:
        nonlocal n_told
        n_told += 1
        runs.write(run=run, step=f"{phase.words}: {words}"[:100], progress=progress(0.0))
        runs.append_log(run=run, line=f"{phase.words}: {words}.")

    def epoch(model: str, result: EpochResult) -> None:
        share = progress(result.epoch / result.n_epochs)
        if model != RECOMMENDER_NET:
            runs.write(run=run, progress=share)
            return
        entry = {
            "stage": phase.stage,
            "epoch": result.epoch,
            "n_epochs": result.n_epochs,
            "train_rmse": result.train_rmse,
            "validation_rmse": result.validation_rmse,
            "seconds": round(result.seconds, 3),
            "rows_per_second": round(result.rows_per_second),
        }
        # A resumed fit reports its earlier epochs again.
        others = [
            old for old in run.epochs if (old["stage"], old["epoch"]) != (phase.stage, result.epoch)
        ]
        runs.write(run=run, epochs=[*others, entry], progress=share)
        runs.append_log(run=run, line=_epoch_line(phase.words, result))

    return Follower(
        step=step,
        epoch=epoch,
        should_stop=should_stop,
        checkpoint=checkpoint,
        note=lambda line: runs.append_log(run=run, line=line),
    )


def _epoch_line(words: str, result: EpochResult) -> str:
    validation = (
        f", validation RMSE {result.validation_rmse:.4f}"
        if result.validation_rmse is not None
        else ""
    )
    return (
        f"{words}: epoch {result.epoch} of {result.n_epochs}, training RMSE "
        f"{result.train_rmse:.4f}{validation}, {result.seconds:.1f} s"
    )
