"""Titles like another one by taste, and what is expected of one."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Profile, User
from catalog.services.catalogue import catalogue_changed
from catalog.services.ratings import rate, rater_for
from recommender.models import ModelVersion
from recommender.services.title_view import outlook
from tests.api import ROOT, errors, ids, problem
from tests.recommender.conftest import World


def similar(anime_id: int) -> str:
    return f"{ROOT}anime/{anime_id}/similar/"


def prediction(anime_id: int) -> str:
    return f"{ROOT}anime/{anime_id}/prediction/"


def test_alike_by_taste_are_titles_of_the_same_people(
    visitor: APIClient, version: ModelVersion, world: World
) -> None:
    answer = visitor.get(similar(1), {"by": "taste", "limit": "5"}).json()

    sims = [result["sim"] for result in answer["results"]]
    dramas = {anime.pk for anime in world.dramas}
    assert sims == sorted(sims, reverse=True)
    assert all(0 < sim <= 1 for sim in sims)
    assert len([result for result in answer["results"] if result["anime"]["id"] in dramas]) >= 3
    assert 1 not in [result["anime"]["id"] for result in answer["results"]]
    assert answer["notice"] == ""


def test_adult_titles_are_not_alike_for_who_hides_them(
    visitor: APIClient, client: APIClient, user: User, version: ModelVersion, world: World
) -> None:
    (nearest, *_) = ids(visitor.get(similar(1), {"by": "taste"}))
    anime = next(each for each in world.dramas + world.comedies if each.pk == nearest)
    anime.is_adult = True
    anime.save()
    catalogue_changed()

    assert nearest not in ids(visitor.get(similar(1), {"by": "taste", "limit": "100"}))
    Profile.objects.create(user=user, show_adult=True)
    assert ids(client.get(similar(1), {"by": "taste"}))[0] == nearest


def test_without_a_model_it_is_said_why_there_are_none(visitor: APIClient, world: World) -> None:
    answer = visitor.get(similar(1), {"by": "taste"}).json()

    assert (answer["results"], answer["notice"]) == ([], "No model has been trained yet.")


def test_another_way_to_be_alike_is_refused(visitor: APIClient, world: World) -> None:
    assert errors(visitor.get(similar(1), {"by": "cover"})) == [("by", "invalid_choice")]


def test_a_new_model_makes_a_new_tag(
    visitor: APIClient, version: ModelVersion, world: World
) -> None:
    first = visitor.get(similar(1), {"by": "taste"})
    headers = {"If-None-Match": first["ETag"]}
    assert visitor.get(similar(1), {"by": "taste"}, headers=headers).status_code == 304

    version.is_active = False
    version.activated_at = timezone.now()
    version.save()

    assert visitor.get(similar(1), {"by": "taste"}, headers=headers).status_code == 200


def test_a_prediction_is_the_services(
    client: APIClient, user: User, version: ModelVersion, world: World
) -> None:
    rater = rater_for(user=user)
    for anime, score in [(world.dramas[0], 10), (world.dramas[1], 9), (world.comedies[0], 2)]:
        rate(rater=rater, anime=anime, score=score)
    expected = outlook(rater=rater_for(user=user), anime=world.dramas[5])

    body = client.get(prediction(world.dramas[5].pk)).json()

    assert list(body) == ["anime_id", "prediction", "prediction_range", "reasons", "notice"]
    assert body["anime_id"] == world.dramas[5].pk
    assert body["prediction"] == expected.prediction
    assert body["prediction_range"] == list(expected.prediction_range or ())
    assert [reason["text"] for reason in body["reasons"]] == [
        reason.text for reason in expected.reasons
    ]
    assert body["reasons"][0]["titles"][0]["contribution"] != 0
    assert body["notice"] == ""


def test_without_scores_or_model_it_is_said_why(
    client: APIClient, user: User, version: ModelVersion, world: World
) -> None:
    for scored in (False, True):
        body = client.get(prediction(2)).json()
        if not scored:
            assert body["notice"] == "Score a title or two, and you see here what we expect of you."
            rate(rater=rater_for(user=user), anime=world.dramas[0], score=9)
            version.delete()
        else:
            assert body["notice"] == "No model has been trained yet."
        assert (body["prediction"], body["prediction_range"], body["reasons"]) == (None, None, [])


@pytest.mark.usefixtures("version")
def test_a_prediction_is_ones_own(
    client: APIClient, charlies_client: APIClient, visitor: APIClient, user: User, world: World
) -> None:
    rate(rater=rater_for(user=user), anime=world.dramas[0], score=9)

    assert client.get(prediction(2)).json()["prediction"] is not None
    assert charlies_client.get(prediction(2)).json()["prediction"] is None
    problem(visitor.get(prediction(2)), 401, "not_authenticated")
    problem(client.get(prediction(999)), 404, "not_found")


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    visitor: APIClient,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    visitor.get(similar(1), {"by": "taste", "limit": "100"})

    with django_assert_num_queries(5):  # title, genres, revision, version, revision for the tag
        visitor.get(similar(1), {"by": "taste", "limit": str(limit)})
