"""What /healthz and /readyz answer, and when."""

from typing import Any
from unittest.mock import patch

import pytest
from celery import Celery
from django.core.cache.backends.redis import RedisCache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config import health
from recommender.models import ModelVersion
from recommender.services import registry

NOBODY_THERE = "redis://127.0.0.1:1/0"


def checks_of(client: Client, *, status: int) -> dict[str, dict[str, str]]:
    """The checks in the answer of /readyz, which must have this status."""
    response = client.get("/readyz")
    assert response.status_code == status, response.content
    checks: dict[str, dict[str, str]] = response.json()["checks"]
    return checks


def test_healthz_needs_no_database(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_readyz_is_not_redirected_to_https(client: Client, db: None, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/readyz").status_code == 200


def test_without_a_model_it_is_degraded(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "degraded",
        "checks": {
            "database": {"status": "ok"},
            "migrations": {"status": "ok"},
            "broker": {"status": "ok"},
            "cache": {"status": "ok"},
            "model": {"status": "degraded", "detail": registry.NO_MODEL},
        },
    }


def test_a_missing_artifact_is_degraded(client: Client, db: None) -> None:
    registry.forget_loaded()
    version = ModelVersion.objects.create(artifact="gone", is_active=True)
    check = checks_of(client, status=200)["model"]
    assert check["status"] == "degraded"
    assert f"version {version.pk}" in check["detail"]


def test_an_unreachable_broker_is_degraded(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "app", Celery(broker=NOBODY_THERE))
    assert checks_of(client, status=200)["broker"]["status"] == "degraded"


def test_an_unreachable_cache_is_degraded(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "cache", RedisCache(NOBODY_THERE, {}))
    assert checks_of(client, status=200)["cache"]["status"] == "degraded"


def test_an_unreachable_database_is_unavailable(client: Client, db: None) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError("refused")):
        checks = checks_of(client, status=503)
    assert checks == {
        "database": {"status": "unavailable", "detail": "The database cannot be reached."}
    }


def test_a_missing_migration_is_unavailable_and_named(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_unapplied("catalog", "0001_initial")
    check = checks_of(client, status=503)["migrations"]
    assert check["status"] == "unavailable"
    assert "catalog.0001_initial" in check["detail"]
    assert "manage.py migrate" in check["detail"]


def test_a_migration_of_a_newer_release_does_no_harm(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_applied("catalog", "9999_from_the_future")
    assert checks_of(client, status=200)["migrations"]["status"] == "ok"


def test_the_answer_is_never_stored(client: Client, db: None) -> None:
    assert client.get("/readyz")["Cache-Control"] == "no-store"


def test_asking_is_cheap(
    client: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # The database's answer, the list of tables, the applied migrations, the active version.
    with django_assert_max_num_queries(4):
        client.get("/readyz")
