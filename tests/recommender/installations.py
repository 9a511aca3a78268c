"""Whole installations in processes of their own: a database, a broker, workers, commands."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import redis

from tests.conftest import require

ROOT = Path(__file__).resolve().parents[2]
POSTGRES_URL = "postgres://postgres@127.0.0.1:5432"
REDIS_URL = "redis://127.0.0.1:6379/13"
PATIENCE = 90.0


class Installation:
    """Runs our programs against one database and one broker."""

    def __init__(self, var_dir: Path, connect: Callable[[], Any], **environment: str) -> None:
        self.var_dir = var_dir
        self._connect = connect
        self._workers: list[subprocess.Popen[bytes]] = []
        self._environment = os.environ | {
            "CELERY_BROKER_URL": "",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "RECOMMENDER_HEARTBEAT_SECONDS": "0.3",
            "RECOMMENDER_STALE_SECONDS": "2",
            "RECOMMENDER_VAR_DIR": str(var_dir),
            **environment,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a training worker."""
        arguments = "-m celery -A config worker -Q training --pool=solo --loglevel=INFO"
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, *arguments.split()],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._workers.append(worker)
        return worker

    @property
    def log(self) -> Path:
        """What the workers have said."""
        return self.var_dir / "workers.log"

    def run(self, run_id: int) -> dict[str, Any]:
        """The row of a training run."""
        with self._connect() as connection:
            cursor = connection.execute(
                "SELECT id, state, attempts, log, heartbeat_at, error FROM recommender_trainingrun"
            )
            columns = [column[0] for column in cursor.description]
            rows = {row[0]: dict(zip(columns, row, strict=True)) for row in cursor.fetchall()}
        return rows[run_id]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so; fails with the workers' log."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def stop_workers(self) -> None:
        """Kill the workers."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._workers.clear()


@contextmanager
def on_files(var_dir: Path) -> Iterator[Installation]:
    """SQLite and the broker in a folder."""

    @contextmanager
    def connect() -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(var_dir / "db.sqlite3", timeout=20)
        yield connection
        connection.close()

    yield Installation(var_dir, connect)


@contextmanager
def on_servers(var_dir: Path) -> Iterator[Installation]:
    """A database of its own in PostgreSQL, and Redis."""
    require(_postgres_answers(), "PostgreSQL on 127.0.0.1:5432 (user postgres)")
    require(_redis_answers(), "Redis on 127.0.0.1:6379")
    name = f"osusume_worker_{uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES_URL}/postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            url = f"{POSTGRES_URL}/{name}"
            yield Installation(
                var_dir,
                lambda: psycopg.connect(url),
                DATABASE_URL=url,
                REDIS_URL=REDIS_URL,
            )
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            forget_messages_in_redis()


def forget_messages_in_redis() -> None:
    """Empty the broker's database."""
    with redis.Redis.from_url(REDIS_URL) as client:
        client.flushdb()


def _postgres_answers() -> bool:
    try:
        psycopg.connect(f"{POSTGRES_URL}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
