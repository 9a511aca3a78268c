"""One training run from the database to a model version.

The steps: read the data, fit everything on the training part with the validation part choosing
epochs and weights, measure on the test part beside what it is compared with, fit again on all
rows, write the artifact, register it. Each step reports to the run's row.
"""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from ml.artifacts import remove_leftovers, write_artifact
from ml.data import split
from ml.errors import ArtifactError, ArtifactMissing, Cancelled, MlError
from ml.suite import Suite
from ml.suite_config import RECOMMENDER_NET, SuiteConfig
from ml.suite_fit import HeldOutFit, fit_held_out, refit
from ml.threads import blas_threads
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry, runs
from recommender.services.dataset import SNAPSHOT, Dataset, read_dataset
from recommender.services.errors import RecommenderError, RunLost
from recommender.services.evaluation import evaluate_suite, figures_of, summary_of
from recommender.services.heartbeat import RunHeartbeat
from recommender.services.progress import Phase, follower_of

logger = logging.getLogger(__name__)

SPLIT_SEED = 20_240_501
# An unfinished artifact of that age has lost its writer.
_LEFTOVER_SECONDS = 3600.0
# The share of the whole that is done when a step ends, and how many steps each phase tells of.
_READ = 0.03
_FIT = Phase("held-out", "Fitting on the training part", _READ, 0.4, n_steps=8)
_MEASURE = Phase("measure", "Measuring", 0.4, 0.7, n_steps=6)
_REFIT = Phase("served", "Fitting on all ratings", 0.7, 0.98, n_steps=6)


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
        config = SuiteConfig.of(
            run.model, run.configuration, comparisons=settings.RECOMMENDER_FULL_REPORT
        )
        with RunHeartbeat(run) as heartbeat, blas_threads(config.net.threads):
            _train(run, config, heartbeat.should_stop)
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


def _train(run: TrainingRun, config: SuiteConfig, should_stop: Callable[[], bool]) -> ModelVersion:
    from ml.train import resolve_device  # torch: only a worker gets here

    runs.write(run=run, step="Reading the ratings", epochs=[], progress=0.0)
    device = resolve_device(config.net.device)
    dataset = _dataset_of(run)
    ratings = dataset.ratings
    runs.write(
        run=run,
        device=str(device),
        data_fingerprint=dataset.fingerprint,
        n_ratings=len(ratings),
        progress=_READ,
    )
    runs.append_log(
        run=run,
        line=(
            f"{len(ratings):,} watched titles, {len(ratings.scored()):,} of them scored, by "
            f"{len(dataset.users):,} raters of {len(dataset.items):,} titles; training on {device}."
        ),
    )
    parts = split(ratings, user_keys=dataset.user_keys, item_ids=dataset.items.ids, seed=SPLIT_SEED)
    features = dataset.features
    held_out = fit_held_out(
        ratings,
        parts,
        config,
        features=features,
        follower=follower_of(run, _FIT, should_stop, checkpoint=_folder(run) / _FIT.stage),
    )
    report, metrics = evaluate_suite(
        ratings=ratings,
        parts=parts,
        held_out=held_out,
        config=config,
        features=features,
        follower=follower_of(run, _MEASURE, should_stop),
    )
    runs.append_log(run=run, line=summary_of(report))
    served = refit(
        ratings,
        held_out,
        config,
        features=features,
        follower=follower_of(run, _REFIT, should_stop, checkpoint=_folder(run) / _REFIT.stage),
    )
    if should_stop():
        raise Cancelled("The run was cancelled.")
    runs.write(run=run, step="Writing the model")
    figures = figures_of(report, held_out) if config.comparisons else {}
    return _publish(
        run,
        dataset,
        config,
        held_out=held_out,
        served=served,
        metrics=metrics,
        figures=figures,
    )


def _dataset_of(run: TrainingRun) -> Dataset:
    """The run's data: its snapshot when it is resumed, else read now and kept as a snapshot."""
    path = _folder(run) / SNAPSHOT
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
    dataset.save(root=_folder(run), name=SNAPSHOT)
    return dataset


def _publish(
    run: TrainingRun,
    dataset: Dataset,
    config: SuiteConfig,
    *,
    held_out: HeldOutFit,
    served: Suite,
    metrics: dict[str, Any],
    figures: dict[str, str],
) -> ModelVersion:
    """Write the artifact and register it as a version.

    It holds the served fit, the held-out one (which other versions are compared by) and the data,
    so that the run can be repeated.
    """
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
            **served.groups(),
            **held_out.suite.groups(held_out=True),
            SNAPSHOT: dataset.arrays(),
            "ids": {
                "user_ids": dataset.users.ids,
                "item_ids": dataset.items.ids,
                "user_revisions": dataset.user_revisions,
            },
        },
        texts=figures,
        manifest={
            "models": [config.model or "all"],
            "configuration": config.to_dict(),
            # Measured on the held-out fit; what is served is a fit on all rows.
            "metrics": metrics,
            "served_epochs": {
                RECOMMENDER_NET: held_out.net_epochs,
                "matrix-factorisation": held_out.factorisation_epochs,
            },
            "split_seed": SPLIT_SEED,
            **dataset.manifest(),
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
