"""The life of an import job: a row that only moves in ways that are allowed.

    QUEUED → RUNNING → SUCCEEDED | FAILED | ERRORED | CANCELLED       QUEUED → CANCELLED
    AWAITING → RUNNING                                                AWAITING → CANCELLED

A person's list waits (AWAITING) until its owner has seen what it would change.

*Failed* is expected (a wrong file), *errored* is a bug. A job that runs but whose process is gone
may be taken up again. Every change is one conditional UPDATE, so of two processes one wins.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import DatabaseError, OperationalError
from django.db.models import F, Q
from django.utils import timezone

from catalog.models import ImportJob, Rater, User
from catalog.services.import_errors import IllegalMove, ImportFailed, ImportStopped

State = ImportJob.State
CSV_KINDS = (ImportJob.Kind.ANIME, ImportJob.Kind.RATINGS)
_BROKEN_OFF = (State.RUNNING, State.FAILED, State.ERRORED)
_BEGINNING = {
    "position": 0,
    "rows_read": 0,
    "rows_created": 0,
    "rows_updated": 0,
    "rows_unchanged": 0,
    "rows_rejected": 0,
    "rejects": {},
    "reject_samples": {},
    "summary": {},
}
_ABANDONED = "It stopped in its middle. Import the file again to complete it."


def queue_upload(
    *, kind: ImportJob.Kind, upload: "File[bytes]", requested_by: User | None = None
) -> ImportJob:
    """Store an uploaded file and queue its import."""
    return ImportJob.objects.create(
        kind=kind,
        upload=upload,
        file_name=(upload.name or "upload")[-255:],
        requested_by=requested_by,
    )


def await_decision(
    *, kind: ImportJob.Kind, upload: "File[bytes]", requested_by: User, **figures: Any
) -> ImportJob:
    """Store what was read of an uploaded file until its owner decides; ``figures`` are columns."""
    return ImportJob.objects.create(
        kind=kind,
        state=State.AWAITING,
        source=Rater.Source.ACCOUNT,
        upload=upload,
        requested_by=requested_by,
        **figures,
    )


def accept(*, job: ImportJob) -> None:
    """AWAITING → RUNNING: its owner has decided. Of two who decide at once one gets IllegalMove."""
    _move(job, State.RUNNING, from_states=(State.AWAITING,), started_at=timezone.now())


def claim(*, now: datetime | None = None) -> ImportJob | None:
    """Take the uploaded job that is to run next, or None when there is none.

    That is one whose process is gone (RUNNING without a heartbeat for RECOMMENDER_STALE_AFTER),
    else the oldest QUEUED one.
    """
    now = now or timezone.now()
    quiet = Q(heartbeat_at__lt=now - settings.RECOMMENDER_STALE_AFTER) | Q(heartbeat_at=None)
    waiting = ImportJob.objects.filter(kind__in=CSV_KINDS).exclude(upload="").order_by("pk")
    for ready in (Q(state=State.RUNNING) & quiet, Q(state=State.QUEUED)):
        for job in waiting.filter(ready):
            taken = ImportJob.objects.filter(ready, pk=job.pk)
            if taken.update(state=State.RUNNING, heartbeat_at=now):
                job.refresh_from_db()
                return job
    return None


def begin(
    *, job: ImportJob | None, kind: str, source: str, name: str, fingerprint: str
) -> ImportJob:
    """A running job for the file with this fingerprint.

    Without ``job`` (a command), the last job of the same kind and source is gone on with, if it
    broke off in this very file; another job has written since in any other case, so the file is
    imported from its beginning. Only the holder of the import lock may call this: with it, a job
    that still says RUNNING has lost its process.
    """
    now = timezone.now()
    same = ImportJob.objects.filter(kind=kind, source=source).exclude(started_at=None)
    last = same.order_by("-started_at", "-pk").first()
    if job is None and last and last.fingerprint == fingerprint and last.state in _BROKEN_OFF:
        job = last
    values: dict[str, Any] = {
        "state": State.RUNNING,
        "file_name": name[-255:],
        "fingerprint": fingerprint,
        "error": "",
        "started_at": now,
        "heartbeat_at": now,
        "finished_at": None,
    }
    if job is None:
        job = ImportJob.objects.create(kind=kind, source=source, **values)
    else:
        goes_on = job == last and job.fingerprint == fingerprint
        values |= {} if goes_on else _BEGINNING
        if not ImportJob.objects.filter(pk=job.pk, state__in=_BROKEN_OFF).update(**values):
            raise ImportStopped("The import was stopped before it began.")
        job.refresh_from_db()
    abandoned = ImportJob.objects.filter(kind__in=CSV_KINDS, state=State.RUNNING, upload="")
    abandoned.exclude(pk=job.pk).update(state=State.FAILED, finished_at=now, error=_ABANDONED)
    return job


def beat(*, job: ImportJob, rows_read: int) -> None:
    """Show that the job lives, and how far its reading has come."""
    _change_running(job, rows_read=rows_read, heartbeat_at=timezone.now())


def advance(*, job: ImportJob, rows: int, created: int, updated: int) -> None:
    """Move the position along, in the transaction that wrote the rows."""
    _change_running(
        job,
        position=F("position") + rows,
        rows_created=F("rows_created") + created,
        rows_updated=F("rows_updated") + updated,
        rows_unchanged=F("rows_unchanged") + rows - created - updated,
        heartbeat_at=timezone.now(),
    )


def position(*, job: ImportJob) -> int:
    """How many accepted rows are merged by now."""
    return ImportJob.objects.values_list("position", flat=True).get(pk=job.pk)


def note_rows(*, job: ImportJob, rows_read: int, rejects: dict[str, int], samples: Any) -> None:
    """Note what the file holds, once it has been read whole."""
    _change_running(
        job,
        rows_read=rows_read,
        rows_rejected=sum(rejects.values()),
        rejects=rejects,
        reject_samples=samples,
        heartbeat_at=timezone.now(),
    )


def succeed(*, job: ImportJob, summary: dict[str, Any], **figures: int) -> None:
    """RUNNING → SUCCEEDED; ``figures`` are columns that were not counted along the way."""
    _finish(job, State.SUCCEEDED, from_states=(State.RUNNING,), summary=summary, **figures)


def fail(*, job: ImportJob, error: str) -> None:
    """RUNNING → FAILED: something expected, which the message explains."""
    _finish(job, State.FAILED, from_states=(State.RUNNING,), error=error)


def crash(*, job: ImportJob, error: str) -> None:
    """RUNNING → ERRORED: a bug."""
    _finish(job, State.ERRORED, from_states=(State.RUNNING,), error=error)


def cancel(*, job: ImportJob, reason: str = "") -> None:
    """AWAITING, QUEUED or RUNNING → CANCELLED; a running import notices before its next batch."""
    from_states = (State.AWAITING, State.QUEUED, State.RUNNING)
    _finish(job, State.CANCELLED, from_states=from_states, error=reason)
    drop_upload(job=job)


def drop_upload(*, job: ImportJob) -> None:
    """Delete the uploaded file of a job that needs it no more.

    That of an errored job is kept for whoever looks for the bug; an open one can be deleted.
    """
    job.refresh_from_db()
    if job.upload and job.state in (State.SUCCEEDED, State.FAILED, State.CANCELLED):
        job.upload.delete(save=False)
        job.upload = ""
        ImportJob.objects.filter(pk=job.pk).update(upload="")


@contextmanager
def outcome(*, job: ImportJob) -> Iterator[None]:
    """Write on the job's row how it ends when it ends badly: the one place that decides it."""
    try:
        yield
    except ImportStopped:
        raise  # The row says so already.
    except IllegalMove as error:
        raise ImportStopped(str(error)) from error
    except ImportFailed as error:
        fail(job=job, error=str(error))
        raise
    except (OperationalError, sqlite3.OperationalError) as error:
        failed = ImportFailed(
            f"The database gave up ({error}). What was written before stays; import the file "
            "again to complete it."
        )
        with suppress(DatabaseError):
            fail(job=job, error=str(failed))
        raise failed from error
    except KeyboardInterrupt:
        if not job.upload:  # An upload is gone on with by the next worker.
            fail(job=job, error="Interrupted. Import the file again to complete it.")
        raise
    except Exception as error:
        crash(job=job, error=f"{type(error).__name__}: {error}")
        raise


def _finish(job: ImportJob, state: State, *, from_states: tuple[State, ...], **values: Any) -> None:
    _move(job, state, from_states=from_states, finished_at=timezone.now(), **values)


def _move(job: ImportJob, state: State, *, from_states: tuple[State, ...], **values: Any) -> None:
    found = ImportJob.objects.filter(pk=job.pk, state__in=from_states)
    if not found.update(state=state, **values):
        job.refresh_from_db(fields=["state"])
        raise IllegalMove(f"Import {job.pk} is {job.state}: it cannot become {state.value}.")
    job.refresh_from_db()


def _change_running(job: ImportJob, **values: Any) -> None:
    if not ImportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(**values):
        raise ImportStopped("The import was stopped. What it had written so far stays.")
