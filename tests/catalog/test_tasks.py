"""Imports started in the browser: the row first, then a message that only says "look"."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from catalog import tasks
from catalog.models import ImportJob, TitleStatistics
from catalog.services import mal_import
from tests.catalog.mal_files import anime, export
from tests.catalog.services.csv_samples import RATINGS_HEADER, make_titles, stored_ratings
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Mock:
    mock = Mock()
    monkeypatch.setattr(tasks.look_for_imports, "apply_async", mock)
    return mock


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Mock:
    mock = Mock()
    monkeypatch.setattr(tasks.look_for_scores, "apply_async", mock)
    return mock


def enqueue() -> ImportJob:
    upload = ContentFile(f"{RATINGS_HEADER}\n5,1,10\n".encode(), name="rating.csv")
    user = UserFactory.create()
    return tasks.enqueue_import(kind=ImportJob.Kind.RATINGS, upload=upload, requested_by=user)


def test_message_is_sent_after_the_commit(sent: Mock) -> None:
    with transaction.atomic():
        job = enqueue()
        sent.assert_not_called()
    sent.assert_called_once_with(queue="default", ignore_result=True, retry=False)
    assert job.state == ImportJob.State.QUEUED
    assert job.requested_by is not None


def test_broker_out_of_reach_leaves_the_row(sent: Mock, caplog: pytest.LogCaptureFixture) -> None:
    sent.side_effect = OperationalError("no broker")
    enqueue()
    assert ImportJob.objects.get().state == ImportJob.State.QUEUED
    assert "the import waits for beat" in caplog.text


def test_task_runs_what_waits(sent: Mock) -> None:
    make_titles([1])
    enqueue()
    assert tasks.look_for_imports() == 1
    assert stored_ratings() == [(5, 1, 2, 10)]
    assert tasks.look_for_imports() == 0


def test_an_import_counts_the_scores(sent: Mock) -> None:
    make_titles([1])
    enqueue()
    tasks.look_for_imports()
    assert TitleStatistics.objects.get(pk=1).counts[10] == 1
    assert tasks.look_for_scores() is False


def test_broker_out_of_reach_leaves_the_counting_to_beat(
    counted: Mock, caplog: pytest.LogCaptureFixture
) -> None:
    counted.side_effect = OperationalError("no broker")
    tasks.wake_to_count()
    assert "beat will tell the worker" in caplog.text


def test_worker_that_starts_looks_for_work(sent: Mock, counted: Mock) -> None:
    def consumer(queue: str) -> Mock:
        named = Mock()
        named.name = queue
        worker = Mock()
        worker.task_consumer.queues = [named]
        return worker

    tasks.look_at_start(consumer("training"))
    sent.assert_not_called()
    counted.assert_not_called()
    tasks.look_at_start(consumer("default"))
    sent.assert_called_once()
    counted.assert_called_once()


def test_lists_that_nobody_decides_on_are_forgotten() -> None:
    user = UserFactory.create()
    job = mal_import.upload(user=user, file=ContentFile(export(anime(1)), name="animelist.xml"))
    assert tasks.forget_old_lists() == 0
    ImportJob.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert tasks.forget_old_lists() == 1
    job.refresh_from_db()
    assert job.state == ImportJob.State.CANCELLED
