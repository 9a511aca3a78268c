from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Profile, Rating, User
from catalog.services.ratings import rater_for
from tests.api import ROOT, errors, ids, walk
from tests.factories import AnimeFactory, RatingFactory

ADDRESS = f"{ROOT}me/ratings/"
Status = Rating.Status


def rate(user: User, anime_id: int, score: int | None = 8, **fields: object) -> Rating:
    anime = AnimeFactory.create(id=anime_id, title=fields.pop("title", f"Title {anime_id}"))
    rating: Rating = RatingFactory.create(
        rater=rater_for(user=user), anime=anime, score=score, **fields
    )
    return rating


def test_a_new_account_has_an_empty_list(client: APIClient) -> None:
    assert client.get(ADDRESS).json() == {"next": None, "previous": None, "results": []}


def test_entries_are_what_the_single_address_shows(client: APIClient, user: User) -> None:
    rate(user, 3, 7, status=Status.DROPPED, episodes_watched=2)

    (entry,) = client.get(ADDRESS).json()["results"]

    assert entry == client.get(f"{ADDRESS}3/").json()
    assert (entry["score"], entry["status"], entry["episodes_watched"]) == (7, "dropped", 2)


def test_the_last_changed_come_first(client: APIClient, user: User) -> None:
    now = timezone.now()
    for anime_id, age in [(1, 3), (2, 1), (3, 2)]:
        rate(user, anime_id, updated_at=now - timedelta(days=age))

    assert ids(client.get(ADDRESS)) == [2, 3, 1]


def test_by_score_then_title_with_unscored_titles_last(client: APIClient, user: User) -> None:
    for anime_id, score, title in [(1, 7, "B"), (2, None, "A"), (3, 9, "C"), (4, 7, "A")]:
        rate(user, anime_id, score, title=title)

    assert ids(client.get(ADDRESS, {"ordering": "score"})) == [3, 4, 1, 2]
    assert walk(client, f"{ADDRESS}?ordering=score&limit=1") == [[3], [4], [1], [2]]


def test_by_status(client: APIClient, user: User) -> None:
    rate(user, 1, None, status=Status.PLAN_TO_WATCH)
    rate(user, 2, status=Status.COMPLETED)

    assert ids(client.get(ADDRESS, {"status": "plan-to-watch"})) == [1]
    assert errors(client.get(ADDRESS, {"status": "seen"})) == [("status", "invalid_choice")]


def test_nobody_sees_another_ones_list(
    client: APIClient, charlies_client: APIClient, user: User
) -> None:
    rate(user, 1)

    assert ids(client.get(ADDRESS)) == [1]
    assert ids(charlies_client.get(ADDRESS)) == []


def test_adult_titles_are_left_out_unless_they_are_shown(client: APIClient, user: User) -> None:
    rating = rate(user, 1)
    rating.anime.is_adult = True
    rating.anime.save()
    assert ids(client.get(ADDRESS)) == []

    Profile.objects.create(user=user, show_adult=True)

    assert ids(client.get(ADDRESS)) == [1]


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    for anime_id in range(1, 21):
        rate(user, anime_id)

    with django_assert_num_queries(5):  # token, rater, profile, ratings, genres
        assert len(ids(client.get(ADDRESS, {"limit": limit}))) == limit
