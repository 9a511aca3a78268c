"""The life of a training run. The row is the state; every move is one conditional UPDATE.

A worker that holds a run is named in the row. It may write only while its name stands there, so
a worker that was taken for dead and comes back cannot spoil the work of its successor.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Rater, User
from ml.config import DEVICE_NAMES
from ml.errors import ConfigError
from ml.suite_config import MODELS as SUITE_MODELS
from ml.suite_config import SuiteConfig
from recommender.models import TrainingRun
from recommender.services.errors import (
    IllegalTransition,
    InvalidConfiguration,
    RunLost,
    SimulatedMixture,
)

logger = logging.getLogger(__name__)

State = TrainingRun.State
MODELS = SUITE_MODELS
DEVICES = DEVICE_NAMES
# A run whose workers died this often is not tried again: it is probably the run that kills them.
MAX_ATTEMPTS = 3


def create(
    *,
    requested_by: User | None = None,
    model: str = "",
    configuration: Mapping[str, Any] | None = None,
    include_simulated: bool = False,
) -> TrainingRun:
    """Queue a run. Raises InvalidConfiguration and SimulatedMixture."""
    try:
        checked = SuiteConfig.of(model, configuration or {}).net
    except ConfigError as error:
        raise InvalidConfiguration(str(error)) from error
    check_mixture(include_simulated=include_simulated)
    return TrainingRun.objects.create(
        requested_by=requested_by,
        model=model,
        configuration=checked.to_dict(),
        include_simulated=include_simulated,
    )


def check_mixture(*, include_simulated: bool) -> None:
    """Raise SimulatedMixture when real and simulated ratings would be trained on together."""
    if include_simulated or not Rater.objects.simulated().exists():
        return
    if Rater.objects.real().filter(ratings__isnull=False).exists():
        raise SimulatedMixture


def claim(*, worker: str) -> TrainingRun | None:
    """Take over a run whose worker is gone, or start the oldest queued one; None without either.

    Safe for any number of workers at once: the database lets one of them win.
    """
    return _claim_stale(worker) or _claim_queued(worker)


def _claim_queued(worker: str) -> TrainingRun | None:
    oldest = TrainingRun.objects.queued().first()
    if oldest is None:
        return None
    now = timezone.now()
    try:
        with transaction.atomic():
            won = TrainingRun.objects.filter(pk=oldest.pk, state=State.QUEUED).update(
                state=State.RUNNING,
                worker=worker,
                attempts=F("attempts") + 1,
                started_at=now,
                heartbeat_at=now,
            )
    except IntegrityError:
        # Another run is running, and the constraint allows only one.
        return None
    return TrainingRun.objects.get(pk=oldest.pk) if won else None


def _claim_stale(worker: str) -> TrainingRun | None:
    stale = TrainingRun.objects.stale().first()
    if stale is None:
        return None
    unchanged = TrainingRun.objects.filter(
        pk=stale.pk, state=State.RUNNING, worker=stale.worker, heartbeat_at=stale.heartbeat_at
    )
    now = timezone.now()
    if stale.cancel_requested:
        unchanged.update(state=State.CANCELLED, finished_at=now, step="")
        return None
    if stale.attempts >= MAX_ATTEMPTS:
        message = (
            f"{stale.attempts} workers in a row died during this run (out of memory, killed, "
            "or the machine went down). See the worker's log, then start a new run."
        )
        if unchanged.update(state=State.ERRORED, error=message, finished_at=now, step=""):
            logger.error("Training run %s given up: %s", stale.pk, message)
        return None
    if not unchanged.update(worker=worker, attempts=F("attempts") + 1, heartbeat_at=now):
        return None
    run = TrainingRun.objects.get(pk=stale.pk)
    append_log(run=run, line=f"The worker {stale.worker} was lost; {worker} goes on.")
    return run


def give_up_worker(*, run: TrainingRun) -> None:
    """Let the next worker go on with a run at once, for a caller who knows that its worker is gone.

    A worker that is alive after all keeps the run by its next heartbeat.
    """
    long_ago = timezone.now() - 2 * settings.RECOMMENDER_STALE_AFTER
    TrainingRun.objects.filter(pk=run.pk, state=State.RUNNING, worker=run.worker).update(
        heartbeat_at=long_ago
    )


def write(*, run: TrainingRun, **changes: Any) -> None:
    """Write fields of a run that this worker holds, on the object and in the database.

    Raises RunLost when the run is no longer this worker's.
    """
    changes["heartbeat_at"] = timezone.now()
    held = TrainingRun.objects.filter(pk=run.pk, state=State.RUNNING, worker=run.worker)
    if not held.update(**changes):
        raise RunLost(f"Run {run.pk} is no longer held by {run.worker}.")
    for name, value in changes.items():
        setattr(run, name, value)


def append_log(*, run: TrainingRun, line: str) -> None:
    """Add a line, with the time, to the run's log. Raises RunLost."""
    stamp = timezone.now().strftime("%H:%M:%S")
    logger.info("Training run %s: %s", run.pk, line)
    write(run=run, log=f"{run.log}{stamp} {line}\n")


def finish(*, run: TrainingRun, state: TrainingRun.State, error: str = "") -> None:
    """End a run that this worker holds. Raises RunLost."""
    if state in (State.QUEUED, State.RUNNING):
        raise IllegalTransition(f"{state.label} is not an end.")
    changes: dict[str, Any] = {"state": state, "error": error, "finished_at": timezone.now()}
    if state == State.SUCCEEDED:
        changes |= {"progress": 1.0, "step": ""}
    write(run=run, **changes)


def cancel(*, run: TrainingRun) -> TrainingRun:
    """Cancel a waiting run at once; ask the worker of a running one to stop.

    A running run whose worker is gone is cancelled at once as well. Raises IllegalTransition for
    a run that has already ended.
    """
    now = timezone.now()
    runs = TrainingRun.objects.filter(pk=run.pk)
    dead_since = now - settings.RECOMMENDER_STALE_AFTER
    ended = {"state": State.CANCELLED, "finished_at": now, "step": ""}
    done = (
        runs.filter(state=State.QUEUED).update(**ended)
        or runs.filter(state=State.RUNNING, heartbeat_at__lt=dead_since).update(**ended)
        or runs.filter(state=State.RUNNING).update(cancel_requested=True)
    )
    run.refresh_from_db()
    if not done:
        raise IllegalTransition(
            f"Run {run.pk} has already ended ({run.get_state_display().lower()})."
        )
    return run


def default_configuration() -> dict[str, Any]:
    """The settings of a run for which nothing was chosen."""
    defaults: dict[str, Any] = SuiteConfig().net.to_dict()
    return defaults
