import io
import json
from typing import Any
from zipfile import ZipFile

import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from catalog.models import Anime, ApiToken, Profile, Rating, User
from catalog.services.list_statistics import list_statistics
from catalog.services.own_list import own_list
from catalog.services.ratings import rate, rater_for
from tests.api import ROOT, client_of, errors, problem
from tests.factories import AnimeFactory, UserFactory

ADDRESS = f"{ROOT}me/"
PASSWORD = "correct horse battery"


@pytest.fixture
def rated(user: User) -> list[Anime]:
    """Six dramas on mia's list: four scored, one dropped, one planned."""
    titles = [AnimeFactory.create(genres=["Drama"]) for _ in range(6)]
    rater = rater_for(user=user)
    for anime, score in zip(titles, (10, 9, 7, 4), strict=False):
        rate(rater=rater, anime=anime, score=score)
    rate(rater=rater, anime=titles[4], status=Rating.Status.DROPPED)
    rate(rater=rater, anime=titles[5], status=Rating.Status.PLAN_TO_WATCH)
    return titles


def test_an_account_is_shown_with_its_settings(client: APIClient, user: User) -> None:
    body = client.get(ADDRESS).json()

    joined = body.pop("joined_at")
    assert joined == user.date_joined.isoformat().replace("+00:00", "Z")
    assert body == {
        "username": "mia",
        "email": "mia@example.org",
        "is_administrator": False,
        "about": "",
        "is_public": False,
        "show_adult": False,
        "theme": "system",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"about": "Mostly dramas.", "is_public": True},
        {"show_adult": True},
        {"theme": "dark"},
        {"about": ""},
    ],
)
def test_what_is_given_changes_and_the_rest_stays(
    client: APIClient, user: User, changes: dict[str, Any]
) -> None:
    before = client.patch(ADDRESS, {"about": "Hello", "theme": "light"}).json()

    answer = client.patch(ADDRESS, changes).json()

    assert answer == {**before, **changes}
    assert client.get(ADDRESS).json() == answer
    assert Profile.objects.get(user=user).theme == answer["theme"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("body", "empty")]),
        ({"theme": "pink"}, [("theme", "invalid_choice")]),
        ({"about": "x" * 501}, [("about", "max_length")]),
        ({"is_public": "yes"}, [("is_public", "invalid")]),
        ({"username": "ben"}, [("username", "unknown")]),
        ({"is_administrator": True}, [("is_administrator", "unknown")]),
    ],
)
def test_what_cannot_be_changed_is_refused(
    client: APIClient, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors(client.patch(ADDRESS, body)) == expected


@pytest.fixture
def with_password(db: None, settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return UserFactory.create(username="zoe", password=PASSWORD)


def test_an_account_is_deleted_with_its_password(with_password: User, charlie: User) -> None:
    client = client_of(with_password)
    rate(rater=rater_for(user=with_password), anime=AnimeFactory.create(), score=5)

    assert client.delete(ADDRESS, {"password": PASSWORD}).status_code == 204

    assert list(User.objects.all()) == [charlie]
    assert not Rating.objects.exists()
    assert not ApiToken.objects.exists()
    problem(client.get(ADDRESS), 401, "invalid_token")


def test_the_session_ends_with_the_account(with_password: User) -> None:
    session = APIClient()
    session.force_login(with_password, backend="config.authentication.AccountBackend")

    assert session.delete(ADDRESS, {"password": PASSWORD}).status_code == 204

    problem(session.get(ADDRESS), 401, "not_authenticated")


def test_an_account_stays_without_the_right_password(with_password: User) -> None:
    client = client_of(with_password)

    wrong = problem(client.delete(ADDRESS, {"password": "guess"}), 401, "invalid_credentials")
    assert wrong["detail"] == "This is not your password."
    assert errors(client.delete(ADDRESS)) == [("password", "required")]
    assert errors(client.delete(ADDRESS, {"password": PASSWORD, "really": True})) == [
        ("really", "unknown")
    ]
    assert User.objects.get() == with_password


def test_wrong_passwords_are_counted(with_password: User) -> None:
    client = client_of(with_password)
    for _ in range(9):
        problem(client.delete(ADDRESS, {"password": "guess"}), 401, "invalid_credentials")

    problem(client.delete(ADDRESS, {"password": "guess"}), 429, "too_many_attempts")
    problem(client.delete(ADDRESS, {"password": PASSWORD}), 429, "too_many_attempts")
    assert User.objects.exists()


def test_the_only_superuser_cannot_be_deleted(with_password: User) -> None:
    User.objects.filter(pk=with_password.pk).update(is_superuser=True, is_staff=True)

    answer = client_of(with_password).delete(ADDRESS, {"password": PASSWORD})

    detail = problem(answer, 409, "account_needed")["detail"]
    assert detail.startswith("This is the only administrator with all rights")


def test_the_archive_has_what_is_known(client: APIClient, rated: list[Anime]) -> None:
    answer = client.get(f"{ROOT}me/data.zip")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Cache-Control"] == "private, no-store"
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("profile.json"))["username"] == "mia"
        assert rated[0].title in archive.read("list.csv").decode()


def test_charlies_archive_and_figures_are_charlies(
    charlies_client: APIClient, rated: list[Anime]
) -> None:
    with ZipFile(io.BytesIO(charlies_client.get(f"{ROOT}me/data.zip").content)) as archive:
        assert "list.csv" not in archive.namelist()
    assert charlies_client.get(f"{ROOT}me/statuses/").json()["total"] == 0
    empty = charlies_client.get(f"{ROOT}me/statistics/").json()
    assert (empty["n_titles"], empty["mean"], empty["own_shares"]) == (0, None, [])


def test_statuses_are_counted_in_their_order(
    client: APIClient, user: User, rated: list[Anime]
) -> None:
    rate(rater=rater_for(user=user), anime=AnimeFactory.create(is_adult=True), score=1)

    body = client.get(f"{ROOT}me/statuses/").json()

    assert body == {
        "next": None,
        "previous": None,
        "results": [
            {"status": "watching", "count": 0},
            {"status": "completed", "count": 4},
            {"status": "on-hold", "count": 0},
            {"status": "dropped", "count": 1},
            {"status": "plan-to-watch", "count": 1},
        ],
        "total": 6,
        "scored": 4,
        "hidden": 1,
    }


def test_the_figures_are_those_of_the_site(
    client: APIClient, user: User, rated: list[Anime]
) -> None:
    expected = list_statistics(own_list(rater=rater_for(user=user), show_adult=False))

    body = client.get(f"{ROOT}me/statistics/").json()

    assert (body["n_titles"], body["n_watched"], body["n_scored"]) == (6, 5, 4)
    assert (body["mean"], body["own_shares"]) == (7.5, list(expected.own_shares))
    assert [(each["slug"], each["n_scored"]) for each in body["genres"]] == [("drama", 4)]
    assert [each["anime_id"] for each in body["overrated"]] == [
        each.anime_id for each in expected.overrated
    ]
    assert body["overrated"][0]["title"] == rated[0].title


@pytest.mark.parametrize("n_more", [0, 20])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    user: User,
    rated: list[Anime],
    django_assert_num_queries: DjangoAssertNumQueries,
    n_more: int,
) -> None:
    for _ in range(n_more):
        rate(rater=rater_for(user=user), anime=AnimeFactory.create(), score=5)
    client.get(f"{ROOT}me/statistics/")  # reads the catalogue

    with django_assert_num_queries(2):  # token, profile
        client.get(ADDRESS)
    with django_assert_num_queries(4):  # token, rater, profile, counts
        assert client.get(f"{ROOT}me/statuses/").json()["total"] == 6 + n_more
    with django_assert_num_queries(6):  # token, rater, profile, catalogue, list, its titles
        assert client.get(f"{ROOT}me/statistics/").json()["n_titles"] == 6 + n_more
