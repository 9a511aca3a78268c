"""The browse page."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rater
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


def ids(client: Client, **query: str) -> list[int]:
    return ReadPage(client.get("/anime/", query)).title_ids()


def test_titles_come_by_popularity(client: Client) -> None:
    for anime_id, members in ((1, 10), (2, 30), (3, 20)):
        AnimeFactory.create(id=anime_id, members=members)
    assert ids(client) == [2, 3, 1]


def test_search_ignores_case_accents_and_punctuation(client: Client) -> None:
    AnimeFactory.create(id=1, title="Café: Mocha!")
    AnimeFactory.create(id=2, title="Tea House")
    assert ids(client, q="CAFE mocha") == [1]


def test_search_for_nothing_but_punctuation_looks_at_the_title(client: Client) -> None:
    AnimeFactory.create(id=1, title="C³")
    AnimeFactory.create(id=2, title="Working!!")
    assert ids(client, q="!!") == [2]


def test_genre_and_type_narrow_down(client: Client) -> None:
    AnimeFactory.create(id=1, genres=["Drama"], type=Anime.Type.TV)
    AnimeFactory.create(id=2, genres=["Drama"], type=Anime.Type.MOVIE)
    AnimeFactory.create(id=3, genres=["Comedy"], type=Anime.Type.TV)
    assert ids(client, genre="drama", type="TV") == [1]


def test_best_rated_does_not_begin_with_what_three_people_know(client: Client) -> None:
    AnimeFactory.create(id=1, mean_score=10.0, members=3)
    AnimeFactory.create(id=2, mean_score=9.0, members=300_000)
    AnimeFactory.create(id=3, mean_score=None, members=900_000)
    assert ids(client, sort="score") == [2, 1, 3]


def test_unknown_values_are_ignored_and_named(client: Client) -> None:
    AnimeFactory.create(id=1)
    response = client.get("/anime/", {"genre": "cooking", "sort": "up", "page": "x", "foo": "1"})
    page = ReadPage(response)
    assert response.status_code == 200
    assert page.title_ids() == [1]
    assert "Genre: “cooking” is not known, so it was left out." in page.text
    assert "Sort by: “up” is not known, so it was left out." in page.text


def test_what_is_typed_is_escaped(client: Client) -> None:
    response = client.get("/anime/", {"q": "<b>x</b>", "genre": "<b>y</b>"})
    assert b"<b>x" not in response.content
    assert b"<b>y" not in response.content


def test_page_links_keep_the_filters(client: Client) -> None:
    AnimeFactory.create_batch(31)
    page = ReadPage(client.get("/anime/", {"genre": "drama", "sort": "title"}))
    assert [link["href"] for link in page.all("a", rel="next")] == [
        "?genre=drama&sort=title&page=2"
    ]


def test_a_page_too_far_is_the_last_one(client: Client) -> None:
    AnimeFactory.create_batch(31)
    assert len(ids(client, page="99")) == 1


def test_a_search_without_result_says_so(client: Client) -> None:
    assert "No title fits" in ReadPage(client.get("/anime/", {"q": "nowhere"})).text


def test_htmx_gets_the_results_only(client: Client) -> None:
    AnimeFactory.create(id=1)
    headers = {"HX-Request": "true", "HX-Target": "results"}
    response = client.get("/anime/", headers=headers)
    assert b"<html" not in response.content
    assert ReadPage(response).title_ids() == [1]
    assert "HX-Request" in response["Vary"]


def test_going_back_in_the_history_gets_the_whole_page(client: Client) -> None:
    headers = {
        "HX-Request": "true",
        "HX-Target": "results",
        "HX-History-Restore-Request": "true",
    }
    assert b"<html" in client.get("/anime/", headers=headers).content


def test_a_visitor_has_no_score_buttons(client: Client) -> None:
    AnimeFactory.create(id=1)
    page = ReadPage(client.get("/anime/"))
    assert page.all("button", name="score") == page.all("a", data_score_menu="1") == []


def test_a_member_sees_the_own_score_and_can_score(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=1), score=7)
    page = ReadPage(alice_client.get("/anime/"))
    assert "Scored 7" in page.text
    opener = page.all("a", data_score_menu="1")[0]
    assert (opener["data-own"], opener["href"]) == ("7", "/anime/1/#score")


def test_charlie_does_not_see_alices_score(alice: Rater, charlie_client: Client) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=1), score=7)
    assert "Scored 7" not in ReadPage(charlie_client.get("/anime/")).text


# Each number of queries holds for one title and for many.


@pytest.mark.parametrize("n_titles", [1, 30])
def test_queries_of_a_visitor(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    AnimeFactory.create_batch(n_titles)
    # genres, number of titles, titles, their genres
    with django_assert_num_queries(4):
        client.get("/anime/")


@pytest.mark.parametrize("n_titles", [1, 30])
def test_queries_of_a_member(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for anime in AnimeFactory.create_batch(n_titles):
        RatingFactory.create(rater=alice, anime=anime)
    alice_client.get("/anime/")  # the arrays of the catalogue are read once in a process
    # a visitor's; session, user, profile, rater, own ratings; for the predictions the revision of
    # the arrays and the active model; without one nobody's list is read for them
    with django_assert_num_queries(11):
        alice_client.get("/anime/")
