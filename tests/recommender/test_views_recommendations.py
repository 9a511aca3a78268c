"""The recommendations page."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rater, Rating
from recommender.models import ListSnapshot, ModelVersion
from recommender.services import registry, serving
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


def read(client: Client, query: str = "") -> ReadPage:
    response = client.get(f"/recommendations/{query}")
    assert response.status_code == 200
    return ReadPage(response)


def lines(client: Client, query: str = "") -> list[int]:
    return read(client, query).title_ids()


def next_of(page: ReadPage) -> str:
    """The address of the page behind a page, empty for the last."""
    links = page.all("a", rel="next")
    return links[0]["href"] if links else ""


def walk(client: Client, query: str = "") -> Iterator[list[int]]:
    """The titles of each page, along the links from one to the next."""
    while True:
        page = read(client, query)
        yield page.title_ids()
        query = next_of(page)
        if not query:
            return


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


def test_a_simulated_model_says_so(alice_client: Client, drama_lover: Rater) -> None:
    assert "Demonstration." not in ReadPage(alice_client.get("/recommendations/")).text
    version = ModelVersion.objects.get()
    ModelVersion.objects.update(is_simulated=True)
    registry.forget_loaded()
    serving.forget(rater_ids=[drama_lover.pk])
    ListSnapshot.objects.all().delete()
    assert version.is_active
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
    pages = list(walk(alice_client, "?method=popular"))
    assert [len(ids) for ids in pages] == [ITEMS_PER_PAGE, ITEMS_PER_PAGE, 1]
    assert len({anime_id for ids in pages for anime_id in ids}) == ITEMS_PER_PAGE * 2 + 1


def test_pages_lead_back(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    first, second = read(alice_client), read(alice_client, next_of(read(alice_client)))
    assert second.all("a", rel="next") == first.all("a", rel="prev") == []
    back = read(alice_client, second.all("a", rel="prev")[0]["href"])
    assert back.title_ids() == first.title_ids()


@pytest.mark.parametrize("cursor", ["x", "9" * 50, "a:b:c", "W10:sig"])
def test_a_cursor_that_is_none_begins_again_and_says_so(alice_client: Client, cursor: str) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    page = read(alice_client, f"?cursor={cursor}")
    assert "no longer kept. This is the beginning of the list as it is now." in page.text
    assert page.title_ids() == read(alice_client).title_ids()


def test_a_cursor_that_has_expired_begins_again(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    following = next_of(read(alice_client))
    ListSnapshot.objects.update(created_at=timezone.now() - timedelta(hours=1))
    page = read(alice_client, following)
    assert "no longer kept" in page.text
    assert page.title_ids() == read(alice_client).title_ids()


def test_page_links_keep_the_method_and_the_filters(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    following = next_of(read(alice_client, "?method=content&variety=50&type=TV"))
    assert following.startswith("?method=content&filters=on&type=TV&variety=50&cursor=")


def test_ranks_go_on_from_page_to_page(alice_client: Client) -> None:
    AnimeFactory.create_batch(ITEMS_PER_PAGE + 1)
    page = read(alice_client, next_of(read(alice_client)))
    assert (
        f"Places {ITEMS_PER_PAGE + 1} to {ITEMS_PER_PAGE + 1} of {ITEMS_PER_PAGE + 1}" in page.text
    )


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
    # session, account with profile and rater; revision of the arrays, active model; titles that
    # sink; the stored list; what was shown of this page
    with django_assert_num_queries(7):
        alice_client.get("/recommendations/")
