"""A title's page."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Dismissal, Rater, Rating
from catalog.services import statistics
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


def test_facts(client: Client) -> None:
    AnimeFactory.create(
        id=5,
        title="Tea & Time",
        genres=["Comedy", "Drama"],
        episodes=13,
        mean_score=8.25,
        members=12345,
    )
    page = ReadPage(client.get("/anime/5/"))
    assert page.all("h1") == [{}]
    assert "Tea & Time Comedy Drama Community score 8.25 Episodes 13" in page.text
    assert "On the lists of 12,345 people" in page.text
    assert [link["href"] for link in page.all("a", class_="chip")] == [
        "/anime/?genre=comedy",
        "/anime/?genre=drama",
    ]


def test_what_is_unknown_is_called_unknown(client: Client) -> None:
    AnimeFactory.create(id=5, genres=[], type=None, episodes=None, mean_score=None)
    page = ReadPage(client.get("/anime/5/"))
    assert "Unknown type" in page.text
    assert "No genres are known." in page.text
    assert "Community score unknown Episodes unknown" in page.text


@pytest.mark.parametrize("address", ["/anime/999/", "/anime/99999999999999999999999/"])
def test_a_title_that_is_not_there(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "There is nothing here" in ReadPage(response).text


def test_histogram_counts_each_score(client: Client) -> None:
    anime = AnimeFactory.create(id=5)
    for score in (8, 8, 3, None):
        RatingFactory.create(anime=anime, score=score)
    drawing = ReadPage(client.get("/anime/5/")).all("svg", class_="histogram")
    assert drawing[0]["aria-label"] == (
        "How often each score was given: "
        "1: 0, 2: 0, 3: 1, 4: 0, 5: 0, 6: 0, 7: 0, 8: 2, 9: 0, 10: 0"
    )


def test_the_number_of_scores_and_their_mean_stand_below_it(client: Client) -> None:
    anime = AnimeFactory.create(id=5)
    for score in (8, 8, 3, None):
        RatingFactory.create(anime=anime, score=score)
    statistics.refresh()
    assert "3 scores, 6.33 on average" in ReadPage(client.get("/anime/5/")).text


def test_the_own_score_is_marked(alice: Rater, alice_client: Client, client: Client) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=5), score=9)
    page = ReadPage(alice_client.get("/anime/5/"))
    assert "yours is marked" in page.text
    assert len(page.all("g", class_="histogram__column--own")) == 1
    assert "yours is marked" not in ReadPage(client.get("/anime/5/")).text


def test_alike_by_content_share_genres_and_without_a_model_no_taste(client: Client) -> None:
    AnimeFactory.create(id=1, title="Tea", genres=["Drama", "Music"])
    AnimeFactory.create(id=2, title="Coffee", genres=["Comedy"], type="Movie")
    AnimeFactory.create(id=3, title="Cocoa", genres=["Drama"])
    AnimeFactory.create(id=4, title="Water", genres=["Drama", "Music"])
    page = ReadPage(client.get("/anime/1/"))
    assert page.title_ids() == [4, 3]
    assert "Alike by taste Watched and liked by the same people. No model has been trained" in (
        page.text
    )


def test_more_of_the_series(client: Client) -> None:
    for anime_id, title in ((1, "Tea Time"), (3, "Tea Time 2"), (2, "Tea Time: The Movie")):
        AnimeFactory.create(id=anime_id, title=title)
    page = ReadPage(client.get("/anime/1/"))
    assert page.title_ids() == [2, 3]
    assert "More of this series Tea Time: The Movie TV, 12 episodes, community score 7.50" in (
        page.text
    )


def test_a_long_series_leads_to_a_search(client: Client) -> None:
    for anime_id in range(1, 31):
        AnimeFactory.create(id=anime_id, title=f"Tea Time Movie {anime_id}")
    page = ReadPage(client.get("/anime/1/"))
    assert page.title_ids() == list(range(2, 22))
    assert page.all("a", href="/anime/?q=tea%20time")
    assert "All 30 titles of it, by a search" in page.text


def test_a_visitor_may_score_and_is_led_back_from_the_log_in(client: Client) -> None:
    AnimeFactory.create(id=5)
    page = ReadPage(client.get("/anime/5/"))
    assert len(page.all("button", name="score", formaction="/start/5/")) == 10
    assert page.all("button", formaction="/anime/5/rate/") == []
    assert page.all("button", formaction="/start/5/", name="take-back") == []
    assert page.all("a", href="/accounts/login/?next=%2Fanime%2F5%2F")


def test_a_member_sees_the_own_standing(alice: Rater, alice_client: Client) -> None:
    anime = AnimeFactory.create(id=5)
    RatingFactory.create(rater=alice, anime=anime, score=9, status=Rating.Status.DROPPED)
    page = ReadPage(alice_client.get("/anime/5/"))
    assert "Your score: 9" in page.text
    assert [option["value"] for option in page.all("option", selected="")] == ["dropped"]


def test_charlie_does_not_see_alices_standing(alice: Rater, charlie_client: Client) -> None:
    anime = AnimeFactory.create(id=5)
    RatingFactory.create(rater=alice, anime=anime, score=9)
    page = ReadPage(charlie_client.get("/anime/5/"))
    assert "Have you seen it?" in page.text
    assert page.all("button", name="score", aria_pressed="true") == []


def test_a_dismissed_title_can_be_restored(alice: Rater, alice_client: Client) -> None:
    Dismissal.objects.create(rater=alice, anime=AnimeFactory.create(id=5))
    page = ReadPage(alice_client.get("/anime/5/"))
    assert "You are not interested in this title" in page.text
    assert page.all("button", formaction="/anime/5/restore/", form="act")


@pytest.mark.parametrize("n_titles", [1, 20])
def test_queries_of_a_visitor(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    anime = AnimeFactory.create(id=900_001)
    AnimeFactory.create_batch(n_titles)
    client.get("/anime/900001/")  # the titles are read once in a process
    # the catalogue's revision; what has been counted of its scores, and as nothing has the scores;
    # the revision of the recommender's arrays, the active model
    with django_assert_num_queries(5):
        client.get("/anime/900001/")
    statistics.refresh()
    RatingFactory.create(anime=anime)
    statistics.refresh()
    with django_assert_num_queries(4):
        client.get("/anime/900001/")


@pytest.mark.parametrize("n_titles", [1, 20])
def test_queries_of_a_member(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for anime in AnimeFactory.create_batch(n_titles):
        RatingFactory.create(rater=alice, anime=anime)
    AnimeFactory.create(id=900_001)
    alice_client.get("/anime/900001/")
    # a visitor's; session, user with profile and rater, whether it was shown in a list, own
    # rating, own dismissal; without a model nobody's list is read for the outlook
    with django_assert_num_queries(10):
        alice_client.get("/anime/900001/")
