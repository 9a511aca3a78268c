"""Many ratings in one request: all or none, and once, however often it is sent."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import IdempotentRequest, Rating, User
from catalog.services.idempotency import RequestUnderWay
from tests.api import ROOT, errors, problem
from tests.factories import AnimeFactory

ADDRESS = f"{ROOT}me/ratings/"
KEY: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    for pk in (7, 8, 9):
        AnimeFactory.create(id=pk, episodes=12)


def stored(user: User) -> list[tuple[int, int | None, int, int | None]]:
    rows = Rating.objects.filter(rater__user=user).order_by("anime_id")
    return list(rows.values_list("anime_id", "score", "status", "episodes_watched"))


def test_entries_are_created_and_changed(client: APIClient, user: User) -> None:
    client.put(f"{ADDRESS}7/", {"score": 5})
    client.put(f"{ADDRESS}8/", {"score": 6})

    response = client.put(
        ADDRESS,
        [
            {"anime_id": 9, "status": "watching", "episodes_watched": 3},
            {"anime_id": 7, "score": 9},
            {"anime_id": 8, "score": 6},
        ],
    )

    assert response.status_code == 200
    assert response.json() == {"created": 1, "changed": 1, "unchanged": 1}
    assert stored(user) == [
        (7, 9, Rating.Status.COMPLETED, None),
        (8, 6, Rating.Status.COMPLETED, None),
        (9, None, Rating.Status.WATCHING, 3),
    ]


def test_every_entry_that_cannot_be_is_named_by_its_place(client: APIClient) -> None:
    AnimeFactory.create(id=10, is_adult=True)

    response = client.put(
        ADDRESS,
        [
            {"anime_id": 7, "score": 9},
            {"anime_id": 8, "episodes_watched": 13},
            {"anime_id": 10, "score": 9},
            {"anime_id": 999, "score": 9},
            {"anime_id": 9, "score": 9, "status": "plan-to-watch"},
        ],
    )

    assert errors(response) == [
        ("1.episodes_watched", "invalid"),
        ("2.anime_id", "invalid"),
        ("3.anime_id", "invalid"),
        ("4.score", "invalid"),
    ]
    assert not Rating.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], [("body", "empty")]),
        ({"anime_id": 7, "score": 9}, [("body", "not_a_list")]),
        ([{"anime_id": 7}], [("0", "empty")]),
        ([{"score": 9}], [("0.anime_id", "required")]),
        ([{"anime_id": 7, "score": 9, "note": ""}], [("0.note", "unknown")]),
        (
            [{"anime_id": 7, "score": 9}, {"anime_id": 8, "score": 11}],
            [("1.score", "max_value")],
        ),
        (
            [{"anime_id": 7, "score": 9}, {"anime_id": 7, "score": 8}],
            [("1.anime_id", "repeated")],
        ),
        ([{"anime_id": 7, "score": 9}] * 1001, [("body", "max_length")]),
    ],
)
def test_what_is_not_valid_is_refused_as_a_whole(
    client: APIClient, body: Any, expected: list[tuple[str, str]]
) -> None:
    assert errors(client.put(ADDRESS, body)) == expected
    assert not Rating.objects.exists()


def test_others_lists_stay_as_they_are(
    client: APIClient, charlies_client: APIClient, user: User, charlie: User
) -> None:
    client.put(ADDRESS, [{"anime_id": 7, "score": 9}])
    charlies_client.put(ADDRESS, [{"anime_id": 7, "score": 1}], **KEY)

    client.put(ADDRESS, [{"anime_id": 8, "score": 9}], **KEY)  # charlie's key is another one

    assert [row[:2] for row in stored(user)] == [(7, 9), (8, 9)]
    assert [row[:2] for row in stored(charlie)] == [(7, 1)]


def test_a_repeat_with_the_key_gets_the_first_answer(client: APIClient, user: User) -> None:
    body = [{"anime_id": 7, "score": 9}]
    first = client.put(ADDRESS, body, **KEY)
    client.put(f"{ADDRESS}7/", {"score": 2})

    # Neither the spacing nor the quotes of the key make it another request.
    again = client.put(
        ADDRESS,
        '[{"score":9,  "anime_id":7}]',
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY=KEY["HTTP_IDEMPOTENCY_KEY"].strip('"'),
    )

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert first.json() == {"created": 1, "changed": 0, "unchanged": 0}
    assert [row[:2] for row in stored(user)] == [(7, 2)]


def test_another_body_with_the_key_is_refused(client: APIClient, user: User) -> None:
    client.put(ADDRESS, [{"anime_id": 7, "score": 9}], **KEY)

    response = client.put(ADDRESS, [{"anime_id": 7, "score": 8}], **KEY)

    problem(response, 422, "idempotency_key_reused")
    assert [row[:2] for row in stored(user)] == [(7, 9)]


def test_a_repeat_while_it_is_under_way_is_told_so(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def under_way(**kwargs: object) -> None:
        raise RequestUnderWay

    monkeypatch.setattr("catalog.api.idempotency.carry_out", under_way)

    response = client.put(ADDRESS, [{"anime_id": 7, "score": 9}], **KEY)

    problem(response, 409, "request_under_way")
    assert response["Retry-After"] == "1"


def test_a_refused_request_may_be_corrected_under_its_key(client: APIClient) -> None:
    assert client.put(ADDRESS, [{"anime_id": 999, "score": 9}], **KEY).status_code == 400
    assert not IdempotentRequest.objects.exists()

    assert client.put(ADDRESS, [{"anime_id": 7, "score": 9}], **KEY).status_code == 200


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, '"', "ä"])
def test_what_is_no_key_is_refused(client: APIClient, key: str) -> None:
    response = client.put(ADDRESS, [{"anime_id": 7, "score": 9}], HTTP_IDEMPOTENCY_KEY=key)

    assert errors(response) == [("Idempotency-Key", "invalid")]
    assert not Rating.objects.exists()
