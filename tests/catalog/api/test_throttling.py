"""How often one may ask: by account, by token, by address, and less often for what is costly."""

from unittest.mock import patch

import pytest
from django.core.cache import cache
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from catalog.models import User
from tests.api import ROOT, client_of, client_with, problem
from tests.factories import UserFactory

GENRES = f"{ROOT}genres/"
TOKEN = f"{ROOT}auth/token/"


@pytest.fixture(autouse=True)
def frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let it be so many seconds after the beginning of a period."""
    monkeypatch.setattr("time.time", lambda: 6_000 + seconds)


def allow(settings: Settings, **rates: int) -> None:
    """Allow so many requests a minute; the others' limits are far away."""
    unlimited = dict.fromkeys(settings.API_THROTTLE_RATES, (10_000, 60))
    settings.API_THROTTLE_RATES = unlimited | {name: (n, 60) for name, n in rates.items()}


def refused(client: APIClient, address: str = GENRES) -> int:
    """The seconds to wait."""
    response = client.get(address)
    problem(response, 429, "throttled")
    return int(response["Retry-After"])


def test_visitors_are_counted_by_address(visitor: APIClient, settings: Settings) -> None:
    allow(settings, address=2)
    assert [visitor.get(GENRES).status_code for _ in range(2)] == [200, 200]

    assert refused(visitor) == 90  # half a minute into the next period half of them count
    assert visitor.get(GENRES, REMOTE_ADDR="10.0.0.7").status_code == 200


def test_it_can_be_asked_again_after_the_time_that_was_said(
    visitor: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(settings, address=4)
    for _ in range(4):
        visitor.get(GENRES)
    wait = refused(visitor)

    at(monkeypatch, wait - 1)
    assert refused(visitor) == 1
    at(monkeypatch, wait)
    assert visitor.get(GENRES).status_code == 200


def test_a_refused_request_does_not_count(visitor: APIClient, settings: Settings) -> None:
    allow(settings, address=1)
    visitor.get(GENRES)
    waits = [refused(visitor) for _ in range(5)]

    assert waits == [waits[0]] * 5


def test_wrong_tokens_count_for_the_address(visitor: APIClient, settings: Settings) -> None:
    allow(settings, address=2)
    guesser = client_with("0" * 64)
    for _ in range(2):
        problem(guesser.get(GENRES), 401, "invalid_token")

    assert refused(guesser) == refused(visitor)


def test_an_account_counts_with_all_its_tokens(
    client: APIClient, charlies_client: APIClient, user: User, settings: Settings
) -> None:
    allow(settings, user=2)
    client.get(GENRES)
    client_of(user).get(GENRES)

    refused(client)
    assert charlies_client.get(GENRES).status_code == 200


def test_a_token_leaves_something_to_the_others(
    client: APIClient, user: User, settings: Settings
) -> None:
    allow(settings, user=10, token=2)
    for _ in range(2):
        client.get(GENRES)

    refused(client)
    assert client_of(user).get(GENRES).status_code == 200


def test_asking_for_tokens_has_a_rate_of_its_own(visitor: APIClient, settings: Settings) -> None:
    allow(settings, login=1)
    assert visitor.post(TOKEN, {}).status_code == 400

    problem(visitor.post(TOKEN, {}), 429, "throttled")
    assert visitor.get(GENRES).status_code == 200


@pytest.mark.parametrize(
    ("scope", "name", "refusal"),
    [("import", "me/imports/", 422), ("training", "training-runs/", 400)],
)
def test_what_is_costly_has_a_rate_of_its_own(
    db: None, settings: Settings, scope: str, name: str, refusal: int
) -> None:
    allow(settings, **{scope: 1})
    admin = APIClient()
    admin.force_login(UserFactory.create(is_staff=True))
    assert admin.post(ROOT + name, {"unknown": 1}).status_code == refusal

    problem(admin.post(ROOT + name, {"unknown": 1}), 429, "throttled")
    assert admin.get(ROOT + name).status_code == 200


def test_without_the_cache_nobody_is_kept_out(
    visitor: APIClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    allow(settings, address=1)
    with patch.object(cache, "add", side_effect=RedisConnectionError):
        assert [visitor.get(GENRES).status_code for _ in range(2)] == [200, 200]

    assert "requests are not counted" in caplog.text
