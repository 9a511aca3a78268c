"""Messages mean "look for work"; the row is the truth."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from catalog.services.catalogue import catalogue_changed
from catalog.signals import titles_imported
from recommender import tasks
from recommender.models import TrainingRun, Worker
from recommender.services import heartbeat, runs
from recommender.services.errors import InvalidConfiguration
from tests.recommender.conftest import SMALL, World

pytestmark = pytest.mark.django_db
State = TrainingRun.State


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    queues: list[str] = []

    def apply_async(**options: object) -> None:
        queues.append(str(options["queue"]))

    monkeypatch.setattr(tasks.look_for_training, "apply_async", apply_async)
    monkeypatch.setattr(tasks.look_for_similar_titles, "apply_async", apply_async)
    return queues


def test_a_worker_is_woken_after_the_commit(
    sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = tasks.enqueue_training()
        assert sent == []
    assert sent == ["training"]
    assert run.state == State.QUEUED


def test_a_refused_run_wakes_nobody(
    sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(InvalidConfiguration),
    ):
        tasks.enqueue_training(model="oracle")
    assert sent == []


def test_a_broker_that_is_away_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def refused(**options: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.look_for_training, "apply_async", refused)
    with django_capture_on_commit_callbacks(execute=True):
        run = tasks.enqueue_training()
    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_one_message_works_off_every_queued_run(world: World) -> None:
    waiting = [runs.create(configuration=SMALL | {"n_epochs": 1}) for _ in range(2)]
    assert tasks.look_for_training() == 2
    assert {TrainingRun.objects.get(pk=run.pk).state for run in waiting} == {State.SUCCEEDED}
    assert tasks.look_for_training() == 0


def consumer(*queues: str) -> SimpleNamespace:
    names = [SimpleNamespace(name=queue) for queue in queues]
    return SimpleNamespace(hostname="w@host", task_consumer=SimpleNamespace(queues=names))


def test_a_training_worker_looks_for_work_when_it_starts(sent: list[str]) -> None:
    tasks.start_worker(sender=consumer("training"))
    try:
        worker = Worker.objects.get()
        assert (worker.name, worker.queues, worker.is_alive) == ("w@host", "training", True)
        assert sent == ["training"]
    finally:
        tasks.end_worker(sender=consumer("training"))
    assert not Worker.objects.exists()


def test_a_default_worker_looks_for_changed_titles_when_it_starts(sent: list[str]) -> None:
    tasks.start_worker(sender=consumer("default"))
    tasks.end_worker(sender=consumer("default"))
    assert sent == ["default"]


def test_another_worker_does_not(sent: list[str]) -> None:
    tasks.start_worker(sender=consumer("other"))
    tasks.end_worker(sender=consumer("other"))
    assert sent == []


def test_an_import_of_titles_wakes_a_worker(sent: list[str]) -> None:
    titles_imported.send(sender=object)
    assert sent == ["default"]


def test_similar_titles_are_computed_when_the_catalogue_has_changed(world: World) -> None:
    assert tasks.look_for_similar_titles()
    assert not tasks.look_for_similar_titles()
    catalogue_changed()
    assert tasks.look_for_similar_titles()


def test_a_broker_that_is_away_is_no_failure_of_an_import(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(**options: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.look_for_similar_titles, "apply_async", refused)
    titles_imported.send(sender=object)
    assert "beat will tell the worker" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_of_a_run_notices_its_cancellation(
    settings: Settings, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    settings.RECOMMENDER_HEARTBEAT_SECONDS = 0.02
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    first = run.heartbeat_at
    with heartbeat.RunHeartbeat(run) as beating:
        wait_for(lambda: TrainingRun.objects.get().heartbeat_at != first)
        assert not beating.should_stop()
        runs.cancel(run=run)
        wait_for(beating.should_stop)


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_of_a_run_notices_its_loss(
    settings: Settings, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    settings.RECOMMENDER_HEARTBEAT_SECONDS = 0.02
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    with heartbeat.RunHeartbeat(run) as beating:
        TrainingRun.objects.update(worker="b")
        wait_for(beating.should_stop)
