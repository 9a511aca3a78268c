"""A run from rows to a version: what it leaves, how it fails, how it goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from catalog.models import Rater
from ml.errors import Cancelled
from ml.serving import RecommenderNetScorer
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry, runs, training
from recommender.services.errors import RunLost
from tests.factories import ImportedRaterFactory, RatingFactory
from tests.recommender.conftest import SMALL, World

pytestmark = pytest.mark.django_db(transaction=True)
State = TrainingRun.State


def train() -> TrainingRun:
    run = runs.create(configuration=SMALL)
    training.work_off_queue(worker="test")
    run.refresh_from_db()
    return run


def test_a_run_leaves_a_verified_active_version(world: World) -> None:
    run = train()
    assert (run.state, run.error, run.progress) == (State.SUCCEEDED, "", 1.0)
    assert run.n_ratings == 480
    assert run.device == "cpu"
    version = ModelVersion.objects.get(run=run)
    assert version.is_active
    assert (version.n_ratings, version.n_raters, version.n_titles) == (480, 30, 24)
    assert version.data_fingerprint == run.data_fingerprint
    rows = dict(version.measured_rows)
    assert version.measured["rmse"] == rows["best"]["rmse"] < rows["global-mean"]["rmse"]
    assert version.measured["ndcg_at_10"] == rows["for-you"]["ndcg_at_10"]
    assert "480 watched titles, 420 of them scored, by 30 raters of 24 titles" in run.log
    assert run.log.rstrip().endswith(f"Version {version.pk} is written and now active.")


def test_the_row_tells_every_epoch_of_both_fits(world: World) -> None:
    run = train()
    held_out = [epoch for epoch in run.epochs if epoch["stage"] == "held-out"]
    served = [epoch for epoch in run.epochs if epoch["stage"] == "served"]
    assert [epoch["epoch"] for epoch in held_out] == list(range(1, 13))
    assert all(epoch["validation_rmse"] > 0 for epoch in held_out)
    best = min(held_out, key=lambda epoch: epoch["validation_rmse"])["epoch"]
    assert [epoch["epoch"] for epoch in served] == list(range(1, best + 1))
    assert all(epoch["validation_rmse"] is None for epoch in served)


def test_nothing_is_left_beside_the_artifact(world: World) -> None:
    run = train()
    version = ModelVersion.objects.get(run=run)
    assert [path.name for path in settings.RECOMMENDER_ARTIFACT_ROOT.iterdir()] == [
        version.artifact
    ]
    assert list(settings.RECOMMENDER_CHECKPOINT_ROOT.iterdir()) == []


def test_steps_and_progress_go_up_to_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, float]] = []
    original = runs.write

    def write(*, run: TrainingRun, **changes: object) -> None:
        original(run=run, **changes)
        if {"step", "progress"} & set(changes):
            written.append((run.step, run.progress))

    monkeypatch.setattr(runs, "write", write)
    train()
    assert list(dict.fromkeys(step for step, _ in written)) == [
        "Reading the ratings",
        "Fitting on the training part: RecommenderNet",
        "Fitting on the training part: Matrix factorisation",
        "Fitting on the training part: Errors on similar titles",
        "Fitting on the training part: Weighing the predictors",
        "Fitting on the training part: EASE",
        "Fitting on the training part: EASE with many weights",
        "Fitting on the training part: Implicit factors",
        "Fitting on the training part: Weighing the rankers",
        "Measuring: Measuring on the test part",
        "Fitting on all ratings: RecommenderNet",
        "Fitting on all ratings: Matrix factorisation",
        "Fitting on all ratings: Errors on similar titles",
        "Fitting on all ratings: EASE",
        "Fitting on all ratings: EASE with many weights",
        "Fitting on all ratings: Implicit factors",
        "Writing the model",
        "",
    ]
    shares = [share for _, share in written]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_second_version_waits_for_its_activation(world: World) -> None:
    first = ModelVersion.objects.get(run=train())
    second = ModelVersion.objects.get(run=train())
    assert (first.is_active, second.is_active) == (True, False)


def test_a_run_without_ratings_fails_with_what_to_do() -> None:
    run = train()
    assert run.state == State.FAILED
    assert run.error.startswith("There are no ratings to train on. Import some with")
    assert not ModelVersion.objects.exists()


def test_an_unscored_title_is_no_label(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml import train as ml_train

    labels: list[int] = []
    original = ml_train.fit

    def spy(train: object, *args: object, **kwargs: object) -> object:
        labels.append(int(train.score.min()))  # type: ignore[attr-defined]
        return original(train, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ml_train, "fit", spy)
    train()
    assert labels == [3, 3]


def test_a_mixture_that_came_up_while_waiting_fails_the_run(world: World) -> None:
    run = runs.create(configuration=SMALL)
    RatingFactory.create(rater=ImportedRaterFactory.create(source=Rater.Source.DEMO))
    training.work_off_queue(worker="test")
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "manage.py remove_demo" in run.error


def test_a_bug_is_told_from_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(training, "read_dataset", broken)
    run = train()
    assert (run.state, run.error) == (State.ERRORED, "ZeroDivisionError: by zero")


def test_a_cancelled_run_stops_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(configuration=SMALL)

    def cancel_soon(**kwargs: object) -> dict[str, object]:
        runs.cancel(run=TrainingRun.objects.get(pk=run.pk))
        raise Cancelled("stopped")

    monkeypatch.setattr(training, "evaluate_suite", cancel_soon)
    training.work_off_queue(worker="test")
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not ModelVersion.objects.exists()
    assert not (settings.RECOMMENDER_CHECKPOINT_ROOT / f"run-{run.pk}").exists()


class Killed(BaseException):
    """Ends the worker where it stands, like a signal would."""


def killed_at(epoch: int) -> Callable[..., None]:
    original = runs.append_log

    def append_log(*, run: TrainingRun, line: str) -> None:
        original(run=run, line=line)
        if f"training part: epoch {epoch} of" in line:
            raise Killed

    return append_log


def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_model(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = ModelVersion.objects.get(run=train())
    run = runs.create(configuration=SMALL)
    with monkeypatch.context() as patched:
        patched.setattr(runs, "append_log", killed_at(5))
        with pytest.raises(Killed):
            training.work_off_queue(worker="first")
    # What has come in since is not mixed into a run that has begun.
    RatingFactory.create(rater=world.raters[0], anime__id=99)
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at="2000-01-01T00:00:00Z")
    training.work_off_queue(worker="second")
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    assert run.attempts == 2
    assert "Going on with the snapshot of the data." in run.log
    assert run.log.count("training part: epoch 5 of") == 1
    assert run.log.count("training part: epoch 6 of") == 1
    resumed = ModelVersion.objects.get(run=run)
    assert resumed.data_fingerprint == undisturbed.data_fingerprint
    assert arrays_of(resumed) == arrays_of(undisturbed)


def arrays_of(version: ModelVersion) -> bytes:
    path: Path = settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact
    return (path / "recommender_net.safetensors").read_bytes()


def test_a_worker_that_has_lost_its_run_writes_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(configuration=SMALL)

    def stolen(**kwargs: object) -> dict[str, object]:
        TrainingRun.objects.filter(pk=run.pk).update(worker="other")
        return {}

    monkeypatch.setattr(training, "evaluate_suite", stolen)
    training.execute(run=claimed())
    run.refresh_from_db()
    assert (run.state, run.worker) == (State.RUNNING, "other")
    assert not ModelVersion.objects.exists()


def claimed() -> TrainingRun:
    run = runs.claim(worker="first")
    assert run is not None
    return run


def test_the_served_scorer_is_that_of_the_artifact(world: World) -> None:
    version = ModelVersion.objects.get(run=train())
    model = registry.active_model().model
    assert model is not None
    assert model.version_id == version.pk
    assert isinstance(model.suite.net, RecommenderNetScorer)
    assert set(model.suite.rankers) == {"collaborative", "ease-broad", "implicit-als", "popular"}
    assert model.suite.for_you is not None
    assert model.feature_names == ("genre:Comedy", "genre:Drama", "type:TV")
    assert len(model.items) == 24


def test_finishing_twice_is_refused() -> None:
    runs.create()
    run = claimed()
    runs.finish(run=run, state=State.FAILED, error="no")
    with pytest.raises(RunLost):
        runs.finish(run=run, state=State.SUCCEEDED)
