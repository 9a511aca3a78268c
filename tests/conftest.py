"""Fixtures for all tests."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from catalog.models import Rater
from catalog.services.title_arrays import forget_titles
from recommender.services import registry
from recommender.services.catalogue import forget_catalogue
from recommender.services.similarity import forget_similarities
from tests.factories import AccountRaterFactory, UserFactory
from tests.pages import logged_in


def require(available: bool, what: str) -> None:
    """Skip where something is absent on a person's machine; fail where CI is set."""
    if available:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must provide {what}.")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real anime.csv and rating.csv."""
    folder = os.environ.get("RECOMMENDER_DATA")
    require(bool(folder), "the real data set: RECOMMENDER_DATA=folder of anime.csv and rating.csv")
    return Path(str(folder)).resolve()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests run on a file, as the product does: threads and processes can share it.

    Of several test processes each has a database of its own.
    """
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(path)


@pytest.fixture(scope="session", autouse=True)
def remove_var_dir() -> Iterator[None]:
    """Remove the folder that tests.environment made."""
    yield
    shutil.rmtree(django_settings.VAR_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def fresh_process(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """Every test has folders of its own, and nothing that an earlier one has loaded or cached."""
    settings.RECOMMENDER_ARTIFACT_ROOT = tmp_path / "artifacts"
    settings.RECOMMENDER_CHECKPOINT_ROOT = tmp_path / "checkpoints"
    # A heartbeat comes by a connection of its own, which does not see what a test's transaction
    # has not committed, and would take the run for lost. Tests of heartbeats set their own.
    settings.RECOMMENDER_HEARTBEAT_SECONDS = 3600.0
    for cache in caches.all():
        cache.clear()
    registry.forget_loaded()
    forget_titles()
    forget_catalogue()
    forget_similarities()
    yield
    registry.forget_loaded()
    forget_titles()
    forget_catalogue()
    forget_similarities()


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """Passwords are hashed by something quick: many tests make an account."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so; fails after half a minute."""

    def wait(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not is_so():
            if time.monotonic() > deadline:
                pytest.fail("It did not come about within 30 seconds.")
            time.sleep(0.02)

    return wait


@pytest.fixture
def alice(db: None) -> Rater:
    """A member with a list."""
    return AccountRaterFactory.create(user=UserFactory.create(username="alice"))


@pytest.fixture
def alice_client(alice: Rater) -> Client:
    """A browser in which alice is logged in."""
    return logged_in(alice.user)


@pytest.fixture
def charlie_client(db: None) -> Client:
    """A browser of somebody else."""
    return logged_in(UserFactory.create(username="charlie"))
