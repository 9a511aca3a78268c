"""What the installation says of itself to whoever runs it: ``/healthz`` and ``/readyz``.

``/healthz`` asks nothing but whether the process answers. ``/readyz`` is 503 only when pages
cannot be served at all: no database, or one that lacks migrations. Without a broker, a cache or
a model the site goes on with less (no new training, slower, popularity lists), so those are
reported as ``degraded`` with status 200: taking the process out of service would help nobody.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache as remember
from typing import Literal

from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config.celery import app
from recommender.services.registry import active_model

logger = logging.getLogger(__name__)

# Seconds to wait for a broker that does not answer.
BROKER_TIMEOUT = 1.0

Status = Literal["ok", "degraded", "unavailable"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one part of the installation answers, with a sentence when it is not ``ok``."""

    status: Status
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        """The check in the response's body; no empty detail."""
        return {"status": self.status} | ({"detail": self.detail} if self.detail else {})


def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when pages can be served, 503 when not; the body says what is missing."""
    checks: dict[str, Check] = {"database": check_database()}
    if checks["database"].status == "ok":
        checks["migrations"] = check_migrations()
    if all(check.status == "ok" for check in checks.values()):
        lesser: dict[str, Callable[[], Check]] = {
            "broker": check_broker,
            "cache": check_cache,
            "model": check_model,
        }
        checks |= {name: check() for name, check in lesser.items()}
    states = {check.status for check in checks.values()}
    overall = next(status for status in ("unavailable", "degraded", "ok") if status in states)
    body = {
        "status": overall,
        "checks": {name: check.as_json() for name, check in checks.items()},
    }
    response = JsonResponse(body, status=503 if overall == "unavailable" else 200)
    response["Cache-Control"] = "no-store"
    return response


def check_database() -> Check:
    """Whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("The database cannot be reached: %s", error)
        return Check("unavailable", "The database cannot be reached.")
    return Check("ok")


def check_migrations() -> Check:
    """Whether every migration of this code has been applied."""
    try:
        missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError as error:
        logger.warning("The applied migrations cannot be read: %s", error)
        return Check("unavailable", "The applied migrations cannot be read.")
    if missing:
        names = ", ".join(f"{app_label}.{name}" for app_label, name in sorted(missing)[:3])
        return Check(
            "unavailable",
            f"{len(missing)} migrations are missing ({names}, ...): run manage.py migrate.",
        )
    return Check("ok")


@remember
def _known_migrations() -> frozenset[tuple[str, str]]:
    # Files do not change under a running process, and reading them all takes a while.
    return frozenset(MigrationLoader(None).graph.nodes)


def check_broker() -> Check:
    """Whether messages to the workers can be sent."""
    try:
        with app.connection_for_write(connect_timeout=BROKER_TIMEOUT) as broker:
            broker.ensure_connection(
                max_retries=1, interval_start=0, interval_step=0, interval_max=0
            )
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("The broker cannot be reached: %s", error)
        return Check("degraded", "The broker cannot be reached: new work waits in the database.")
    return Check("ok")


def check_cache() -> Check:
    """Whether the cache keeps what it is given."""
    token = secrets.token_hex(8)
    try:
        cache.set("config.health", token, timeout=60)
        kept = cache.get("config.health") is not None
    except (RedisError, OSError) as error:
        logger.warning("The cache cannot be reached: %s", error)
        kept = False
    return Check("ok") if kept else Check("degraded", "The cache cannot be reached.")


def check_model() -> Check:
    """Whether the active model can be served with."""
    state = active_model()
    return Check("ok") if state.model else Check("degraded", state.problem)
