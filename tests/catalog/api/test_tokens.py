from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from catalog.models import ApiToken, User
from catalog.services import tokens
from catalog.services.tokens import Scope
from tests.api import ROOT, client_of, client_with, errors, problem
from tests.factories import UserFactory

ADDRESS = f"{ROOT}auth/token/"
LIST = f"{ROOT}auth/tokens/"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def owner(db: None, fast_passwords: None) -> User:
    return UserFactory.create(username="Rin", email="rin@example.org", password=PASSWORD)


def ask(client: APIClient, username: str = "Rin", password: str = PASSWORD, **fields: Any) -> Any:
    return client.post(ADDRESS, {"username": username, "password": password, **fields})


def test_a_name_and_a_password_give_a_token_that_works(visitor: APIClient, owner: User) -> None:
    response = ask(visitor)

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    assert list(answer) == ["token_key", "name", "scopes", "created", "expiry", "token"]
    assert (answer["name"], answer["scopes"]) == ("API", ["read", "write"])
    assert answer["token"].startswith(answer["token_key"])
    assert client_with(answer["token"]).get(f"{ROOT}me/ratings/").status_code == 200


def test_only_the_hash_of_a_token_is_stored(visitor: APIClient, owner: User) -> None:
    text = ask(visitor).json()["token"]

    stored = [str(value) for value in ApiToken.objects.values().get().values()]
    assert not any(text in value for value in stored)


def test_a_token_has_a_name_scopes_and_an_end(visitor: APIClient, owner: User) -> None:
    answer = ask(visitor, name="shelf", scopes=["read"], expires_in_days=7).json()

    token = ApiToken.objects.get()
    assert (answer["name"], answer["scopes"]) == ("shelf", ["read"]) == (token.name, token.scopes)
    assert token.expiry - token.created == pytest.approx(
        timedelta(days=7), abs=timedelta(minutes=1)
    )


def test_the_e_mail_address_will_do(visitor: APIClient, owner: User) -> None:
    assert ask(visitor, "rin@example.org").status_code == 201


@pytest.mark.parametrize(
    ("username", "password"), [("Rin", "wrong"), ("nobody", PASSWORD), ("", PASSWORD)]
)
def test_a_failure_does_not_tell_which_names_exist(
    visitor: APIClient, owner: User, username: str, password: str
) -> None:
    response = ask(visitor, username or "nobody@example.org", password)

    body = problem(response, 401, "invalid_credentials")
    assert body["detail"] == "No account has this name and this password."
    assert response["WWW-Authenticate"] == "Bearer"
    assert not ApiToken.objects.exists()


def test_an_inactive_account_is_refused_like_an_unknown_one(
    visitor: APIClient, owner: User
) -> None:
    owner.is_active = False
    owner.save()

    problem(ask(visitor), 401, "invalid_credentials")


def test_an_old_token_in_the_header_does_no_harm(owner: User) -> None:
    assert ask(client_with("0123456789abcdef")).status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("username", "required"), ("password", "required")]),
        ({"username": 1, "password": ["x"]}, [("username", "invalid"), ("password", "invalid")]),
        ({"username": "Rin", "password": PASSWORD, "scope": "read"}, [("scope", "unknown")]),
        (
            {"username": "Rin", "password": PASSWORD, "scopes": ["read", "all"]},
            [("scopes.1", "invalid_choice")],
        ),
        ({"username": "Rin", "password": PASSWORD, "scopes": []}, [("scopes", "empty")]),
        (
            {"username": "Rin", "password": PASSWORD, "expires_in_days": 366},
            [("expires_in_days", "max_value")],
        ),
    ],
)
def test_what_is_not_valid_is_refused(
    visitor: APIClient, owner: User, body: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert errors(visitor.post(ADDRESS, body)) == expected


def test_the_scope_admin_is_for_administrators(visitor: APIClient, owner: User) -> None:
    problem(ask(visitor, scopes=["read", "admin"]), 403, "scope_not_allowed")
    assert not ApiToken.objects.exists()

    User.objects.update(is_staff=True)

    assert ask(visitor, scopes=["admin", "read"]).json()["scopes"] == ["read", "admin"]


def test_too_many_wrong_passwords_lock_the_right_one_out(
    visitor: APIClient, owner: User, settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for name in ("Rin", "RIN", "rin@example.org"):
        last = ask(visitor, name, "wrong")

    for response in (last, ask(visitor)):
        body = problem(response, 429, "too_many_attempts")
        assert body["detail"].endswith("Try again in 15 minutes.")
        assert response["Retry-After"] == "900"
    assert not ApiToken.objects.exists()


def test_an_unknown_name_is_locked_out_alike(visitor: APIClient, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2

    problem(ask(visitor, "nobody"), 401, "invalid_credentials")
    problem(ask(visitor, "nobody"), 429, "too_many_attempts")


def test_the_lock_is_for_one_account_and_one_address(
    visitor: APIClient, owner: User, settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    problem(ask(visitor, password="wrong"), 429, "too_many_attempts")
    UserFactory.create(username="sora", password=PASSWORD)

    assert ask(visitor, "sora").status_code == 201
    assert ask(APIClient(REMOTE_ADDR="10.0.0.9")).status_code == 201


def test_failures_on_the_site_and_here_count_together(
    visitor: APIClient, owner: User, settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    site, form = Client(), {"login": "rin", "password": "wrong"}
    site.post(reverse("account_login"), form)
    problem(ask(visitor, password="wrong"), 401, "invalid_credentials")
    site.post(reverse("account_login"), form)

    problem(ask(visitor), 429, "too_many_attempts")


def test_a_success_clears_the_failures(visitor: APIClient, owner: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        problem(ask(visitor, password="wrong"), 401, "invalid_credentials")
        assert ask(visitor).status_code == 201


def test_there_is_a_limit_on_tokens(visitor: APIClient, owner: User, settings: Settings) -> None:
    settings.REST_KNOX = {**settings.REST_KNOX, "TOKEN_LIMIT_PER_USER": 1}
    assert ask(visitor).status_code == 201

    problem(ask(visitor), 409, "too_many_tokens")

    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert ask(visitor).status_code == 201
    assert ApiToken.objects.count() == 1, "the expired one is gone"


def test_own_tokens_are_listed_without_their_texts(
    owner: User, user: User, visitor: APIClient
) -> None:
    tokens.issue(user=user, name="another one's")
    tokens.issue(user=owner, name="first")
    second = ask(visitor, name="second").json()

    results = client_with(second["token"]).get(LIST).json()["results"]

    assert [token["name"] for token in results] == ["second", "first"]
    assert list(results[0]) == ["token_key", "name", "scopes", "created", "expiry"]
    assert results[0]["token_key"] == second["token_key"]


@pytest.mark.parametrize("limit", [2, 10])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    for _ in range(10):
        tokens.issue(user=user)

    with django_assert_num_queries(2):  # token, tokens
        assert len(client.get(LIST, {"limit": limit}).json()["results"]) == limit


def test_a_token_revokes_itself_whatever_its_scopes(user: User) -> None:
    for scope in Scope.READ, Scope.WRITE:
        client = client_of(user, scope)

        assert client.delete(ADDRESS).status_code == 204

        response = client.get(LIST)
        problem(response, 401, "invalid_token")
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_key(client: APIClient, user: User) -> None:
    other, text = tokens.issue(user=user)

    assert client.delete(f"{LIST}{other.token_key}/").status_code == 204

    problem(client_with(text).get(LIST), 401, "invalid_token")
    assert client.get(LIST).status_code == 200
    problem(client.delete(f"{LIST}{other.token_key}/"), 404, "not_found")


def test_nobody_revokes_another_ones_token(client: APIClient, charlies_client: APIClient) -> None:
    key = client.get(LIST).json()["results"][0]["token_key"]

    problem(charlies_client.delete(f"{LIST}{key}/"), 404, "not_found")
    assert client.get(LIST).status_code == 200
