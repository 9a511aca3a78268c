"""Heartbeats, written by a thread with a database connection of its own.

A training computes for minutes without coming up for air, so the thread that trains cannot be
the one that says "I am alive".
"""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from recommender.models import TrainingRun, Worker

logger = logging.getLogger(__name__)


class Pulse:
    """Calls ``beat`` every few seconds in a thread until it is stopped.

    A database that cannot be reached is logged and tried again at the next beat.
    """

    def __init__(self, beat: Callable[[], None], *, name: str) -> None:
        self._beat = beat
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start beating."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for the last beat to end."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        try:
            while not self._stopped.wait(settings.RECOMMENDER_HEARTBEAT_SECONDS):
                try:
                    self._beat()
                except DatabaseError:
                    logger.warning("A heartbeat could not be written.", exc_info=True)
                    close_old_connections()
        finally:
            connection.close()


class RunHeartbeat:
    """Keeps a run's heartbeat fresh, and notices a cancellation or the loss of the run."""

    def __init__(self, run: TrainingRun) -> None:
        self._run_pk = run.pk
        self._worker = run.worker
        self._stop_wanted = threading.Event()
        self._pulse = Pulse(self._beat, name=f"heartbeat-of-run-{run.pk}")

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pulse.stop()

    def should_stop(self) -> bool:
        """Whether the run has been cancelled or taken away; cheap enough for every batch."""
        return self._stop_wanted.is_set()

    def _beat(self) -> None:
        held = TrainingRun.objects.filter(
            pk=self._run_pk, state=TrainingRun.State.RUNNING, worker=self._worker
        )
        lost = not held.update(heartbeat_at=timezone.now())
        if lost or held.filter(cancel_requested=True).exists():
            self._stop_wanted.set()


_worker_pulse: Pulse | None = None


def start_worker_heartbeat(*, name: str, queues: str) -> None:
    """Write this process's Worker row now and every few seconds from now on."""
    global _worker_pulse  # noqa: PLW0603 - one worker a process, as Celery has it
    started_at = timezone.now()

    def beat() -> None:
        Worker.objects.update_or_create(
            name=name,
            defaults={
                "queues": queues,
                "pid": os.getpid(),
                "started_at": started_at,
                "heartbeat_at": timezone.now(),
            },
        )

    beat()
    _worker_pulse = Pulse(beat, name="heartbeat-of-worker")
    _worker_pulse.start()


def stop_worker_heartbeat(*, name: str) -> None:
    """Stop beating and take the row away: this worker has ended in good order."""
    global _worker_pulse  # noqa: PLW0603 - see start_worker_heartbeat
    if _worker_pulse is not None:
        _worker_pulse.stop()
        _worker_pulse = None
    Worker.objects.filter(name=name, pid=os.getpid()).delete()
