"""The life of an import job, and which job a worker takes."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.utils import timezone

from catalog.models import ImportJob, Rater
from catalog.services import imports
from catalog.services.import_errors import IllegalMove, ImportFailed, ImportStopped

pytestmark = pytest.mark.django_db

State = ImportJob.State


def queued(content: bytes = b"x") -> ImportJob:
    upload = ContentFile(content, name="rating.csv")
    job = imports.queue_upload(kind=ImportJob.Kind.RATINGS, upload=upload)
    job.upload.close()
    return job


def begin(job: ImportJob | None = None, fingerprint: str = "f1") -> ImportJob:
    return imports.begin(
        job=job,
        kind=ImportJob.Kind.RATINGS,
        source=Rater.Source.IMPORT,
        name="rating.csv",
        fingerprint=fingerprint,
    )


def test_uploaded_file_is_stored() -> None:
    job = queued(b"content")
    assert (job.state, job.file_name) == (State.QUEUED, "rating.csv")
    with job.upload.open() as stored:
        assert stored.read() == b"content"


def test_oldest_queued_job_is_claimed_first() -> None:
    first, second = queued(), queued()
    assert imports.claim() == first
    assert list(ImportJob.objects.order_by("pk").values_list("state", flat=True)) == [
        State.RUNNING,
        State.QUEUED,
    ]
    assert [imports.claim(), imports.claim()] == [second, None]


def test_job_whose_process_is_gone_is_claimed_before_the_queued_ones() -> None:
    waiting, dead = queued(), queued()
    long_ago = timezone.now() - timedelta(seconds=31)
    ImportJob.objects.filter(pk=dead.pk).update(state=State.RUNNING, heartbeat_at=long_ago)
    assert imports.claim() == dead
    assert imports.claim() == waiting


def test_job_that_lives_is_not_claimed() -> None:
    job = queued()
    recently = timezone.now() - timedelta(seconds=29)
    ImportJob.objects.filter(pk=job.pk).update(state=State.RUNNING, heartbeat_at=recently)
    assert imports.claim() is None


@pytest.mark.parametrize("kind", [ImportJob.Kind.MAL])
def test_jobs_of_other_kinds_are_left_to_others(kind: ImportJob.Kind) -> None:
    imports.queue_upload(kind=kind, upload=ContentFile(b"x", name="list.xml"))
    assert imports.claim() is None


def test_job_of_a_command_is_not_claimed() -> None:
    begin()
    assert imports.claim(now=timezone.now() + timedelta(hours=1)) is None


def test_broken_job_is_gone_on_with_for_the_same_file() -> None:
    broken = begin()
    imports.advance(job=broken, rows=10, created=7, updated=2)
    again = begin()
    assert again == broken
    assert (again.position, again.rows_created, again.rows_updated, again.rows_unchanged) == (
        10,
        7,
        2,
        1,
    )


def test_other_file_starts_a_job_of_its_own_and_ends_the_broken_one() -> None:
    broken = begin()
    imports.advance(job=broken, rows=10, created=10, updated=0)
    other = begin(fingerprint="f2")
    assert other != broken
    assert other.position == 0
    broken.refresh_from_db()
    assert broken.state == State.FAILED
    assert "Import the file again" in broken.error


def test_broken_job_is_not_gone_on_with_when_another_file_came_between() -> None:
    broken = begin()
    imports.advance(job=broken, rows=10, created=10, updated=0)
    imports.succeed(job=begin(fingerprint="f2"), summary={})
    again = begin()
    assert again != broken
    assert again.position == 0


def test_finished_job_is_not_gone_on_with() -> None:
    imports.succeed(job=begin(), summary={})
    again = begin()
    assert ImportJob.objects.count() == 2
    assert again.position == 0


def test_claimed_upload_begins_anew_when_another_file_came_between() -> None:
    job = queued()
    imports.claim()
    job = begin(job)
    imports.advance(job=job, rows=10, created=10, updated=0)
    assert begin(job).position == 10
    imports.succeed(job=begin(fingerprint="f2"), summary={})
    assert begin(job).position == 0


def test_finished_job_takes_no_other_end() -> None:
    job = begin()
    imports.succeed(job=job, summary={"rows": 1})
    moves: list[Callable[[], None]] = [
        partial(imports.fail, job=job, error="x"),
        partial(imports.crash, job=job, error="x"),
        partial(imports.cancel, job=job),
        partial(imports.succeed, job=job, summary={}),
    ]
    for move in moves:
        with pytest.raises(IllegalMove, match=r"is succeeded: it cannot become"):
            move()
    job.refresh_from_db()
    assert (job.state, job.error, job.summary) == (State.SUCCEEDED, "", {"rows": 1})


def test_queued_job_cannot_succeed() -> None:
    with pytest.raises(IllegalMove, match=r"is queued: it cannot become succeeded"):
        imports.succeed(job=queued(), summary={})


def test_cancelled_job_loses_its_file() -> None:
    job = queued()
    imports.cancel(job=job)
    job.refresh_from_db()
    assert (job.state, job.upload.name) == (State.CANCELLED, "")


def test_cancelled_job_stops_at_its_next_beat() -> None:
    job = begin()
    imports.cancel(job=job)
    with pytest.raises(ImportStopped, match="was stopped"):
        imports.beat(job=job, rows_read=1)
    with pytest.raises(ImportStopped, match="was stopped"):
        imports.advance(job=job, rows=1, created=1, updated=0)


def test_cancelled_before_it_began() -> None:
    job = queued()
    imports.claim()
    imports.cancel(job=job)
    with pytest.raises(ImportStopped, match="before it began"):
        begin(job)


def test_bug_is_noted_as_such_and_goes_on() -> None:
    job = begin()
    with pytest.raises(ZeroDivisionError), imports.outcome(job=job):
        raise ZeroDivisionError("division by zero")
    assert (job.state, job.error) == (State.ERRORED, "ZeroDivisionError: division by zero")


def test_database_that_gives_up_is_no_bug() -> None:
    job = begin()
    expected = pytest.raises(ImportFailed, match=r"gave up \(database is locked\).*again")
    with expected, imports.outcome(job=job):
        raise OperationalError("database is locked")
    assert job.state == State.FAILED
    assert "database is locked" in job.error


def test_interrupted_command_says_what_to_do() -> None:
    job = begin()
    with pytest.raises(KeyboardInterrupt), imports.outcome(job=job):
        raise KeyboardInterrupt
    assert (job.state, job.error) == (
        State.FAILED,
        "Interrupted. Import the file again to complete it.",
    )


def test_interrupted_upload_is_left_to_the_next_worker() -> None:
    job = queued()
    imports.claim()
    job = begin(job)
    with pytest.raises(KeyboardInterrupt), imports.outcome(job=job):
        raise KeyboardInterrupt
    job.refresh_from_db()
    assert job.state == State.RUNNING
