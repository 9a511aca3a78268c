"""Celery tasks of the catalogue: thin, each a call of one service.

A message carries no state. It only means "look for work": the queued row is the truth, so lost,
doubled and reordered messages do no harm.
"""

import logging

from celery import shared_task
from celery.signals import worker_ready
from django.core.files import File
from django.db import transaction
from kombu.exceptions import OperationalError

from catalog.models import ImportJob, User
from catalog.services import idempotency, imports, mal_import, statistics

logger = logging.getLogger(__name__)

IMPORT_QUEUE = "default"


@shared_task
def look_for_imports() -> int:
    """Carry out the uploaded imports that wait, one after the other; how many were done."""
    # Here, not above: it loads Arrow, which a web process has no use for.
    from catalog.services.csv_import import run_waiting

    n_done = len(run_waiting())
    if n_done:
        statistics.refresh()
    return n_done


@shared_task
def look_for_scores() -> bool:
    """Count the scores of all titles anew if a list has changed since; whether one had."""
    return statistics.refresh()


@shared_task
def forget_old_lists() -> int:
    """Forget uploaded lists that nobody has decided on; how many there were."""
    return mal_import.discard_old()


@shared_task
def forget_old_requests() -> int:
    """Forget the keys of requests that are too old to be repeated; how many there were."""
    return idempotency.forget_old()


def enqueue_import(
    *, kind: ImportJob.Kind, upload: "File[bytes]", requested_by: User | None = None
) -> ImportJob:
    """Store the uploaded file, queue its import, and wake a worker once the row is committed."""
    with transaction.atomic():
        job = imports.queue_upload(kind=kind, upload=upload, requested_by=requested_by)
        transaction.on_commit(wake_worker)
    return job


def wake_worker() -> None:
    """Tell a worker to look for work.

    A broker that cannot be reached is no failure of the import: the row waits, and beat asks the
    workers to look every half minute.
    """
    try:
        look_for_imports.apply_async(queue=IMPORT_QUEUE, ignore_result=True, retry=False)
    except OperationalError:
        logger.warning("The broker cannot be reached; the import waits for beat.", exc_info=True)


def wake_to_count() -> None:
    """Tell a worker to count the scores of the titles. A lost message is made up for by beat."""
    try:
        look_for_scores.apply_async(queue=IMPORT_QUEUE, ignore_result=True, retry=False)
    except OperationalError:
        logger.warning("The broker cannot be reached; beat will tell the worker.", exc_info=True)


@worker_ready.connect
def look_at_start(sender: object, **kwargs: object) -> None:
    """Let a worker that starts look for what a dead one has left."""
    queues = {queue.name for queue in sender.task_consumer.queues}  # type: ignore[attr-defined]  # a Celery consumer
    if IMPORT_QUEUE in queues:
        wake_worker()
        wake_to_count()
