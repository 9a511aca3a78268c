"""What the settings derive from the environment."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import (
    Environment,
    celery_broker,
    database,
    is_loopback_host,
    secret_key,
    throttle_rate,
)


def env_of(values: Mapping[str, str]) -> Environment:
    """An environment with these values only."""
    env = Environment()
    env.ENVIRON = type(env.ENVIRON)(dict(values))
    return env


def test_the_secret_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    key = secret_key(path)
    assert len(key) >= 50
    assert secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_of_two_processes_that_make_a_key_the_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"

    class Slow(type(path)):  # type: ignore[misc]  # the class of paths depends on the platform
        """A path whose file appears right after it was looked for."""

        def exists(self) -> bool:
            path.write_text("the other one's")
            return False

    assert secret_key(Slow(path)) == "the other one's"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_loopback_hosts(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host", ["*", "", "example.org", "192.168.1.2", "::", ".localhost", "127.0.0.1.nip"]
)
def test_other_hosts(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize("values", [{}, {"DATABASE_URL": ""}])
def test_without_a_url_the_database_is_a_file(values: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a folder with # and %20" / "db.sqlite3"
    config = database(env_of(values), path)
    assert config["ENGINE"] == "django.db.backends.sqlite3"
    assert config["NAME"] == str(path)


def test_sqlite_is_set_up_for_several_processes(tmp_path: Path) -> None:
    options = database(env_of({"DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}), tmp_path)[
        "OPTIONS"
    ]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=NORMAL" in options["init_command"]


def test_postgresql_by_url(tmp_path: Path) -> None:
    config = database(env_of({"DATABASE_URL": "postgres://me:secret@db:5433/osusume"}), tmp_path)
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["HOST"], config["PORT"], config["NAME"]) == ("db", 5433, "osusume")
    assert config["CONN_HEALTH_CHECKS"] is True


def test_the_url_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgres://me@db/osusume")
    config = database(env_of({"DATABASE_URL_FILE": str(secret)}), tmp_path)
    assert config["NAME"] == "osusume"


def test_without_a_url_the_broker_is_a_folder(tmp_path: Path) -> None:
    url, options = celery_broker("", tmp_path / "broker")
    assert url == "filesystem://localhost"
    assert options["data_folder_in"] == options["data_folder_out"]
    assert set(options) == {
        "data_folder_in",
        "data_folder_out",
        "control_folder",
        "processed_folder",
    }
    assert all(Path(folder).is_dir() for folder in options.values())


def test_redis_by_url_makes_no_folder(tmp_path: Path) -> None:
    url, _ = celery_broker("redis://127.0.0.1:6379/1", tmp_path / "broker")
    assert url == "redis://127.0.0.1:6379/1"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5/sec", (5, 1)), ("600/min", (600, 60)), ("30/hour", (30, 3_600)), ("9/day", (9, 86_400))],
)
def test_a_rate_is_requests_and_seconds(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[int, int]
) -> None:
    monkeypatch.setenv("SOME_RATE", text)

    assert throttle_rate(Environment(), "SOME_RATE", "1/min") == expected


@pytest.mark.parametrize("text", ["600", "0/min", "-1/min", "600/minute", "many/min", "600 / min"])
def test_what_is_no_rate_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SOME_RATE", text)

    with pytest.raises(ImproperlyConfigured, match=r"SOME_RATE is .* such as 1/min"):
        throttle_rate(Environment(), "SOME_RATE", "1/min")
