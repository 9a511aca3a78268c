"""Training in a real Celery worker, over both brokers, with workers that are killed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.recommender.installations import (
    Installation,
    forget_messages_in_redis,
    on_files,
    on_servers,
)

pytestmark = [pytest.mark.slow, pytest.mark.once]

KINDS = {"files": on_files, "servers": on_servers}
LOAD = (
    "from catalog.services.demo import load_demo; load_demo(n_raters=80); "
    "from config.celery import app; print(app.connection().transport.driver_type)"
)
QUEUE = (
    "from recommender.tasks import enqueue_training; "
    "print(enqueue_training(configuration={}, include_simulated=True).pk)"
)


@pytest.fixture(
    scope="module",
    params=["files", pytest.param("servers", marks=[pytest.mark.postgres, pytest.mark.redis])],
)
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation with a small demo set, over the broker that its kind says."""
    with KINDS[request.param](tmp_path_factory.mktemp("installation")) as installation:
        installation.manage("migrate", "--verbosity", "0")
        driver = installation.manage("shell", "--no-imports", "--command", LOAD)
        assert driver.strip() == {"files": "filesystem", "servers": "redis"}[request.param]
        yield installation


@pytest.fixture
def installation(prepared: Installation) -> Iterator[Installation]:
    """Without workers at the beginning and at the end."""
    yield prepared
    prepared.stop_workers()


def queue(installation: Installation, **configuration: int) -> int:
    """Queue a run as the site does; its id."""
    command = QUEUE.format(configuration)
    return int(installation.manage("shell", "--no-imports", "--command", command))


def lose_messages(installation: Installation) -> None:
    """Delete what waits in either broker."""
    for message in (installation.var_dir / "broker").glob("messages/*"):
        message.unlink()
    if not (installation.var_dir / "db.sqlite3").exists():
        forget_messages_in_redis()


def test_train_follows_the_run_in_the_worker(installation: Installation) -> None:
    installation.start_worker()
    output = installation.manage("train", "--include-simulated", "--epochs", "2")
    assert re.search(r"epoch 2 of 2", output)
    assert re.search(r"Run \d+ succeeded: version \d+", output)


def test_a_lost_message_does_no_harm(installation: Installation) -> None:
    run = queue(installation, n_epochs=1)
    lose_messages(installation)
    installation.start_worker()
    installation.wait_for(lambda: installation.run(run)["state"] == "succeeded")


def test_the_run_of_a_killed_worker_is_resumed_by_the_next(installation: Installation) -> None:
    run = queue(installation, n_epochs=40)
    worker = installation.start_worker()
    installation.wait_for(lambda: "epoch 3 of 40" in installation.run(run)["log"])
    worker.kill()
    worker.wait()
    assert installation.run(run)["state"] == "running"
    installation.wait_for(lambda: is_silent(installation, run))
    installation.start_worker()
    installation.wait_for(lambda: installation.run(run)["state"] == "succeeded")
    row = installation.run(run)
    assert row["attempts"] == 2
    assert "was lost" in row["log"]
    fitted = re.findall(r"Fitting on the training part: epoch (\d+) of", row["log"])
    assert [int(epoch) for epoch in fitted] == list(range(1, len(fitted) + 1))


def is_silent(installation: Installation, run: int) -> bool:
    """Whether the last heartbeat is so old that the worker counts as gone."""
    beat = installation.run(run)["heartbeat_at"]
    if isinstance(beat, str):
        beat = datetime.fromisoformat(beat).replace(tzinfo=UTC)
    silence: timedelta = datetime.now(UTC) - beat
    return silence > timedelta(seconds=2.5)
