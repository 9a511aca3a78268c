import logging
from http import HTTPStatus
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIRequest
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework.test import APIClient

from catalog import selectors
from catalog.api.problem_types import PROBLEM_TYPES
from catalog.models import Rating
from tests.api import ROOT, problem
from tests.factories import AnimeFactory

JSON = "application/json"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_address_is_a_problem(visitor: APIClient, method: str) -> None:
    body = problem(getattr(visitor, method)(f"{ROOT}animes/"), 404, "not_found")

    assert body["detail"].startswith("There is nothing at /api/v1/animes/.")


def test_a_forgotten_slash_is_pointed_out(visitor: APIClient) -> None:
    body = problem(visitor.get(f"{ROOT}anime"), 404, "not_found")

    assert "end with a slash" in body["detail"]


@pytest.mark.parametrize("anime_id", ["x", "-1", "1.5", "12345678901", "%00"])
def test_what_is_no_id_is_an_unknown_address(visitor: APIClient, anime_id: str) -> None:
    problem(visitor.get(f"{ROOT}anime/{anime_id}/"), 404, "not_found")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_a_method_that_is_not_possible_is_405_for_everybody(
    visitor: APIClient, client: APIClient, method: str
) -> None:
    for somebody in (visitor, client):
        response = getattr(somebody, method)(f"{ROOT}anime/")

        body = problem(response, 405, "method_not_allowed")
        assert response["Allow"] == "GET, HEAD"
        assert body["detail"] == f"{method.upper()} is not possible here. Possible: GET, HEAD."


def test_head_is_get_without_the_body(visitor: APIClient) -> None:
    response = visitor.head(f"{ROOT}anime/?limit=3")

    assert (response.status_code, response.content) == (200, b"")
    problem_less = visitor.head(f"{ROOT}anime/?limit=x")
    assert problem_less.status_code == 400


def test_what_the_client_cannot_take_is_406(visitor: APIClient) -> None:
    response = visitor.get(f"{ROOT}anime/", HTTP_ACCEPT="text/csv")

    body = problem(response, 406, "not_acceptable")
    assert body["detail"] == (
        "The answer can only be had as application/json. Change the header Accept."
    )


def test_a_browser_gets_json(visitor: APIClient) -> None:
    response = visitor.get(f"{ROOT}anime/", HTTP_ACCEPT="text/html,application/xml;q=0.9,*/*;q=0.8")

    assert response["Content-Type"] == JSON


@pytest.fixture
def address(db: None) -> str:
    AnimeFactory.create(id=7)
    return f"{ROOT}me/ratings/7/"


def test_a_form_is_415(client: APIClient, address: str) -> None:
    response = client.put(address, "score=9", content_type="application/x-www-form-urlencoded")

    problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        '{"score": 9',
        "score",
        '{"score": NaN}',
        '{"score": "\udcff"}'.encode("utf-8", "surrogateescape"),
        "[" * 100_000,
        '{"score": ' + "1" * 10_000 + "}",
    ],
    ids=["cut", "text", "nan", "not utf-8", "deep", "long number"],
)
def test_what_is_not_json_is_told_so(client: APIClient, address: str, body: str | bytes) -> None:
    problem(client.put(address, body, content_type=JSON), 400, "malformed_json")
    assert not Rating.objects.exists()


def test_json_null_is_no_object(client: APIClient, address: str) -> None:
    response = client.put(address, "null", content_type=JSON)

    assert problem(response, 400, "invalid_request")["errors"][0]["field"] == "body"


def test_text_that_no_database_takes_is_refused(client: APIClient) -> None:
    body = r'{"username": "a\u0000", "password": "\ud800"}'

    response = client.post(f"{ROOT}auth/token/", body, content_type=JSON)

    assert [error["field"] for error in problem(response, 400, "invalid_request")["errors"]] == [
        "username",
        "password",
    ]


def test_a_body_that_is_too_large_is_413(client: APIClient, address: str) -> None:
    body = '{"score": 9}' + " " * 2_621_440

    problem(client.put(address, body, content_type=JSON), 413, "body_too_large")
    assert not Rating.objects.exists()


def test_a_bug_is_logged_and_not_told(visitor: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    visitor.raise_request_exception = False
    with (
        patch.object(selectors, "genres", side_effect=ZeroDivisionError("secret")),
        caplog.at_level(logging.ERROR),
    ):
        response = visitor.get(f"{ROOT}genres/")

    assert "secret" not in str(problem(response, 500, "internal_error"))
    logged = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert [str(error) for error in logged] == ["secret"]


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [(Http404("x"), 404, "not_found"), (PermissionDenied("x"), 403, "permission_denied")],
)
def test_what_django_raises_is_a_problem_too(
    visitor: APIClient, exception: Exception, status: int, code: str
) -> None:
    with patch.object(selectors, "genres", side_effect=exception):
        problem(visitor.get(f"{ROOT}genres/"), status, code)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_a_database_it_is_503_with_a_time(
    visitor: APIClient, error: type[Exception]
) -> None:
    with patch.object(selectors, "genres", side_effect=error("gone")):
        response = visitor.get(f"{ROOT}genres/")

    assert "gone" not in str(problem(response, 503, "unavailable"))
    assert response["Retry-After"] == "10"


def test_every_kind_of_problem_has_a_status_that_http_knows() -> None:
    for code, kind in PROBLEM_TYPES.items():
        assert kind.code == code
        assert HTTPStatus(kind.status) >= 400


def test_a_body_that_breaks_off_is_no_bug(client: APIClient, address: str) -> None:
    with patch.object(WSGIRequest, "body", property(_break_off)):
        problem(client.put(address, {"score": 9}), 400, "malformed_json")


def _break_off(request: WSGIRequest) -> bytes:
    raise UnreadablePostError
