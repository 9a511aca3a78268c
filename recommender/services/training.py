"""One training run from the database to a model version.

The steps: read the data, fit on the training part with the validation part choosing the best
epoch, measure on the test part, fit again on all rows for as many epochs, write the artifact,
register it. Each step reports to the run's row.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings

from ml.artifacts import remove_leftovers, write_artifact
from ml.config import RecommenderNetConfig
from ml.data import Ratings, Split, split
from ml.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactMissing,
    Cancelled,
    CheckpointMismatch,
    MlError,
)
from ml.serving import RecommenderNetScorer, scorer_arrays
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry, runs
from recommender.services.dataset import Dataset, read_dataset
from recommender.services.errors import RecommenderError, RunLost
from recommender.services.evaluation import evaluate_scorer
from recommender.services.heartbeat import RunHeartbeat

if TYPE_CHECKING:
    from ml.train import EpochResult, FitResult

logger = logging.getLogger(__name__)

SPLIT_SEED = 20_240_501
_SNAPSHOT = "snapshot"
# An unfinished artifact of that age has lost its writer.
_LEFTOVER_SECONDS = 3600.0
# The share of the whole that is done when a step ends.
_READ, _FITTED, _MEASURED, _REFITTED = 0.03, 0.55, 0.6, 0.98


def work_off_queue(*, worker: str) -> int:
    """Run whatever can be claimed, one run after the other; how many it were."""
    n_runs = 0
    while (run := runs.claim(worker=worker)) is not None:
        execute(run=run)
        n_runs += 1
    return n_runs


def execute(*, run: TrainingRun) -> TrainingRun:
    """Carry out a claimed run to its end: the one place that tells failures from bugs."""
    outcome, error = TrainingRun.State.SUCCEEDED, ""
    try:
        with RunHeartbeat(run) as heartbeat:
            _train(run, heartbeat.should_stop)
    except RunLost as lost:
        logger.warning("%s", lost)
        run.refresh_from_db()
        return run
    except Cancelled:
        run.refresh_from_db(fields=["cancel_requested"])
        outcome = TrainingRun.State.CANCELLED
    except (MlError, RecommenderError) as failure:
        outcome, error = TrainingRun.State.FAILED, str(failure)
        logger.warning("Training run %s failed: %s", run.pk, failure)
    except Exception as bug:  # the boundary: the row must say what became of the run
        outcome, error = TrainingRun.State.ERRORED, f"{type(bug).__name__}: {bug}"
        logger.exception("Training run %s errored.", run.pk)
    try:
        runs.finish(run=run, state=outcome, error=error)
    except RunLost as lost:
        logger.warning("%s", lost)
        run.refresh_from_db()
        return run
    shutil.rmtree(_folder(run), ignore_errors=True)
    return run


def _train(run: TrainingRun, should_stop: Callable[[], bool]) -> ModelVersion:
    from ml.train import resolve_device  # torch: only a worker gets here

    runs.write(run=run, step="Reading the ratings", epochs=[], progress=0.0)
    config = RecommenderNetConfig.from_dict(run.configuration)
    device = resolve_device(config.device)
    dataset = _dataset_of(run)
    runs.write(
        run=run,
        device=str(device),
        data_fingerprint=dataset.fingerprint,
        n_ratings=len(dataset.ratings),
        progress=_READ,
    )
    runs.append_log(
        run=run,
        line=(
            f"{len(dataset.ratings):,} watched titles, {len(dataset.ratings.scored()):,} of them "
            f"scored, by {len(dataset.users):,} raters of {len(dataset.items):,} titles; "
            f"training on {device}."
        ),
    )
    parts = split(
        dataset.ratings,
        user_keys=dataset.user_keys,
        item_ids=dataset.items.ids,
        seed=SPLIT_SEED,
    )
    fitter = _Fitter(run, should_stop)
    held_out = fitter.fit(
        "held-out",
        _part(dataset, parts, "train"),
        config,
        parts_of=(_part(dataset, parts, "validation")),
        progress=(_READ, _FITTED),
    )
    if should_stop():
        raise Cancelled("The run was cancelled.")

    runs.write(run=run, step="Measuring on the test part")
    scorer = RecommenderNetScorer.from_weights(held_out.weights)
    metrics = evaluate_scorer(scorer=scorer, ratings=dataset.ratings, parts=parts)
    metrics["best_epoch"] = held_out.best_epoch
    runs.append_log(run=run, line=_summary(metrics))
    runs.write(run=run, progress=_MEASURED)

    served = fitter.fit(
        "served",
        dataset.ratings.scored(),
        replace(config, n_epochs=held_out.best_epoch),
        progress=(_MEASURED, _REFITTED),
    )
    if should_stop():
        raise Cancelled("The run was cancelled.")
    return _publish(run, dataset, config, served, metrics)


def _part(dataset: Dataset, parts: Split, name: str) -> Ratings:
    """The scored rows of one part."""
    return dataset.ratings.take(getattr(parts, name)).scored()


def _dataset_of(run: TrainingRun) -> Dataset:
    """The run's data: its snapshot when it is resumed, else read now and kept as a snapshot."""
    path = _folder(run) / _SNAPSHOT
    try:
        dataset = Dataset.load(path)
    except ArtifactMissing:
        pass
    except ArtifactError as error:
        runs.append_log(run=run, line=f"The snapshot is unusable, reading anew: {error}")
        shutil.rmtree(path)
    else:
        runs.append_log(run=run, line="Going on with the snapshot of the data.")
        return dataset
    runs.check_mixture(include_simulated=run.include_simulated)
    dataset = read_dataset()
    dataset.save(root=_folder(run), name=_SNAPSHOT)
    return dataset


class _Fitter:
    """Fits with the run's row following along, and from the last checkpoint where one is."""

    def __init__(self, run: TrainingRun, should_stop: Callable[[], bool]) -> None:
        self._run = run
        self._should_stop = should_stop

    def fit(
        self,
        stage: str,
        train: Ratings,
        config: RecommenderNetConfig,
        *,
        progress: tuple[float, float],
        parts_of: Ratings | None = None,
    ) -> "FitResult":
        """Fit one network; ``stage`` names it in the row, ``progress`` is from where to where."""
        from ml.train import fit  # torch: only a worker gets here

        words = "Fitting on the training part" if stage == "held-out" else "Fitting on all ratings"
        runs.write(run=self._run, step=words)
        first, last = progress

        def on_epoch(result: "EpochResult") -> None:
            share = result.epoch / result.n_epochs
            entry = {
                "stage": stage,
                "epoch": result.epoch,
                "n_epochs": result.n_epochs,
                "train_rmse": result.train_rmse,
                "validation_rmse": result.validation_rmse,
                "seconds": round(result.seconds, 3),
                "rows_per_second": round(result.rows_per_second),
            }
            # A resumed fit reports its earlier epochs again.
            others = [
                old
                for old in self._run.epochs
                if (old["stage"], old["epoch"]) != (stage, result.epoch)
            ]
            runs.write(
                run=self._run, epochs=[*others, entry], progress=first + share * (last - first)
            )
            runs.append_log(run=self._run, line=_epoch_line(words, result))

        checkpoint = _folder(self._run) / stage
        arguments: dict[str, Any] = {
            "on_epoch": on_epoch,
            "should_stop": self._should_stop,
            "checkpoint": checkpoint,
        }
        try:
            return fit(train, parts_of, config, resume=True, **arguments)
        except (CheckpointMismatch, ArtifactDamaged) as error:
            runs.append_log(run=self._run, line=f"Starting anew: {error}")
            return fit(train, parts_of, config, resume=False, **arguments)


def _epoch_line(words: str, result: "EpochResult") -> str:
    validation = (
        f", validation RMSE {result.validation_rmse:.4f}"
        if result.validation_rmse is not None
        else ""
    )
    return (
        f"{words}: epoch {result.epoch} of {result.n_epochs}, training RMSE "
        f"{result.train_rmse:.4f}{validation}, {result.seconds:.1f} s"
    )


def _summary(metrics: dict[str, Any]) -> str:
    model, baseline = metrics["recommender-net"], metrics["global-mean"]
    return (
        f"Test part: RMSE {model['rmse']:.4f} (global mean: {baseline['rmse']:.4f}), "
        f"best epoch {metrics['best_epoch']}."
    )


def _publish(
    run: TrainingRun,
    dataset: Dataset,
    config: RecommenderNetConfig,
    served: "FitResult",
    metrics: dict[str, Any],
) -> ModelVersion:
    """Write the artifact and register it as a version."""
    runs.write(run=run, step="Writing the model")
    remove_leftovers(settings.RECOMMENDER_ARTIFACT_ROOT, older_than_seconds=_LEFTOVER_SECONDS)
    name = f"run-{run.pk}-{uuid4().hex[:8]}"
    counts = {
        "n_ratings": len(dataset.ratings),
        "n_raters": len(dataset.users),
        "n_titles": len(dataset.items),
    }
    write_artifact(
        Path(settings.RECOMMENDER_ARTIFACT_ROOT),
        name,
        arrays={
            "recommender_net": scorer_arrays(served.weights),
            "ids": {
                "user_ids": dataset.users.ids,
                "item_ids": dataset.items.ids,
                "user_revisions": dataset.user_revisions,
            },
        },
        manifest={
            "models": ["recommender-net"],
            "configuration": config.to_dict(),
            # Measured on a fit without validation and test rows; served is a fit on all rows.
            "metrics": metrics,
            "served_epochs": metrics["best_epoch"],
            "split_seed": SPLIT_SEED,
            "data_fingerprint": dataset.fingerprint,
            "is_simulated": dataset.is_simulated,
            **counts,
        },
    )
    version = registry.register(
        run=run,
        artifact=name,
        metrics=metrics,
        counts=counts,
        data_fingerprint=dataset.fingerprint,
        is_simulated=dataset.is_simulated,
    )
    state = "now active" if version.is_active else "waiting to be activated"
    runs.append_log(run=run, line=f"Version {version.pk} is written and {state}.")
    return version


def _folder(run: TrainingRun) -> Path:
    """Where the run keeps what it needs to go on after a crash."""
    return Path(settings.RECOMMENDER_CHECKPOINT_ROOT) / f"run-{run.pk}"
