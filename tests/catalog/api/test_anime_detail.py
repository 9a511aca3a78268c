import pytest
from rest_framework.test import APIClient

from catalog.api.serializers import AnimeSerializer
from catalog.models import Profile, User
from tests.api import ROOT, anime_json, errors, problem
from tests.factories import AnimeFactory, GenreFactory, RatingFactory


def test_it_shows_the_title_and_how_often_each_score_was_given(visitor: APIClient) -> None:
    anime = AnimeFactory.create(genres=["Drama", "Music"])
    for score in (9, 9, 3, None):
        RatingFactory.create(anime=anime, score=score)

    response = visitor.get(f"{ROOT}anime/{anime.pk}/")

    counts = {9: 2, 3: 1}
    assert response.json() == {
        **anime_json(anime),
        "scores": [{"score": score, "count": counts.get(score, 0)} for score in range(1, 11)],
    }


@pytest.mark.parametrize("anime_id", [4, 0, 999_999_999])
def test_an_unknown_title_is_404(visitor: APIClient, anime_id: int) -> None:
    body = problem(visitor.get(f"{ROOT}anime/{anime_id}/"), 404, "not_found")

    assert body["detail"] == f"There is no title {anime_id}."


def test_a_hidden_adult_title_is_404(visitor: APIClient, client: APIClient, user: User) -> None:
    anime = AnimeFactory.create(is_adult=True)
    address = f"{ROOT}anime/{anime.pk}/"
    problem(visitor.get(address), 404, "not_found")
    problem(client.get(address), 404, "not_found")

    Profile.objects.create(user=user, show_adult=True)

    assert client.get(address).json()["id"] == anime.pk


def test_it_takes_no_query(visitor: APIClient) -> None:
    anime = AnimeFactory.create()

    assert errors(visitor.get(f"{ROOT}anime/{anime.pk}/?format=json")) == [("format", "unknown")]


def test_genres_come_by_name_with_the_titles_that_the_reader_sees(
    visitor: APIClient, client: APIClient, user: User
) -> None:
    AnimeFactory.create(genres=["Sci-Fi", "Drama"])
    AnimeFactory.create(genres=["Drama"])
    AnimeFactory.create(genres=["Hentai"], is_adult=True)
    GenreFactory.create(name="Yuri")
    Profile.objects.create(user=user, show_adult=True)
    drama = {"slug": "drama", "name": "Drama", "n_titles": 2}
    hentai = {"slug": "hentai", "name": "Hentai", "n_titles": 1}
    scifi = {"slug": "sci-fi", "name": "Sci-Fi", "n_titles": 1}

    assert visitor.get(f"{ROOT}genres/").json() == {
        "next": None,
        "previous": None,
        "results": [drama, scifi],
    }
    assert client.get(f"{ROOT}genres/").json()["results"] == [drama, hentai, scifi]


def test_the_schema_describes_what_is_answered(db: None) -> None:
    answer = AnimeSerializer(AnimeFactory.create()).data

    assert list(answer) == list(AnimeSerializer().fields)
