from typing import Any

import pytest
from django.core.cache import caches
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Profile, Rater, Rating, User
from catalog.services.ratings import rate, rater_for
from catalog.services.tokens import Scope
from recommender.models import ListSnapshot, ModelVersion
from recommender.services import serving
from recommender.services.lists import METHODS
from tests.api import ROOT, anime_json, client_of, errors, ids, problem
from tests.factories import AnimeFactory
from tests.kept_lists import kept_keys
from tests.recommender.conftest import World

ADDRESS = f"{ROOT}recommendations/"
SCORES = [
    {"anime_id": 1, "score": 10},
    {"anime_id": 2, "score": 9},
    {"anime_id": 13, "score": 2},
]


@pytest.mark.parametrize("method", METHODS)
def test_it_is_the_list_of_a_member_with_the_same_scores(
    visitor: APIClient, user: User, version: ModelVersion, method: str
) -> None:
    rater = rater_for(user=user)
    for given in SCORES:
        anime = Rating.objects.filter(anime_id=given["anime_id"])[0].anime
        rate(rater=rater, anime=anime, score=given["score"])
    expected = serving.recommend(rater=rater, method=method, n=10)

    answer = visitor.post(ADDRESS, {"scores": SCORES, "method": method}).json()

    assert [result["anime"] for result in answer["results"]] == [
        anime_json(item.anime) for item in expected.items
    ]
    assert [result["rank"] for result in answer["results"]] == list(range(1, 11))
    for result, item in zip(answer["results"], expected.items, strict=True):
        assert result["relevance"] == pytest.approx(item.relevance, rel=1e-5)
        assert result["reasons"][0]["text"] == item.reasons[0].text
    assert (answer["method"], answer["source"]) == (method, expected.source)
    assert (answer["model_version"], answer["fallback"]) == (version.pk, "")
    assert (answer["next"], answer["previous"], answer["unknown"]) == (None, None, [])


def test_nothing_is_stored_and_nothing_is_kept(visitor: APIClient, version: ModelVersion) -> None:
    n_raters, n_ratings = Rater.objects.count(), Rating.objects.count()
    caches["lists"].clear()

    first = visitor.post(ADDRESS, {"scores": SCORES}).json()

    assert first["source"] == "for-you"
    assert (Rater.objects.count(), Rating.objects.count()) == (n_raters, n_ratings)
    assert not ListSnapshot.objects.exists()
    assert kept_keys() == []


def test_filters_and_limit_say_what_is_listed(visitor: APIClient, world: World) -> None:
    asked: dict[str, Any] = {"scores": SCORES, "method": "popular"}

    comedies = visitor.post(ADDRESS, {**asked, "genre": ["comedy"], "limit": 100})
    none = visitor.post(ADDRESS, {**asked, "type": ["Movie"]})
    two = visitor.post(ADDRESS, {**asked, "without": ["drama"], "limit": 2})

    expected = sorted(
        (anime for anime in world.comedies if anime.pk != 13), key=lambda each: -each.members
    )
    assert ids(comedies) == [anime.pk for anime in expected]
    assert ids(none) == []
    assert ids(two) == ids(comedies)[:2]


def test_titles_that_the_reader_is_not_shown_are_named_and_left_out_of_account(
    visitor: APIClient, client: APIClient, user: User, world: World
) -> None:
    adult = AnimeFactory.create(id=500, is_adult=True, genres=["Drama"])
    body = {"scores": [*SCORES, {"anime_id": 999, "score": 5}, {"anime_id": adult.pk, "score": 9}]}

    assert visitor.post(ADDRESS, body).json()["unknown"] == [500, 999]

    Profile.objects.create(user=user, show_adult=True)
    assert client.post(ADDRESS, body).json()["unknown"] == [999]


def test_only_unknown_titles_give_popular_ones_and_say_so(visitor: APIClient, world: World) -> None:
    answer = visitor.post(ADDRESS, {"scores": [{"anime_id": 999, "score": 5}]}).json()

    assert (answer["method"], answer["source"]) == ("for-you", "popular")
    assert answer["fallback"] == "Score a title or two, and this list becomes yours."
    members = [result["anime"]["members"] for result in answer["results"]]
    assert members == sorted(members, reverse=True)


def test_an_accounts_own_list_is_not_looked_at(
    visitor: APIClient, client: APIClient, user: User, world: World
) -> None:
    rate(rater=rater_for(user=user), anime=world.dramas[5], score=1)
    body = {"scores": SCORES, "limit": 100}

    assert ids(client.post(ADDRESS, body)) == ids(visitor.post(ADDRESS, body))


def test_a_token_that_may_read_will_do_and_one_that_may_not_is_refused(
    user: User, world: World
) -> None:
    body = {"scores": SCORES}

    assert client_of(user, Scope.READ).post(ADDRESS, body).status_code == 200
    problem(client_of(user, Scope.WRITE).post(ADDRESS, body), 403, "insufficient_scope")


def test_other_methods_are_refused(visitor: APIClient) -> None:
    problem(visitor.get(ADDRESS), 405, "method_not_allowed")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scores": []}, [("scores", "empty")]),
        ({"scores": "9253"}, [("scores", "not_a_list")]),
        ({"scores": [{"anime_id": 1, "score": 11}]}, [("scores.0.score", "max_value")]),
        ({"scores": [{"anime_id": 1, "score": "9"}]}, [("scores.0.score", "invalid")]),
        ({"scores": [{"anime_id": 1}]}, [("scores.0.score", "required")]),
        ({"scores": [{"anime_id": 1, "score": 5, "x": 1}]}, [("scores.0.x", "unknown")]),
        ({"scores": [*SCORES, SCORES[0]]}, [("scores", "repeated")]),
        ({"scores": [SCORES[0]] * 5_001}, [("scores", "max_length")]),
        ({"method": "magic"}, [("method", "invalid_choice")]),
        ({"limit": 101}, [("limit", "max_value")]),
        ({"genre": ["dramma"]}, [("genre", "invalid")]),
        ({"genre": "drama"}, [("genre", "not_a_list")]),
        ({"type": ["Film"]}, [("type", "invalid")]),
        ({"hide_sequels": "true"}, [("hide_sequels", "invalid")]),
        ({"cursor": "x"}, [("cursor", "unknown")]),
    ],
)
def test_what_cannot_be_is_named(
    visitor: APIClient, world: World, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors(visitor.post(ADDRESS, {"scores": SCORES, **changes})) == expected


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    visitor: APIClient,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    body = {"scores": SCORES, "limit": limit}
    visitor.post(ADDRESS, {**body, "limit": 20})  # builds what is kept of the catalogue

    with django_assert_num_queries(2):  # catalogue revision, version
        assert len(ids(visitor.post(ADDRESS, body))) == limit
