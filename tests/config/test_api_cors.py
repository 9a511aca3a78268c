"""Pages of other sites: none may use the API unless it is named, and never with cookies."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example.org"
PREFLIGHT: dict[str, Any] = {
    "HTTP_ORIGIN": ORIGIN,
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization, if-match",
}
ALLOW = "Access-Control-Allow-Origin"


def test_by_default_no_other_site_may(client: Client) -> None:
    assert ALLOW not in client.get("/api/v1/genres/", HTTP_ORIGIN=ORIGIN).headers
    assert ALLOW not in client.options("/api/v1/genres/", **PREFLIGHT).headers


def test_a_named_site_may_with_a_token(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    preflight = client.options("/api/v1/me/ratings/7/", **PREFLIGHT)
    answer = client.get("/api/v1/genres/", HTTP_ORIGIN=ORIGIN)

    assert preflight[ALLOW] == answer[ALLOW] == ORIGIN
    assert "PUT" in preflight["Access-Control-Allow-Methods"]
    assert {"authorization", "if-match", "idempotency-key"} <= set(
        preflight["Access-Control-Allow-Headers"].split(", ")
    )
    assert "ETag" in answer["Access-Control-Expose-Headers"]


def test_the_sites_cookies_never_count(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    answer = client.get("/api/v1/genres/", HTTP_ORIGIN=ORIGIN)

    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_an_error_can_be_read_too(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    answer = client.get("/api/v1/me/ratings/", HTTP_ORIGIN=ORIGIN)

    assert (answer.status_code, answer[ALLOW]) == (401, ORIGIN)


def test_another_site_may_not(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    assert ALLOW not in client.get("/api/v1/genres/", HTTP_ORIGIN="https://evil.test").headers


def test_pages_stay_the_sites_own(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    assert ALLOW not in client.get("/anime/", HTTP_ORIGIN=ORIGIN).headers
