from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import ApiToken, User
from catalog.services import tokens
from catalog.services.tokens import Scope
from tests.api import ROOT, client_of, problem
from tests.factories import AnimeFactory

ADDRESS = f"{ROOT}me/ratings/"


def get_with(header: str) -> object:
    return APIClient().get(ADDRESS, HTTP_AUTHORIZATION=header)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_the_token_may_be_called_bearer_or_token(user: User, scheme: str) -> None:
    _, text = tokens.issue(user=user)

    assert APIClient().get(ADDRESS, HTTP_AUTHORIZATION=f"{scheme} {text}").status_code == 200


def test_without_anything_it_says_how_to_authenticate(visitor: APIClient) -> None:
    response = visitor.get(ADDRESS)

    body = problem(response, 401, "not_authenticated")
    assert "Authorization: Bearer <token>" in body["detail"]
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer ü", "Bearer \x7f", f"Bearer {'0' * 64}", "Token x"]
)
def test_what_is_no_token_is_refused(db: None, header: str) -> None:
    problem(get_with(header), 401, "invalid_token")


def test_a_wrong_token_is_refused_even_where_none_is_needed(db: None) -> None:
    response = APIClient().get(f"{ROOT}anime/", HTTP_AUTHORIZATION="Bearer nonsense")

    problem(response, 401, "invalid_token")


def test_the_end_of_a_token_must_be_right_as_well(user: User) -> None:
    _, text = tokens.issue(user=user)

    problem(get_with(f"Bearer {text[:-1]}{'0' if text[-1] != '0' else '1'}"), 401, "invalid_token")


def test_an_expired_token_is_refused_and_not_touched(user: User) -> None:
    client = client_of(user)
    ApiToken.objects.update(expiry=timezone.now())

    problem(client.get(ADDRESS), 401, "token_expired")
    assert ApiToken.objects.count() == 1


def test_an_inactive_account_is_refused(client: APIClient, user: User) -> None:
    User.objects.update(is_active=False)

    problem(client.get(ADDRESS), 401, "invalid_token")


def test_a_read_only_token_does_not_write(user: User) -> None:
    AnimeFactory.create(id=7)
    client = client_of(user, Scope.READ)

    assert client.get(ADDRESS).status_code == 200
    body = problem(client.put(f"{ADDRESS}7/", {"score": 9}), 403, "insufficient_scope")
    assert body["detail"] == "This needs a token with the scope write."


def test_a_token_that_only_writes_does_not_read(user: User) -> None:
    AnimeFactory.create(id=7)
    client = client_of(user, Scope.WRITE)

    assert client.put(f"{ADDRESS}7/", {"score": 9}).status_code == 201
    problem(client.get(ADDRESS), 403, "insufficient_scope")
    problem(client.get(f"{ROOT}anime/"), 403, "insufficient_scope")


def test_reading_costs_one_query_for_the_token(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tokens.issue(user=user, ttl=timedelta(seconds=-1))
    client = client_of(user)

    with django_assert_num_queries(2):  # token, tokens
        client.get(f"{ROOT}auth/tokens/")


@pytest.fixture
def site_client(user: User) -> APIClient:
    """The user's browser."""
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def test_the_session_reads(site_client: APIClient) -> None:
    assert site_client.get(ADDRESS).status_code == 200


def test_the_session_writes_with_the_csrf_token_only(site_client: APIClient) -> None:
    AnimeFactory.create(id=7)
    response = site_client.put(f"{ADDRESS}7/", {"score": 9})
    problem(response, 403, "csrf_failed")

    site_client.cookies["csrftoken"] = token = "a" * 32
    response = site_client.put(f"{ADDRESS}7/", {"score": 9}, HTTP_X_CSRFTOKEN=token)

    assert response.status_code == 201


def test_a_token_needs_no_csrf_token(user: User) -> None:
    AnimeFactory.create(id=7)
    _, text = tokens.issue(user=user)
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")

    assert client.put(f"{ADDRESS}7/", {"score": 9}).status_code == 201
