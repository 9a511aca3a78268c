from typing import Any

from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Profile, User
from recommender.services.list_filters import ListFilters
from tests.api import ROOT, errors, problem
from tests.recommender.conftest import World

ADDRESS = f"{ROOT}me/list-filters/"
NONE: dict[str, Any] = {
    "type": [],
    "genre": [],
    "without": [],
    "members_min": 0,
    "episodes_min": None,
    "episodes_max": None,
    "hide_sequels": False,
    "include_planned": False,
    "adult": True,
    "variety": 0,
    "popularity": 0,
}


def test_without_any_they_are_as_by_default(client: APIClient) -> None:
    assert client.get(ADDRESS).json() == NONE


def test_they_are_kept_whole_and_replaced_whole(
    client: APIClient, user: User, world: World
) -> None:
    asked = {"type": ["TV", "Movie"], "without": ["comedy"], "episodes_max": 26, "variety": 40}

    assert client.put(ADDRESS, asked).json() == client.get(ADDRESS).json() == {**NONE, **asked}
    assert ListFilters.from_dict(Profile.objects.get(user=user).list_filters) == ListFilters(
        types=("TV", "Movie"), without_genres=("comedy",), max_episodes=26, variety=40
    )

    assert client.put(ADDRESS, {"adult": False}).json() == {**NONE, "adult": False}
    assert client.put(ADDRESS, {}).json() == NONE
    assert Profile.objects.get(user=user).list_filters == {}


def test_they_are_ones_own(client: APIClient, charlies_client: APIClient) -> None:
    client.put(ADDRESS, {"variety": 10})

    assert charlies_client.get(ADDRESS).json() == NONE


def test_visitors_have_none(visitor: APIClient) -> None:
    problem(visitor.get(ADDRESS), 401, "not_authenticated")
    problem(visitor.put(ADDRESS, {}), 401, "not_authenticated")


def test_what_cannot_be_is_named(client: APIClient, world: World) -> None:
    assert errors(client.put(ADDRESS, {"genre": ["dramma"]})) == [("genre", "invalid")]
    assert errors(client.put(ADDRESS, {"variety": 101, "x": 1})) == [("x", "unknown")]
    assert errors(client.put(ADDRESS, {"episodes_min": -1})) == [("episodes_min", "min_value")]


def test_it_costs_two_queries(
    client: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):  # token, profile
        client.get(ADDRESS)
