from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from catalog.models import User
from recommender import tasks
from recommender.models import ModelVersion, TrainingRun
from tests.api import ROOT, errors, problem
from tests.factories import ImportedRaterFactory, RatingFactory

ADDRESS = f"{ROOT}training-runs/"
State = TrainingRun.State


def test_a_run_is_queued_and_a_worker_woken(
    admin_client: APIClient,
    admin_user: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken = []
    monkeypatch.setattr(tasks, "wake_training_worker", lambda: woken.append(True))

    with django_capture_on_commit_callbacks(execute=True):
        response = admin_client.post(ADDRESS, {"configuration": {"n_epochs": 3}})

    assert response.status_code == 201
    run = TrainingRun.objects.get()
    assert response["Location"] == f"http://testserver{ADDRESS}{run.pk}/"
    assert woken == [True]
    answer = response.json()
    assert answer == admin_client.get(response["Location"]).json()
    assert (answer["state"], answer["progress"], answer["requested_by"]) == ("queued", 0.0, "ada")
    assert answer["configuration"]["n_epochs"] == 3
    assert run.requested_by == admin_user


def test_the_defaults_will_do(admin_client: APIClient) -> None:
    assert admin_client.post(ADDRESS, {}).status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"configuration": {"n_epochs": 0}}, [("configuration", "invalid")]),
        ({"configuration": {"n_epochs": "many"}}, [("configuration", "invalid")]),
        ({"configuration": {"hidden": {"a": 1}}}, [("configuration", "invalid")]),
        ({"configuration": {"device": ["cpu"]}}, [("configuration", "invalid")]),
        ({"configuration": {"epochs": 3}}, [("configuration", "invalid")]),
        ({"configuration": [1]}, [("configuration", "not_a_dict")]),
        ({"model": "oracle"}, [("model", "invalid_choice")]),
        ({"include_simulated": 1}, [("include_simulated", "invalid")]),
        ({"epochs": 3}, [("epochs", "unknown")]),
    ],
)
def test_settings_that_are_not_valid_queue_nothing(
    admin_client: APIClient, body: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert errors(admin_client.post(ADDRESS, body)) == expected
    assert not TrainingRun.objects.exists()


def test_simulated_and_real_raters_are_mixed_only_on_request(admin_client: APIClient) -> None:
    RatingFactory.create()
    RatingFactory.create(rater=ImportedRaterFactory.create(source="demo"))

    body = problem(admin_client.post(ADDRESS, {}), 409, "simulated_mixture")

    assert "include_simulated" in body["detail"]
    assert not TrainingRun.objects.exists()
    assert admin_client.post(ADDRESS, {"include_simulated": True}).status_code == 201


def test_runs_come_newest_first_without_logs(admin_client: APIClient) -> None:
    older = TrainingRun.objects.create(state=State.SUCCEEDED, log="long", progress=1.0)
    version = ModelVersion.objects.create(run=older, artifact="a")
    newer = TrainingRun.objects.create()

    results = admin_client.get(ADDRESS).json()["results"]

    assert [run["id"] for run in results] == [newer.pk, older.pk]
    assert [run["version"] for run in results] == [None, version.pk]
    assert not {"log", "epochs"} & set(results[0])


def test_runs_of_one_state(admin_client: APIClient) -> None:
    TrainingRun.objects.create(state=State.SUCCEEDED)
    queued = TrainingRun.objects.create()

    results = admin_client.get(ADDRESS, {"state": "queued"}).json()["results"]

    assert [run["id"] for run in results] == [queued.pk]
    assert errors(admin_client.get(ADDRESS, {"state": "idle"})) == [("state", "invalid_choice")]


def test_a_run_shows_its_progress(admin_client: APIClient) -> None:
    epochs = [{"epoch": 1, "train_rmse": 1.5, "validation_rmse": 1.4}]
    run = TrainingRun.objects.create(
        state=State.RUNNING,
        step="Fitting",
        progress=0.25,
        epochs=epochs,
        log="12:00:00 Fitting\n",
        heartbeat_at=timezone.now() - timedelta(hours=1),
    )

    answer = admin_client.get(f"{ADDRESS}{run.pk}/").json()

    assert (answer["state"], answer["step"], answer["progress"]) == ("running", "Fitting", 0.25)
    assert (answer["epochs"], answer["log"]) == (epochs, "12:00:00 Fitting\n")
    assert answer["is_stale"] is True


def test_an_unknown_run_is_404(admin_client: APIClient) -> None:
    body = problem(admin_client.get(f"{ADDRESS}5/"), 404, "not_found")

    assert body["detail"] == "There is no training run 5."
    problem(admin_client.post(f"{ADDRESS}5/cancel/"), 404, "not_found")


def test_a_waiting_run_is_cancelled_at_once(admin_client: APIClient) -> None:
    run = TrainingRun.objects.create()

    answer = admin_client.post(f"{ADDRESS}{run.pk}/cancel/").json()

    run.refresh_from_db()
    assert answer["state"] == run.state == "cancelled"


def test_a_running_run_is_asked_to_stop(admin_client: APIClient) -> None:
    run = TrainingRun.objects.create(state=State.RUNNING, heartbeat_at=timezone.now())

    answer = admin_client.post(f"{ADDRESS}{run.pk}/cancel/").json()

    assert (answer["state"], answer["cancel_requested"]) == ("running", True)


def test_a_run_that_has_ended_is_not_cancelled(admin_client: APIClient) -> None:
    run = TrainingRun.objects.create(state=State.SUCCEEDED)

    body = problem(admin_client.post(f"{ADDRESS}{run.pk}/cancel/"), 409, "wrong_state")

    assert body["detail"] == f"Run {run.pk} has already ended (succeeded)."


@pytest.mark.parametrize("limit", [2, 10])
def test_the_number_of_queries_does_not_grow(
    admin_client: APIClient,
    admin_user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    for number in range(10):
        run = TrainingRun.objects.create(requested_by=admin_user, state=State.SUCCEEDED)
        ModelVersion.objects.create(run=run, artifact=str(number))

    with django_assert_num_queries(2):  # token, runs
        assert len(admin_client.get(ADDRESS, {"limit": limit}).json()["results"]) == limit
