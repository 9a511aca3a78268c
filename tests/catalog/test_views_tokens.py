"""The page of API tokens."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import ApiToken, Rater, User
from catalog.services import tokens
from tests.accounts import enter_password
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db

PAGE = "/accounts/tokens/"
FORM = {"name": "phone", "scopes": ["read", "write"], "days": "30"}


@pytest.fixture
def user(alice: Rater) -> User:
    assert alice.user is not None
    return alice.user


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    for send in (client.get, client.post):
        assert send(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"


def test_without_the_password_nothing_is_made(user: User, alice_client: Client) -> None:
    response = alice_client.post(PAGE, FORM)
    assert response["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2Ftokens%2F"
    assert not ApiToken.objects.exists()
    enter_password(alice_client, "wrong")
    alice_client.post(PAGE, FORM)
    assert not ApiToken.objects.exists()


def test_what_was_asked_for_is_done_once_the_password_is_entered(
    user: User, alice_client: Client
) -> None:
    question = alice_client.post(PAGE, FORM, follow=True)
    assert "Enter your password" in ReadPage(question).text
    response = alice_client.post(
        "/accounts/reauthenticate/", {"password": "correct horse battery", "next": PAGE}
    )
    assert "Copy the token “phone” now" in ReadPage(response).text
    assert ApiToken.objects.get().user == user


def test_the_secret_is_shown_exactly_once(user: User, alice_client: Client) -> None:
    enter_password(alice_client)
    response = alice_client.post(PAGE, FORM)
    token = ApiToken.objects.get()
    page = response.content.decode()
    secret = page.split('id="secret">')[1].split("<")[0]
    assert secret.startswith(token.token_key)
    assert response["Cache-Control"] == ("max-age=0, no-cache, no-store, must-revalidate, private")
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    assert api.get("/api/v1/me/ratings/").status_code == 200
    assert secret not in alice_client.get(PAGE).content.decode()
    kept = [str(value) for value in ApiToken.objects.values().get().values()]
    kept += [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(secret in text for text in kept)


def test_a_token_has_the_chosen_scopes_and_end(user: User, alice_client: Client) -> None:
    enter_password(alice_client)
    alice_client.post(PAGE, {**FORM, "scopes": ["read"]})
    token = ApiToken.objects.get()
    assert (token.name, token.scopes) == ("phone", ["read"])
    assert token.expiry - token.created == pytest.approx(
        timedelta(days=30), abs=timedelta(minutes=1)
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Choose at least one thing that the token may do."),
        ({"scopes": ["admin"]}, "admin is not one of the available choices."),
        ({"days": "9999"}, "9999 is not one of the available choices."),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    user: User, alice_client: Client, change: dict[str, object], problem: str
) -> None:
    enter_password(alice_client)
    response = alice_client.post(PAGE, {**FORM, **change})
    assert response.status_code == 400
    assert problem in ReadPage(response).text
    assert not ApiToken.objects.exists()


def test_staff_can_have_a_token_for_administration(user: User, alice_client: Client) -> None:
    User.objects.update(is_staff=True)
    enter_password(alice_client)
    alice_client.post(PAGE, {**FORM, "scopes": ["read", "admin"]})
    assert ApiToken.objects.get().scopes == ["read", "admin"]


def test_the_limit_is_said(user: User, alice_client: Client, settings: Settings) -> None:
    settings.REST_KNOX = {**settings.REST_KNOX, "TOKEN_LIMIT_PER_USER": 1}
    tokens.issue(user=user)
    enter_password(alice_client)
    text = ReadPage(alice_client.post(PAGE, FORM)).text
    assert "You have 1 valid tokens, which is the limit. Revoke one." in text


def test_own_tokens_are_listed_with_what_they_may_and_how_long(
    user: User, alice_client: Client
) -> None:
    old, _ = tokens.issue(user=user, name="laptop")
    new, _ = tokens.issue(user=user, name="phone", scopes=[tokens.Scope.READ])
    text = ReadPage(alice_client.get(PAGE)).text
    newer = text.index(f"phone {new.token_key}… · read Made")
    assert newer < text.index(f"laptop {old.token_key}… · read, write Made")
    assert text.count("valid until") == 2


def test_an_expired_token_is_marked(user: User, alice_client: Client) -> None:
    tokens.issue(user=user, name="old")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(days=1))
    page = ReadPage(alice_client.get(PAGE))
    assert "expired" in page.text
    assert "valid until" not in page.text


def test_one_is_revoked(user: User, alice_client: Client) -> None:
    first, second = (tokens.issue(user=user, name=name)[0] for name in ("first", "second"))
    response = alice_client.post(f"{PAGE}{first.token_key}/revoke/", follow=True)
    assert f"The token {first.token_key} is not valid any more." in ReadPage(response).text
    assert ApiToken.objects.get() == second


def test_all_are_revoked(user: User, alice_client: Client, charlie_client: Client) -> None:
    other, _ = tokens.issue(user=User.objects.get(username="charlie"))
    for _ in range(2):
        tokens.issue(user=user)
    response = alice_client.post(f"{PAGE}revoke/", follow=True)
    assert "2 tokens revoked." in ReadPage(response).text
    assert ApiToken.objects.get() == other


def test_charlie_sees_and_revokes_none_of_them(user: User, charlie_client: Client) -> None:
    token, _ = tokens.issue(user=user, name="phone")
    assert token.token_key not in charlie_client.get(PAGE).content.decode()
    assert charlie_client.post(f"{PAGE}{token.token_key}/revoke/").status_code == 404
    charlie_client.post(f"{PAGE}revoke/")
    assert ApiToken.objects.get() == token


@pytest.mark.parametrize("n_tokens", [1, 8])
def test_the_number_of_queries_does_not_grow(
    user: User,
    alice_client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    n_tokens: int,
) -> None:
    for _ in range(n_tokens):
        tokens.issue(user=user)
    with django_assert_max_num_queries(5):  # session, account, tokens; what the frame may ask
        assert len(ReadPage(alice_client.get(PAGE)).all("li", class_="token")) == n_tokens
