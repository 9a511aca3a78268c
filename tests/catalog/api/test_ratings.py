import pytest
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from catalog.models import Anime, Dismissal, Rating, User
from catalog.services.ratings import rater_for
from tests.api import ROOT, anime_json, errors, problem
from tests.factories import AnimeFactory


@pytest.fixture
def anime(db: None) -> Anime:
    return AnimeFactory.create(id=7, title="Mushishi", episodes=26)


@pytest.fixture
def address(anime: Anime) -> str:
    return f"{ROOT}me/ratings/{anime.pk}/"


def stored(user: User) -> tuple[int | None, int, int | None]:
    return Rating.objects.values_list("score", "status", "episodes_watched").get(rater__user=user)


def test_a_new_rating_is_created(client: APIClient, user: User, anime: Anime, address: str) -> None:
    body = {"score": 9, "status": "watching", "episodes_watched": 3}

    response = client.put(address, body)

    assert response.status_code == 201
    answer = response.json()
    assert parse_datetime(answer.pop("updated_at")) == Rating.objects.get().updated_at
    assert answer == {"anime": anime_json(anime), **body}
    assert stored(user) == (9, Rating.Status.WATCHING, 3)


def test_what_is_left_out_keeps_its_value(client: APIClient, user: User, address: str) -> None:
    client.put(address, {"score": 9, "status": "watching", "episodes_watched": 3})

    response = client.put(address, {"score": 8})

    assert response.status_code == 200
    assert stored(user) == (8, Rating.Status.WATCHING, 3)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"score": 10}, (10, Rating.Status.COMPLETED, None)),
        ({"score": 1.0}, (1, Rating.Status.COMPLETED, None)),
        ({"status": "plan-to-watch"}, (None, Rating.Status.PLAN_TO_WATCH, None)),
        ({"status": "on-hold"}, (None, Rating.Status.ON_HOLD, None)),
        ({"score": None}, (None, Rating.Status.COMPLETED, None)),
        ({"episodes_watched": 0}, (None, Rating.Status.COMPLETED, 0)),
    ],
)
def test_any_one_field_will_do(
    client: APIClient,
    user: User,
    address: str,
    body: dict[str, object],
    expected: tuple[int | None, int, int | None],
) -> None:
    assert client.put(address, body).status_code == 201
    assert stored(user) == expected


def test_null_takes_the_score_back(client: APIClient, user: User, address: str) -> None:
    client.put(address, {"score": 9})

    assert client.put(address, {"score": None}).json()["score"] is None
    assert stored(user)[0] is None


def test_rating_a_dismissed_title_takes_the_dismissal_back(
    client: APIClient, user: User, anime: Anime, address: str
) -> None:
    Dismissal.objects.create(rater=rater_for(user=user), anime=anime)

    client.put(address, {"score": 9})

    assert not Dismissal.objects.exists()


@pytest.mark.parametrize("score", [0, 11, -1, "x", "9", 8.5, True, [9], {"value": 9}])
def test_what_is_no_score_is_refused(client: APIClient, address: str, score: object) -> None:
    body = problem(client.put(address, {"score": score}), 400, "invalid_request")

    (error,) = body["errors"]
    assert error["field"] == "score"
    assert error["detail"] == "A score is a whole number from 1 to 10, or null for no score."
    assert body["detail"] == f"score: {error['detail']}"
    assert not Rating.objects.exists()


@pytest.mark.parametrize("status", ["seen", "", "Completed", 2, ["completed"]])
def test_what_is_no_status_is_refused_with_those_there_are(
    client: APIClient, address: str, status: object
) -> None:
    body = problem(client.put(address, {"status": status}), 400, "invalid_request")

    assert body["errors"] == [
        {
            "field": "status",
            "code": "invalid_choice",
            "detail": f"There is no status {status!r}. Statuses: watching, completed, on-hold, "
            "dropped, plan-to-watch.",
        }
    ]
    assert not Rating.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("body", "empty")]),
        ([], [("body", "invalid")]),
        ("9", [("body", "invalid")]),
        ({"status": None}, [("status", "null")]),
        ({"episodes_watched": -1}, [("episodes_watched", "min_value")]),
        ({"episodes_watched": 27}, [("episodes_watched", "invalid")]),
        ({"episodes_watched": 3_000_000_000}, [("episodes_watched", "max_value")]),
        ({"score": 9, "status": "plan-to-watch"}, [("score", "invalid")]),
        ({"score": 9, "rating": 9}, [("rating", "unknown")]),
        ({"score": 0, "status": "seen"}, [("score", "min_value"), ("status", "invalid_choice")]),
    ],
)
def test_a_body_that_is_not_valid_changes_nothing(
    client: APIClient, address: str, body: object, expected: list[tuple[str, str]]
) -> None:
    assert errors(client.put(address, body)) == expected
    assert not Rating.objects.exists()


def test_an_unknown_field_is_answered_with_the_known_ones(client: APIClient, address: str) -> None:
    body = problem(client.put(address, {"rating": 9}), 400, "invalid_request")

    assert body["errors"][0]["detail"] == (
        "There is no field 'rating'. Known fields: score, status, episodes_watched."
    )


def test_patch_changes_what_is_on_the_list(client: APIClient, user: User, address: str) -> None:
    client.put(address, {"score": 9, "status": "watching"})

    response = client.patch(address, {"status": "completed"})

    assert response.status_code == 200
    assert stored(user) == (9, Rating.Status.COMPLETED, None)


def test_patch_puts_nothing_on_the_list(client: APIClient, address: str) -> None:
    body = problem(client.patch(address, {"score": 9}), 404, "not_found")

    assert body["detail"] == "Title 7 is not on your list."
    assert not Rating.objects.exists()


def test_get_shows_what_was_put(client: APIClient, address: str) -> None:
    put = client.put(address, {"score": 9}).json()

    assert client.get(address).json() == put


def test_delete_takes_it_off_the_list(client: APIClient, address: str) -> None:
    client.put(address, {"score": 9})

    response = client.delete(address)

    assert (response.status_code, response.content) == (204, b"")
    assert not Rating.objects.exists()
    problem(client.get(address), 404, "not_found")
    problem(client.delete(address), 404, "not_found")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_unknown_title_is_404(client: APIClient, method: str) -> None:
    body = None if method == "get" else {"score": 9}

    response = getattr(client, method)(f"{ROOT}me/ratings/12345/", body)

    assert problem(response, 404, "not_found")["detail"] == "There is no title 12345."


def test_a_hidden_adult_title_is_404(client: APIClient) -> None:
    AnimeFactory.create(id=8, is_adult=True)

    problem(client.put(f"{ROOT}me/ratings/8/", {"score": 9}), 404, "not_found")


def test_nobody_reaches_another_ones_list(
    client: APIClient, charlies_client: APIClient, user: User, charlie: User, address: str
) -> None:
    client.put(address, {"score": 9})

    problem(charlies_client.get(address), 404, "not_found")
    problem(charlies_client.patch(address, {"score": 1}), 404, "not_found")
    problem(charlies_client.delete(address), 404, "not_found")
    assert charlies_client.put(address, {"score": 1}).status_code == 201
    assert stored(user)[0] == 9
    assert stored(charlie)[0] == 1


def test_writing_one_field_of_two_clients_loses_neither(
    client: APIClient, user: User, address: str
) -> None:
    client.put(address, {"score": 9})
    client.put(address, {"episodes_watched": 12})
    client.put(address, {"status": "dropped"})

    assert stored(user) == (9, Rating.Status.DROPPED, 12)
