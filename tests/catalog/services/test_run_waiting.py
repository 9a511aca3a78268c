"""Uploaded imports, carried out by a worker."""

import logging
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from catalog.models import ImportJob
from catalog.services import imports
from catalog.services.csv_import import run_waiting
from tests.catalog.services.csv_samples import RATINGS_HEADER, make_titles, stored_ratings
from tests.catalog.services.other_process import lock_held_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

State = ImportJob.State


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    make_titles([1, 2])


def upload(*lines: str) -> ImportJob:
    content = "\n".join(lines).encode()
    file = ContentFile(content, name="my ratings.csv")
    return imports.queue_upload(kind=ImportJob.Kind.RATINGS, upload=file)


def test_jobs_run_in_the_order_of_their_arrival() -> None:
    upload(RATINGS_HEADER, "5,1,10")
    upload(RATINGS_HEADER, "5,1,4")
    jobs = run_waiting()
    assert [(job.state, job.rows_created, job.rows_updated) for job in jobs] == [
        (State.SUCCEEDED, 1, 0),
        (State.SUCCEEDED, 0, 1),
    ]
    assert stored_ratings() == [(5, 1, 2, 4)]


def test_file_of_a_finished_job_is_deleted() -> None:
    job = upload(RATINGS_HEADER, "5,1,10")
    storage, name = job.upload.storage, str(job.upload.name)
    assert storage.exists(name)
    (done,) = run_waiting()
    assert not storage.exists(name)
    assert (done.upload.name, done.file_name) == ("", "my ratings.csv")


def test_wrong_file_fails_and_the_next_one_runs(caplog: pytest.LogCaptureFixture) -> None:
    upload("a,b", "5,1,10")
    upload(RATINGS_HEADER, "5,1,10")
    with caplog.at_level(logging.WARNING):
        wrong, right = run_waiting()
    assert wrong.state == State.FAILED
    assert wrong.error.startswith("my ratings.csv, line 1: the header should be user_id")
    assert "failed: my ratings.csv, line 1" in caplog.text
    assert right.state == State.SUCCEEDED


def test_bug_is_logged_and_the_next_job_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    upload(RATINGS_HEADER, "5,1,10")
    second = upload(RATINGS_HEADER, "5,1,10")
    real = imports.note_rows

    def broken(*, job: ImportJob, **values: object) -> None:
        if job != second:
            raise ZeroDivisionError("oops")
        real(job=job, **values)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(imports, "note_rows", broken)
    crashed, done = run_waiting()
    assert (crashed.state, crashed.error) == (State.ERRORED, "ZeroDivisionError: oops")
    assert crashed.upload.name
    assert "broke off" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert done.state == State.SUCCEEDED


def test_job_whose_worker_died_is_resumed() -> None:
    job = upload(RATINGS_HEADER, "5,1,10", "6,1,9")
    long_ago = timezone.now() - timedelta(minutes=1)
    ImportJob.objects.filter(pk=job.pk).update(state=State.RUNNING, heartbeat_at=long_ago)
    (done,) = run_waiting()
    assert (done.pk, done.state, done.rows_created) == (job.pk, State.SUCCEEDED, 2)


def test_nothing_is_claimed_while_another_import_runs(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.services.import_lock.GRACE_SECONDS", 0)
    job = upload(RATINGS_HEADER, "5,1,10")
    with caplog.at_level(logging.INFO), lock_held_elsewhere():
        assert run_waiting() == []
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert "Another import is running" in caplog.text


def test_cancelled_in_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    job = upload(RATINGS_HEADER, "5,1,10")
    real = imports.note_rows

    def cancel_meanwhile(*, job: ImportJob, **values: object) -> None:
        real(job=job, **values)  # type: ignore[arg-type]  # passed on as they came
        imports.cancel(job=job)

    monkeypatch.setattr(imports, "note_rows", cancel_meanwhile)
    (done,) = run_waiting()
    assert (done.pk, done.state) == (job.pk, State.CANCELLED)
    assert stored_ratings() == []
