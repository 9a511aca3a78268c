"""The life of a training run: who may do what to it, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from recommender.models import TrainingRun
from recommender.services import runs
from recommender.services.errors import (
    IllegalTransition,
    InvalidConfiguration,
    RunLost,
    SimulatedMixture,
)
from tests.factories import ImportedRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db
State = TrainingRun.State


def make_stale(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=2))


def test_the_oldest_queued_run_is_claimed() -> None:
    oldest, newest = runs.create(), runs.create()
    claimed = runs.claim(worker="a")
    assert claimed == oldest
    assert (claimed.state, claimed.worker, claimed.attempts) == (State.RUNNING, "a", 1)
    newest.refresh_from_db()
    assert newest.state == State.QUEUED


def test_only_one_run_runs_at_a_time() -> None:
    runs.create()
    runs.create()
    assert runs.claim(worker="a") is not None
    assert runs.claim(worker="b") is None


def test_nothing_is_claimed_from_an_empty_queue() -> None:
    assert runs.claim(worker="a") is None


def test_a_run_with_a_fresh_heartbeat_is_not_taken_over() -> None:
    runs.create()
    runs.claim(worker="a")
    assert runs.claim(worker="b") is None


def test_a_stale_run_is_taken_over_and_its_first_worker_is_shut_out() -> None:
    runs.create()
    first = runs.claim(worker="a")
    assert first is not None
    make_stale(first)
    second = runs.claim(worker="b")
    assert second is not None
    assert (second.pk, second.worker, second.attempts) == (first.pk, "b", 2)
    assert "The worker a was lost; b goes on." in second.log
    with pytest.raises(RunLost):
        runs.write(run=first, progress=0.5)
    with pytest.raises(RunLost):
        runs.finish(run=first, state=State.SUCCEEDED)
    runs.finish(run=second, state=State.SUCCEEDED)


def test_a_run_that_keeps_killing_its_workers_is_given_up() -> None:
    run = runs.create()
    for worker in ("a", "b", "c"):
        assert runs.claim(worker=worker) is not None
        make_stale(run)
    assert runs.claim(worker="d") is None
    run.refresh_from_db()
    assert run.state == State.ERRORED
    assert run.error.startswith("3 workers in a row died during this run")


def test_a_waiting_run_is_cancelled_at_once() -> None:
    run = runs.cancel(run=runs.create())
    assert run.state == State.CANCELLED
    assert run.finished_at is not None


def test_a_running_run_is_asked_to_stop() -> None:
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    run = runs.cancel(run=run)
    assert (run.state, run.cancel_requested) == (State.RUNNING, True)


def test_a_stale_run_is_cancelled_without_its_worker() -> None:
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    make_stale(run)
    assert runs.cancel(run=run).state == State.CANCELLED


def test_a_cancelled_stale_run_is_not_resumed() -> None:
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    runs.cancel(run=run)
    make_stale(run)
    assert runs.claim(worker="b") is None
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_a_finished_run_cannot_be_cancelled() -> None:
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    runs.finish(run=run, state=State.SUCCEEDED)
    with pytest.raises(IllegalTransition, match=r"already ended \(succeeded\)"):
        runs.cancel(run=run)


def test_running_is_no_end() -> None:
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    with pytest.raises(IllegalTransition):
        runs.finish(run=run, state=State.RUNNING)


@pytest.mark.parametrize(
    ("configuration", "named"),
    [({"n_epochs": 0}, "n_epochs"), ({"depth": 3}, "depth"), ({"device": "tpu"}, "device")],
)
def test_a_wrong_setting_is_refused_by_name(configuration: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidConfiguration, match=named):
        runs.create(configuration=configuration)
    assert not TrainingRun.objects.exists()


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="'oracle'"):
        runs.create(model="oracle")


def test_simulated_and_real_raters_are_not_mixed_without_a_flag() -> None:
    RatingFactory.create(rater=ImportedRaterFactory.create(source="demo"))
    runs.create()
    RatingFactory.create()
    with pytest.raises(SimulatedMixture, match="remove_demo"):
        runs.create()
    assert runs.create(include_simulated=True).include_simulated
