"""One limit on wrong passwords, for the site and the admin; the API's has tests of its own."""

import json
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client, RequestFactory
from pytest_django import Settings

from catalog.models import User
from config.login_limit import locked_out
from tests.factories import UserFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db

RIGHT = "correct horse battery"


@pytest.fixture
def user() -> User:
    """Somebody with an account."""
    return UserFactory.create(username="Alice", email="alice@example.org", is_staff=True)


def login(client: Client, name: str, password: str, **extra: Any) -> int:
    """Try to log in; the answer's status."""
    data = {"login": name, "password": password}
    return client.post("/accounts/login/", data, **extra).status_code


def lock_out(client: Client, name: str = "Alice", **extra: Any) -> list[int]:
    """Ten wrong passwords; the answers' status codes."""
    return [login(client, name, f"wrong {attempt}", **extra) for attempt in range(10)]


def test_the_tenth_wrong_password_is_answered_with_429(client: Client, user: User) -> None:
    assert lock_out(client) == [200] * 9 + [429]


def test_then_the_right_password_is_refused_too(client: Client, user: User) -> None:
    lock_out(client)
    response = client.post("/accounts/login/", {"login": "Alice", "password": RIGHT})
    assert response.status_code == 429
    assert response["Retry-After"] == "900"
    text = ReadPage(response).text
    assert "Too many wrong passwords" in text
    assert "no password is accepted from there for 15 minutes" in text
    assert "_auth_user_id" not in client.session


def test_on_the_way_to_the_admin_as_well(client: Client, user: User) -> None:
    lock_out(client)
    address = client.get("/admin/", follow=True).redirect_chain[-1][0]
    assert address == "/accounts/login/?next=%2Fadmin%2F"
    data = {"login": "Alice", "password": RIGHT}
    assert client.post(address, data).status_code == 429
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("name", ["alice", "ALICE", " Alice ", "alice@example.org"])
def test_another_spelling_of_the_name_is_the_same_account(
    client: Client, user: User, name: str
) -> None:
    lock_out(client)
    assert login(client, name, RIGHT) == 429


def test_attempts_under_several_spellings_add_up(client: Client, user: User) -> None:
    names = ["Alice", "alice", "alice@example.org", "ALICE@example.org"]
    codes = [login(client, names[attempt % 4], "wrong") for attempt in range(10)]
    assert codes == [200] * 9 + [429]


def test_another_person_is_not_affected(client: Client, user: User) -> None:
    UserFactory.create(username="charlie")
    lock_out(client)
    assert login(client, "charlie", RIGHT) == 302


def test_the_person_is_not_affected_at_another_address(client: Client, user: User) -> None:
    lock_out(client, REMOTE_ADDR="203.0.113.7")
    assert login(client, "Alice", RIGHT, REMOTE_ADDR="198.51.100.2") == 302


def test_a_made_up_forwarding_header_is_not_believed(client: Client, user: User) -> None:
    for attempt in range(10):
        login(client, "Alice", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{attempt}")
    assert login(client, "Alice", RIGHT) == 429


def test_behind_a_trusted_proxy_the_persons_address_counts(
    client: Client, user: User, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    lock_out(client, HTTP_X_FORWARDED_FOR="203.0.113.7")
    assert login(client, "Alice", RIGHT, HTTP_X_FORWARDED_FOR="203.0.113.7") == 429
    assert login(client, "Alice", RIGHT, HTTP_X_FORWARDED_FOR="198.51.100.2") == 302


def test_after_a_quarter_of_an_hour_it_is_over(client: Client, user: User) -> None:
    lock_out(client)
    attempt = AccessAttempt.objects.get()
    attempt.attempt_time -= timedelta(minutes=16)
    attempt.save()
    assert login(client, "Alice", RIGHT) == 302


def test_trying_while_locked_out_does_not_prolong_it(client: Client, user: User) -> None:
    lock_out(client)
    before = AccessAttempt.objects.get().attempt_time
    login(client, "Alice", "wrong")
    assert AccessAttempt.objects.get().attempt_time == before


def test_a_success_wipes_the_slate(client: Client, user: User) -> None:
    for _ in range(9):
        login(client, "Alice", "wrong")
    assert login(client, "Alice", RIGHT) == 302
    client.logout()
    assert login(client, "Alice", "wrong") == 200


def test_a_name_that_nobody_has_is_limited_the_same_way(client: Client) -> None:
    assert lock_out(client, name="nobody") == [200] * 9 + [429]


def test_under_the_api_the_answer_is_json() -> None:
    response = locked_out(RequestFactory().post("/api/v1/auth/token/"))
    assert response.status_code == 429
    assert json.loads(response.content)["detail"].endswith("Try again in 15 minutes.")
