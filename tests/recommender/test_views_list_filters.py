"""The filters of the recommendations page, and what a page of the list counts and shows."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Profile, Rater, Rating
from catalog.services import visitor_scores
from recommender.models import Exposure, ModelVersion
from recommender.views.list_query import read as read_query
from recommender.views.list_query import written
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/recommendations/"}
POPULAR = "?method=popular&"


def read(client: Client, query: str = "", **headers: str) -> ReadPage:
    response = client.get(f"/recommendations/{query}", headers=headers)
    assert response.status_code == 200
    return ReadPage(response)


def test_filters_are_those_of_the_address(alice_client: Client, world: World) -> None:
    comedies = sorted((anime.pk for anime in world.comedies), reverse=True)
    page = read(alice_client, f"{POPULAR}genre=comedy")
    assert page.title_ids() == comedies
    assert "Filtered: Comedy. Clear" in page.text
    (ticked,) = [box for box in page.all("input", name="genre") if "checked" in box]
    assert ticked["value"] == "comedy"
    assert read(alice_client, f"{POPULAR}without=drama").title_ids() == comedies
    assert read(alice_client, f"{POPULAR}type=Movie").title_ids() == []


def test_every_filter_is_named_in_words(alice_client: Client, world: World) -> None:
    query = (
        "filters=on&type=TV&type=Movie&genre=drama&without=comedy&members_min=10&episodes_min=2"
        "&episodes_max=30&hide_sequels=true&include_planned=true&adult=false&variety=40"
        "&popularity=-20"
    )
    assert (
        "Filtered: TV or Movie · Drama · without Comedy · on 10 lists at least · 2 episodes at "
        "least · 30 episodes at most · no sequels and extras of what you have not seen · with what "
        "you plan to watch · no adult titles · variety 40 · less known. Clear"
    ) in read(alice_client, f"?{query}").text


def test_one_is_written_in_the_singular(alice_client: Client, world: World) -> None:
    page = read(alice_client, "?episodes_min=1&episodes_max=1&members_min=1")
    assert "on 1 list at least · 1 episode at least · 1 episode at most." in page.text


def test_an_address_is_written_as_it_is_read(rf: object, world: World) -> None:
    from django.http import QueryDict

    text = (
        "filters=on&type=TV&genre=drama&without=comedy&members_min=10&episodes_min=0"
        "&episodes_max=30&variety=40&popularity=-20&hide_sequels=true&include_planned=true"
        "&adult=false"
    )
    found = read_query(QueryDict(text), genres=["drama", "comedy"], kept={"variety": 9})
    assert written(found.filters) == text
    assert found.text == text
    assert found.ignored == ()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("type=Film", "Type: “Film” is not known, so it was left out."),
        ("genre=<i>", "Genre: “<i>” is not known, so it was left out."),
        ("without=x", "Without genre: “x” is not known, so it was left out."),
        ("variety=101", "Variety: “101” is no whole number from 0 to 100, so it was left out."),
        (
            "popularity=--1",
            "Popularity: “--1” is no whole number from -100 to 100, so it was left out.",
        ),
        ("episodes_min=two", "Episodes at least: “two” is no whole number from 0 to 2,147,483,647"),
        ("members_min=٣", "Members at least: “٣” is no whole number from 0 to 2,147,483,647"),
    ],
)
def test_what_is_not_known_is_named_and_left_out(
    alice_client: Client, world: World, query: str, sentence: str
) -> None:
    page = read(alice_client, f"{POPULAR}{query}")
    assert sentence in page.text
    assert len(page.title_ids()) == 20


def test_filters_are_kept_with_the_account_and_used_without_an_address(
    alice: Rater, alice_client: Client, charlie_client: Client, world: World
) -> None:
    page = read(alice_client, f"{POPULAR}genre=comedy")
    (keep,) = page.all("button", formaction="/recommendations/filters/")
    assert keep["value"] == "filters=on&genre=comedy"
    sent = {keep["name"]: keep["value"], "next": "/recommendations/"}
    answer = alice_client.post("/recommendations/filters/", sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/recommendations/")
    page = read(alice_client)
    assert "These filters are kept." in page.text
    assert "Filtered as you have kept it: Comedy." in page.text
    assert set(page.title_ids()) == {anime.pk for anime in world.comedies}
    assert len(read(alice_client, "?filters=on").title_ids()) == 20
    assert "Your kept filters are off. Use them" in read(alice_client, "?filters=on").text
    assert len(read(charlie_client).title_ids()) == 20, "they are alice's"
    alice_client.post("/recommendations/filters/", {"filters": "filters=on"})
    assert Profile.objects.get(user=alice.user).list_filters == {}
    assert len(read(alice_client).title_ids()) == 20


def test_keeping_with_htmx_tells_and_has_the_list_read_again(alice_client: Client) -> None:
    answer = alice_client.post("/recommendations/filters/", {"filters": "variety=30"}, headers=HTMX)
    assert "These filters are kept." in ReadPage(answer).text
    assert "filters-kept" in answer["HX-Trigger"]


def test_a_visitor_cannot_keep_filters(client: Client) -> None:
    answer = client.post("/recommendations/filters/", {"filters": "variety=30"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert not Profile.objects.exists()


def test_a_page_without_titles_says_which_filters_exclude_all(
    alice_client: Client, world: World
) -> None:
    page = read(alice_client, "?type=Music&genre=drama")
    assert "Your filters leave nothing over" in page.text
    assert "There would be titles without the chosen types." in page.text
    page = read(alice_client, "?type=Music&episodes_min=500")
    assert "No single filter is to blame: it is all of them together." in page.text


def test_a_fragment_brings_the_tabs_with_the_filters(alice_client: Client, world: World) -> None:
    response = alice_client.get(
        "/recommendations/?method=content&filters=on&genre=drama",
        headers={**HTMX, "HX-Target": "list"},
    )
    page = ReadPage(response)
    assert page.all("html") == []
    (tabs,) = page.all("nav", id="method-tabs")
    assert tabs["hx-swap-oob"] == "true"
    assert page.all("a", aria_current="page")[0]["href"] == (
        "?method=content&filters=on&genre=drama"
    )


def test_genres_of_adult_titles_alone_are_offered_to_who_is_shown_them(
    alice: Rater, alice_client: Client
) -> None:
    AnimeFactory.create(genres=["Hentai", "Drama"], is_adult=True)
    AnimeFactory.create(genres=["Comedy"])

    def offered() -> list[str]:
        return [box["value"] for box in read(alice_client).all("input", name="genre")]

    assert offered() == ["comedy"]
    assert read(alice_client).all("input", name="adult") == []
    assert alice.user is not None
    Profile.objects.create(user=alice.user, show_adult=True)
    assert offered() == ["comedy", "drama", "hentai"]
    assert read(alice_client).all("input", name="adult") != []


def test_a_planned_title_is_marked_when_it_is_listed(alice: Rater, alice_client: Client) -> None:
    plan = Rating.Status.PLAN_TO_WATCH
    anime = RatingFactory.create(rater=alice, status=plan, score=None).anime
    AnimeFactory.create()
    assert anime.pk not in read(alice_client).title_ids()
    page = read(alice_client, "?include_planned=true")
    assert anime.pk in page.title_ids()
    assert page.text.count("on your plan") == 1
    assert len(page.all("button", value="plan-to-watch", form="act")) == 2, "one is the menu's"


def test_titles_of_a_delivered_page_count_as_shown(
    alice: Rater, alice_client: Client, world: World
) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(members=1))
    first = read(alice_client, "?method=popular")
    assert set(Exposure.objects.values_list("anime_id", "times_shown")) == {
        (anime_id, 1) for anime_id in first.title_ids()
    }
    following = first.all("a", rel="next")[0]["href"]
    second = read(alice_client, following)
    assert Exposure.objects.count() == len(first.title_ids()) + len(second.title_ids())


def test_five_visits_in_vain_and_a_title_sinks(
    alice: Rater, alice_client: Client, world: World
) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(members=1))
    first = read(alice_client, "?method=popular").title_ids()
    alice_client.get(f"/anime/{first[0]}/")
    for _ in range(4):
        Exposure.objects.update(last_shown_at=timezone.now() - timedelta(hours=1))
        assert read(alice_client, "?method=popular").title_ids() == first
    after = read(alice_client, "?method=popular").title_ids()
    # What was opened stays; the four titles of the second page come before the nineteen others.
    assert after[0] == first[0]
    assert not set(after[1:5]) & set(first)
    assert after[5:] == first[1:16]


def test_what_moved_a_title_is_shown_with_sign_and_size(
    alice: Rater, alice_client: Client, version: ModelVersion
) -> None:
    for anime_id, score in ((1, 10), (2, 10), (3, 9), (13, 1), (14, 2), (15, 1)):
        RatingFactory.create(rater=alice, anime=None, anime_id=anime_id, score=score)
    page = read(alice_client, "?method=collaborative")
    assert page.all("li", class_="moved--for")
    assert "(your 10) +" in page.text
    assert "By so much the relevance would be lower without the title" in page.text
    assert page.all("span", class_="expectation__range")


@pytest.mark.usefixtures("version")
def test_a_visitors_scores_make_the_page_personal(client: Client, world: World) -> None:
    session = client.session
    for anime, score in ((world.dramas[0], 10), (world.dramas[1], 9), (world.comedies[0], 2)):
        visitor_scores.set_score(session=session, anime=anime, score=score)
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    page = read(client)
    assert "This list is yours as long as this browser keeps your scores." in page.text
    assert set(page.title_ids()[:5]) <= {anime.pk for anime in world.dramas[2:]}
    assert not {1, 2, 13} & set(page.title_ids())
    assert not Exposure.objects.exists()


@pytest.mark.parametrize("n_titles", [2, 18])
def test_queries_behind_the_first_page(
    alice: Rater,
    alice_client: Client,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    RatingFactory.create(rater=alice, anime=None, anime_id=1, score=9)
    AnimeFactory.create_batch(n_titles)
    query = "?method=content&genre=drama"
    following = read(alice_client, "?method=popular").all("a", rel="next")[0]["href"]
    read(alice_client, following)
    # session, account with profile and rater; revision of the arrays, active model; the stored
    # list; what was shown of this page
    with django_assert_num_queries(6):
        read(alice_client, following)
    read(alice_client, query)
    with django_assert_num_queries(7):  # and the titles that sink
        read(alice_client, query)
