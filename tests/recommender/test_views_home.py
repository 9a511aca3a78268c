"""The home page."""

import pytest
from django.db.models import CharField
from django.db.models.functions import Cast
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rater, Rating
from recommender.models import Exposure, ModelVersion
from recommender.services.catalogue import forget_catalogue
from recommender.services.example import example_list
from recommender.services.history import History
from recommender.services.list_filters import ListFilters, keep_filters
from recommender.services.serving import recommend
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


def score(rater: Rater, *scores: tuple[int, int]) -> None:
    """Score titles of the world: (id, score) each."""
    for anime_id, given in scores:
        RatingFactory.create(rater=rater, anime=None, anime_id=anime_id, score=given)


def test_a_visitor_learns_what_it_is_and_how_to_start(client: Client) -> None:
    AnimeFactory.create(id=1, members=5)
    AnimeFactory.create(id=2, members=9)
    page = ReadPage(client.get("/"))
    assert "Find the anime you will want to watch next" in page.text
    assert page.all("a", class_="button--large", href="/start/")
    assert page.all("a", class_="button--large", href="/accounts/signup/")
    assert page.title_ids() == [2, 1]


def test_an_empty_site_says_so(client: Client) -> None:
    assert "There are no titles on this site yet." in ReadPage(client.get("/")).text


def test_a_new_member_is_shown_the_way_to_score_titles(alice_client: Client) -> None:
    AnimeFactory.create(id=1)
    page = ReadPage(alice_client.get("/"))
    assert "Score 3 titles that you know" in page.text
    assert page.all("a", class_="button--large", href="/start/")
    assert page.title_ids() == [1]


@pytest.mark.usefixtures("version")
def test_the_list_begins_with_the_first_score(alice: Rater, alice_client: Client) -> None:
    score(alice, (1, 10))
    page = ReadPage(alice_client.get("/"))
    assert "1 of 3 titles scored." in page.text
    assert "From your 1 score, best first." in page.text


def test_a_new_member_sees_how_far_it_is(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice)
    page = ReadPage(alice_client.get("/"))
    assert "1 of 3 titles scored." in page.text
    assert page.all("progress")[0]["value"] == "1"


def test_a_member_sees_the_top_of_the_list(
    alice: Rater, alice_client: Client, version: ModelVersion
) -> None:
    score(alice, (1, 10), (2, 10), (3, 9), (13, 1), (14, 2), (15, 1))
    page = ReadPage(alice_client.get("/"))
    assert "From your 6 scores, best first." in page.text
    expected = recommend(rater=alice, n=12)
    assert page.title_ids()[:12] == [item.anime.pk for item in expected.items]
    assert f"{expected.items[0].prediction:.1f} for you" in page.text


def test_planned_and_watched_titles_have_a_shelf_of_their_own(
    alice: Rater, alice_client: Client
) -> None:
    for status, title in (
        (Rating.Status.WATCHING, "Halfway"),
        (Rating.Status.PLAN_TO_WATCH, "Some Day"),
        (Rating.Status.DROPPED, "Never"),
    ):
        RatingFactory.create(
            rater=alice, anime=AnimeFactory.create(title=title), status=status, score=None
        )
    text = ReadPage(alice_client.get("/")).text
    watching, planned = text.index("Continue watching"), text.index("You plan to watch")
    assert watching < text.index("Halfway") < planned < text.index("Some Day")
    assert "Never" not in text


def test_charlie_sees_nothing_of_alices_list(alice: Rater, charlie_client: Client) -> None:
    RatingFactory.create(
        rater=alice, anime=AnimeFactory.create(title="Halfway"), status=Rating.Status.WATCHING
    )
    assert "Continue watching" not in ReadPage(charlie_client.get("/")).text


def test_htmx_gets_the_list_only(alice_client: Client) -> None:
    response = alice_client.get("/", headers={"HX-Request": "true", "HX-Target": "for-you"})
    assert b"<html" not in response.content
    assert b'id="for-you"' in response.content


@pytest.mark.usefixtures("version")
def test_a_visitor_who_has_scored_gets_shelves_too(client: Client) -> None:
    client.get("/start/")
    for anime_id, given in ((1, 10), (2, 9), (13, 2)):
        client.post(f"/start/{anime_id}/", {"score": given})
    page = ReadPage(client.get("/"))
    assert "From your 3 scores, best first. They are kept in this browser only." in page.text
    expected = recommend(rater=None, history=History.of_scores({1: 10, 2: 9, 13: 2}), n=12)
    assert page.title_ids()[:12] == [item.anime.pk for item in expected.items]
    assert "From your" not in ReadPage(Client().get("/")).text


@pytest.mark.usefixtures("version")
def test_a_visitor_sees_an_example_that_is_the_models_own(client: Client) -> None:
    Anime.objects.update(
        franchise_key=Cast("pk", CharField()), search_title=Cast("pk", CharField())
    )
    forget_catalogue()
    page = ReadPage(client.get("/"))
    example = example_list()
    assert example is not None
    scores = {anime.pk: given for anime, given in example.scored}
    found = recommend(rater=None, history=History.of_scores(scores), n=3)
    assert [item.anime for item in example.items] == [item.anime for item in found.items]
    assert "Nobody has: they are an example." in page.text
    assert found.items[0].reasons[0].text in page.text


def test_without_a_model_there_is_no_example(client: Client) -> None:
    AnimeFactory.create_batch(6)
    assert "What it looks like" not in ReadPage(client.get("/")).text


@pytest.mark.parametrize("n_titles", [1, 15])
def test_queries_of_a_visitor(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    AnimeFactory.create_batch(n_titles)
    client.get("/")  # the arrays of the catalogue and the shelves are now kept
    # revision of the arrays and active model, for the shelves and for the example
    with django_assert_num_queries(4):
        client.get("/")


@pytest.mark.parametrize("n_titles", [1, 15])
def test_queries_of_a_member(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for status in (Rating.Status.COMPLETED, Rating.Status.WATCHING, Rating.Status.PLAN_TO_WATCH):
        for anime in AnimeFactory.create_batch(n_titles + 2):
            RatingFactory.create(rater=alice, anime=anime, status=status, score=None)
    AnimeFactory.create_batch(n_titles)
    alice_client.get("/")  # the arrays of the catalogue and the list are now kept
    # session; user with profile and rater; revision of the arrays and active model; what sinks;
    # what the list is continued with, and the revision for its titles
    with django_assert_num_queries(7):
        alice_client.get("/")


@pytest.mark.usefixtures("version")
def test_what_was_shown_and_never_opened_sinks(alice: Rater, alice_client: Client) -> None:
    score(alice, (1, 10), (2, 10), (3, 9), (13, 1), (14, 2), (15, 1))
    first = ReadPage(alice_client.get("/")).title_ids()[0]
    Exposure.objects.filter(rater=alice, anime_id=first).update(times_shown=5)
    page = ReadPage(alice_client.get("/"))
    of_list = ReadPage(alice_client.get("/recommendations/"))
    assert page.title_ids()[0] != first
    assert page.title_ids()[:12] == of_list.title_ids()[:12]


@pytest.mark.usefixtures("version")
def test_the_shelf_for_you_counts_what_it_shows_once_a_visit(
    alice: Rater, alice_client: Client
) -> None:
    score(alice, (1, 10), (2, 10), (3, 9), (13, 1), (14, 2), (15, 1))
    expected = [item.anime.pk for item in recommend(rater=alice, n=12).items]
    for _ in range(2):
        alice_client.get("/")
    times = dict(Exposure.objects.filter(rater=alice).values_list("anime_id", "times_shown"))
    assert times == dict.fromkeys(expected, 1)


def test_nothing_counts_as_shown_before_the_first_score(alice_client: Client) -> None:
    AnimeFactory.create(id=1)
    alice_client.get("/")
    assert not Exposure.objects.exists()


@pytest.mark.usefixtures("version")
def test_the_shelf_is_in_the_order_of_the_members_sliders(
    alice: Rater, alice_client: Client
) -> None:
    score(alice, (1, 10), (2, 10), (3, 9), (13, 1), (14, 2), (15, 1))
    before = ReadPage(alice_client.get("/")).title_ids()[:12]
    assert alice.user is not None
    keep_filters(user=alice.user, filters=ListFilters(variety=100))
    shelf = ReadPage(alice_client.get("/")).title_ids()[:12]
    of_list = ReadPage(alice_client.get("/recommendations/")).title_ids()[:12]
    assert shelf == of_list != before
