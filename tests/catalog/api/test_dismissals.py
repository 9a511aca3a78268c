import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Dismissal
from tests.api import ROOT, anime_json, errors, ids, problem, walk
from tests.factories import AnimeFactory

ADDRESS = f"{ROOT}me/dismissals/"


def test_a_title_is_dismissed_once_however_often_it_is_put(client: APIClient) -> None:
    anime = AnimeFactory.create(id=7)

    for _ in range(2):
        response = client.put(f"{ADDRESS}7/")
        assert (response.status_code, response.content) == (204, b"")

    (entry,) = client.get(ADDRESS).json()["results"]
    assert entry["anime"] == anime_json(anime)
    assert list(entry) == ["anime", "created_at"]
    assert Dismissal.objects.count() == 1


def test_the_latest_come_first(client: APIClient) -> None:
    for anime_id in (3, 1, 2):
        AnimeFactory.create(id=anime_id)
        client.put(f"{ADDRESS}{anime_id}/")

    assert ids(client.get(ADDRESS)) == [2, 1, 3]
    assert walk(client, f"{ADDRESS}?limit=2") == [[2, 1], [3]]


def test_it_can_be_taken_back(client: APIClient) -> None:
    AnimeFactory.create(id=7)
    client.put(f"{ADDRESS}7/")

    assert client.delete(f"{ADDRESS}7/").status_code == 204

    assert ids(client.get(ADDRESS)) == []
    body = problem(client.delete(f"{ADDRESS}7/"), 404, "not_found")
    assert body["detail"] == "You have not dismissed title 7."


def test_it_takes_no_body(client: APIClient) -> None:
    AnimeFactory.create(id=7)

    assert errors(client.put(f"{ADDRESS}7/", {"reason": "boring"})) == [("reason", "unknown")]
    assert not Dismissal.objects.exists()


def test_an_unknown_title_is_404(client: APIClient) -> None:
    problem(client.put(f"{ADDRESS}7/"), 404, "not_found")
    problem(client.delete(f"{ADDRESS}7/"), 404, "not_found")


def test_nobody_reaches_another_ones(client: APIClient, charlies_client: APIClient) -> None:
    AnimeFactory.create(id=7)
    client.put(f"{ADDRESS}7/")

    problem(charlies_client.delete(f"{ADDRESS}7/"), 404, "not_found")
    assert ids(charlies_client.get(ADDRESS)) == []
    assert ids(client.get(ADDRESS)) == [7]


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    client: APIClient, django_assert_num_queries: DjangoAssertNumQueries, limit: int
) -> None:
    for anime_id in range(1, 21):
        AnimeFactory.create(id=anime_id)
        client.put(f"{ADDRESS}{anime_id}/")

    with django_assert_num_queries(5):  # token, rater, profile, dismissals, genres
        assert len(ids(client.get(ADDRESS, {"limit": limit}))) == limit
