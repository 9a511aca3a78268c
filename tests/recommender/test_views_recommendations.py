"""The recommendations page."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rater, Rating
from recommender.models import ModelVersion
from recommender.services.lists import METHODS
from recommender.views.lists import ITEMS_PER_PAGE
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/recommendations/"}


@pytest.fixture
def drama_lover(alice: Rater, version: ModelVersion) -> Rater:
    """Alice, who has scored dramas 1–3 high and comedies 13–15 low, with a model."""
    for anime_id, score in ((1, 10), (2, 10), (3, 9), (13, 1), (14, 2), (15, 1)):
        RatingFactory.create(rater=alice, anime=None, anime_id=anime_id, score=score)
    return alice


def lines(client: Client, query: str = "") -> list[int]:
    return ReadPage(client.get(f"/recommendations/{query}")).title_ids()


def test_a_visitor_gets_the_popular_list_with_a_hint(client: Client) -> None:
    for anime_id, members in ((1, 10), (2, 30), (3, 20)):
        AnimeFactory.create(id=anime_id, members=members)
    page = ReadPage(client.get("/recommendations/?method=content"))
    assert page.title_ids() == [2, 3, 1]
    assert "This list is the same for everybody." in page.text
    assert page.all("button", name="score") == []


def test_every_method_has_a_tab(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/recommendations/?method=content"))
    tabs = [link["href"] for link in page.all("a") if link["href"].startswith("?method=")]
    assert tabs == [f"?method={slug}" for slug in METHODS]
    assert page.all("a", href="?method=content")[0]["aria-current"] == "page"


@pytest.mark.usefixtures("drama_lover")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_lists_only_what_is_not_seen(alice_client: Client, method: str) -> None:
    ids = lines(alice_client, f"?method={method}")
    assert len(ids) == 18
    assert not {1, 2, 3, 13, 14, 15} & set(ids)


@pytest.mark.usefixtures("drama_lover")
def test_scores_are_predicted_to_one_decimal_with_a_reason(alice_client: Client) -> None:
    text = ReadPage(alice_client.get("/recommendations/?method=recommender-net")).text
    assert "You score Drama titles higher than your average." in text
    predicted = re.findall(r"(\S+) predicted score", text)
    assert len(predicted) == 18
    assert all(re.fullmatch(r"10\.0|[1-9]\.\d", score) for score in predicted)
    first_half, second_half = predicted[:9], predicted[9:]
    assert min(map(float, first_half)) > 8, "the dramas"
    assert max(map(float, second_half)) < 4, "the comedies"


@pytest.mark.usefixtures("drama_lover")
def test_own_titles_are_named_as_reasons(alice_client: Client) -> None:
    text = ReadPage(alice_client.get("/recommendations/")).text
    title = Anime.objects.get(pk=1).title
    assert re.search(rf"Because of [^.]*\b{title} \(your 10\)[^.]* on your list\.", text)
    assert "Shares Drama with them." in text


@pytest.mark.usefixtures("drama_lover")
def test_content_shows_the_similarity(alice_client: Client) -> None:
    text = ReadPage(alice_client.get("/recommendations/?method=content")).text
    assert "of the profile of your scores." in text


def test_a_fallback_says_why(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice)
    AnimeFactory.create()
    text = ReadPage(alice_client.get("/recommendations/")).text
    assert "No model has been trained yet. For now you see what most people have" in text


def test_without_a_score_the_list_asks_for_one(alice_client: Client) -> None:
    AnimeFactory.create()
    text = ReadPage(alice_client.get("/recommendations/")).text
    assert "Score a title or two, and this list becomes yours." in text


@pytest.mark.usefixtures("drama_lover")
def test_a_simulated_model_says_so(alice_client: Client) -> None:
    assert "Demonstration." not in ReadPage(alice_client.get("/recommendations/")).text
    ModelVersion.objects.update(is_simulated=True)
    text = ReadPage(alice_client.get("/recommendations/")).text
    assert "trained on simulated people" in text


@pytest.mark.usefixtures("version")
def test_a_list_without_predictions_has_nothing_simulated(client: Client) -> None:
    ModelVersion.objects.update(is_simulated=True)
    assert "Demonstration." not in ReadPage(client.get("/recommendations/")).text


def test_an_unknown_method_is_named_and_answered(alice_client: Client) -> None:
    response = alice_client.get("/recommendations/?method=<b>magic")
    assert response.status_code == 200
    assert "There is no method “<b>magic”." in ReadPage(response).text.replace("&lt;", "<")
    assert b"<b>magic" not in response.content


def test_pages_follow_each_other_without_repeats(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE * 2 + 1)
    pages = [lines(alice_client, f"?method=popular&page={number}") for number in (1, 2, 3)]
    assert [len(ids) for ids in pages] == [ITEMS_PER_PAGE, ITEMS_PER_PAGE, 1]
    assert len({anime_id for ids in pages for anime_id in ids}) == ITEMS_PER_PAGE * 2 + 1


@pytest.mark.parametrize(
    ("asked", "n_lines"), [("99", 1), ("0", 20), ("-3", 20), ("x", 20), ("9" * 50, 20)]
)
def test_a_page_that_is_not_there_is_the_nearest(
    alice_client: Client, asked: str, n_lines: int
) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    assert len(lines(alice_client, f"?page={asked}")) == n_lines


def test_page_links_keep_the_method(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    page = ReadPage(alice_client.get("/recommendations/?method=content"))
    assert [link["href"] for link in page.all("a", rel="next")] == ["?method=content&page=2"]


def test_ranks_go_on_from_page_to_page(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    page = ReadPage(alice_client.get("/recommendations/?page=2"))
    assert page.all("ol", class_="items")[0]["start"] == str(ITEMS_PER_PAGE + 1)


def test_nothing_left_is_said(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice)
    assert "Nothing is left to recommend" in ReadPage(alice_client.get("/recommendations/")).text


def test_the_list_changes_with_a_score(alice: Rater, alice_client: Client, world: World) -> None:
    """As htmx does it: the answer to a score asks the list to be read again."""
    before = lines(alice_client, "?method=content")
    sent = {"score": "10", "next": "/recommendations/?method=content"}
    answer = alice_client.post("/anime/20/rate/", sent, headers=HTMX)
    assert "ratings-changed" in answer["HX-Trigger"]
    fragment = alice_client.get(
        "/recommendations/?method=content", headers={**HTMX, "HX-Target": "list"}
    )
    assert b"<html" not in fragment.content
    after = ReadPage(fragment).title_ids()
    assert after != before
    assert 20 not in after
    # Comedies first: what alice has scored is one.
    assert set(after[:11]) == {comedy.pk for comedy in world.comedies} - {20}


@pytest.mark.parametrize("action", ["rate", "dismiss"])
def test_what_is_planned_or_dismissed_leaves_the_list(
    alice_client: Client, world: World, action: str
) -> None:
    alice_client.post(f"/anime/20/{action}/", {"status": "plan-to-watch"})
    assert 20 not in lines(alice_client)
    assert 20 not in lines(alice_client, "?page=2")


def test_charlies_scores_do_not_change_alices_list(
    alice_client: Client, charlie_client: Client, world: World
) -> None:
    before = lines(alice_client)
    charlie_client.post("/anime/20/rate/", {"score": "1"})
    assert lines(alice_client) == before
    assert 20 not in lines(charlie_client)


@pytest.mark.parametrize("n_titles", [2, 18])
def test_queries(
    alice: Rater,
    alice_client: Client,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for anime_id in range(n_titles + 1, 25):
        RatingFactory.create(rater=alice, anime=None, anime_id=anime_id, score=None)
    Rating.objects.filter(rater=alice, anime_id=24).update(score=9)
    alice_client.get("/recommendations/")  # model, arrays and list are now kept
    # session, user, profile, rater; revision of the arrays, active model, titles and genres; own
    # scores and dismissals for the reasons; counts, whether the model is simulated
    with django_assert_num_queries(12):
        alice_client.get("/recommendations/")
