"""One's own list."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Rater, Rating
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed(alice: Rater) -> None:
    """Alice's list: three titles, the first one changed last."""
    for anime_id, title, score, status, day in (
        (1, "Cherry", 6, Rating.Status.COMPLETED, 9),
        (2, "Apple", 9, Rating.Status.COMPLETED, 8),
        (3, "Banana", None, Rating.Status.WATCHING, 7),
    ):
        kind = "Movie" if title == "Apple" else "TV"
        RatingFactory.create(
            rater=alice,
            anime=AnimeFactory.create(id=anime_id, title=title, type=kind),
            score=score,
            status=status,
            updated_at=datetime(2026, 1, day, tzinfo=UTC),
        )


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    assert client.get("/my-list/")["Location"] == "/accounts/login/?next=/my-list/"


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3]),
        ("?sort=score", [2, 1, 3]),
        ("?sort=title", [2, 3, 1]),
        ("?status=watching", [3]),
        ("?status=completed&sort=score", [2, 1]),
        ("?status=dropped", []),
        ("?sort=title&order=reversed", [1, 3, 2]),
        ("?type=Movie", [2]),
        ("?scored=no", [3]),
        ("?genre=drama&q=app", [2]),
    ],
)
def test_filter_and_order(alice_client: Client, query: str, ids: list[int]) -> None:
    assert ReadPage(alice_client.get(f"/my-list/{query}")).title_ids() == ids


@pytest.mark.usefixtures("listed")
def test_tabs_count_each_status(alice_client: Client) -> None:
    text = ReadPage(alice_client.get("/my-list/")).text
    assert "All 3 Watching 1 Completed 2 On hold 0 Dropped 0 Plan to watch 0" in text


@pytest.mark.usefixtures("listed")
def test_unknown_values_are_ignored_and_named(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/my-list/?status=loved&sort=up&page=x"))
    assert page.title_ids() == [1, 2, 3]
    assert "Status: “loved” is not known" in page.text


@pytest.mark.usefixtures("listed")
def test_each_line_has_its_own_status_score_and_episodes(alice_client: Client) -> None:
    Rating.objects.filter(anime_id=1).update(episodes_watched=7)
    response = alice_client.get("/my-list/?status=completed&sort=score")
    lines = response.content.decode().split('<li class="entry"')[1:]
    lines[-1] = lines[-1].partition("</li>")[0]  # what comes after it is no line
    assert [re.findall(r'<option value="([^"]*)" selected', line) for line in lines] == [
        ["completed", "9"],
        ["completed", "6"],
    ]
    assert [field["value"] for field in ReadPage(response).all("input", name="was")] == [
        "2/completed/9/",
        "1/completed/6/7",
    ]
    assert ReadPage(response).all("input", id="episodes-1")[0]["value"] == "7"


@pytest.mark.usefixtures("listed")
def test_one_more_episode_can_be_said_of_what_is_not_over(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/my-list/"))
    assert [button["value"] for button in page.all("button", name="plus")] == ["3"]


@pytest.mark.usefixtures("listed")
def test_the_page_leads_to_statistics_and_files(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/my-list/"))
    for address in ("/my-list/statistics/", "/my-list/import/", "/my-list/export/"):
        assert page.all("a", href=address)


@pytest.mark.usefixtures("listed")
def test_a_filter_says_how_many_it_finds(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/my-list/?type=Movie"))
    assert "1 of 3 titles" in page.text
    assert "all 1 that the filters find" in page.text
    assert page.all("input", name="filters")[0]["value"] == "type=Movie"
    nothing = ReadPage(alice_client.get("/my-list/?type=Music"))
    assert "No title of your list fits these filters." in nothing.text


def test_an_empty_list_says_how_to_begin(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/my-list/"))
    assert "Your list is empty" in page.text
    assert page.all("a", class_="button", href="/anime/")


@pytest.mark.usefixtures("listed")
def test_charlie_sees_nothing_of_it(charlie_client: Client) -> None:
    page = ReadPage(charlie_client.get("/my-list/"))
    assert page.title_ids() == []
    assert "Your list is empty" in page.text


@pytest.mark.usefixtures("listed")
def test_htmx_gets_the_entries_only(alice_client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "entries"}
    response = alice_client.get("/my-list/", headers=headers)
    assert b"<html" not in response.content
    assert ReadPage(response).title_ids() == [1, 2, 3]


@pytest.mark.parametrize("n_titles", [1, 50])
def test_queries(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for anime in AnimeFactory.create_batch(n_titles):
        RatingFactory.create(rater=alice, anime=anime)
    alice_client.get("/my-list/")  # the catalogue's arrays are read once
    # session, account, catalogue's revision, entries; for the predictions the catalogue's revision
    # and the active model
    with django_assert_num_queries(6):
        alice_client.get("/my-list/")
