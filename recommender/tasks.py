"""Celery tasks of the recommender: thin, each a call of one service.

A message carries no state. It only means "look for work": the queued row is the truth, so lost,
doubled and reordered messages do no harm.
"""

import logging
import os
import socket
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown
from django.db import transaction
from kombu.exceptions import OperationalError

from catalog.models import User
from recommender.models import TrainingRun
from recommender.services import heartbeat, runs, similarity, snapshots, training

logger = logging.getLogger(__name__)

TRAINING_QUEUE = "training"
DEFAULT_QUEUE = "default"
# Beat asks for similar titles as well; a message that nobody has taken by then is of no use.
_SIMILARITY_EXPIRES_SECONDS = 60


@shared_task
def look_for_training() -> int:
    """Carry out the runs that wait, one after the other, until none is left."""
    return training.work_off_queue(worker=worker_name())


@shared_task
def look_for_similar_titles() -> bool:
    """Compute the similar titles anew if the catalogue has changed since; whether it had."""
    return similarity.refresh()


@shared_task
def delete_expired_lists() -> int:
    """Delete stored lists that nobody can page through any more; how many it were."""
    return snapshots.delete_expired()


def worker_name() -> str:
    """A name that no other worker has, and this process has only once."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident():x}:{uuid4().hex[:6]}"


def enqueue_training(
    *,
    requested_by: User | None = None,
    model: str = "",
    configuration: Mapping[str, Any] | None = None,
    include_simulated: bool = False,
) -> TrainingRun:
    """Queue a run and wake a worker once the row is committed.

    Raises InvalidConfiguration and SimulatedMixture.
    """
    with transaction.atomic():
        run = runs.create(
            requested_by=requested_by,
            model=model,
            configuration=configuration,
            include_simulated=include_simulated,
        )
        transaction.on_commit(partial(wake_training_worker))
    return run


def wake_training_worker() -> None:
    """Tell a training worker to look for work.

    A broker that cannot be reached is no failure of the run: the row waits, and beat asks the
    workers to look every half minute.
    """
    try:
        look_for_training.apply_async(queue=TRAINING_QUEUE, ignore_result=True, retry=False)
    except OperationalError:
        logger.warning("The broker cannot be reached; the run waits for beat.", exc_info=True)


def wake_similarity_worker() -> None:
    """Tell a worker that the titles have changed. A lost message is made up for by beat."""
    try:
        look_for_similar_titles.apply_async(
            queue=DEFAULT_QUEUE,
            ignore_result=True,
            retry=False,
            expires=_SIMILARITY_EXPIRES_SECONDS,
        )
    except OperationalError:
        logger.warning("The broker cannot be reached; beat will tell the worker.", exc_info=True)


@worker_ready.connect
def start_worker(sender: Any, **kwargs: Any) -> None:
    """Say that this worker lives, and let it look for what a dead one has left."""
    queues = sorted(queue.name for queue in sender.task_consumer.queues)
    heartbeat.start_worker_heartbeat(name=sender.hostname, queues=", ".join(queues))
    if TRAINING_QUEUE in queues:
        wake_training_worker()
    if DEFAULT_QUEUE in queues:
        wake_similarity_worker()


@worker_shutdown.connect
def end_worker(sender: Any, **kwargs: Any) -> None:
    """Take the worker's row away."""
    heartbeat.stop_worker_heartbeat(name=sender.hostname)
