"""The browse page."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Profile, Rater
from catalog.services import statistics
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "results"}


def ids(client: Client, **query: str | list[str]) -> list[int]:
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


def test_several_genres_must_all_be_there_and_others_not(client: Client) -> None:
    AnimeFactory.create(id=1, members=4, genres=["Drama", "Comedy", "School"])
    AnimeFactory.create(id=2, members=3, genres=["Drama", "Comedy"])
    AnimeFactory.create(id=3, members=2, genres=["Drama"])
    AnimeFactory.create(id=4, members=1, genres=[])
    assert ids(client, genre=["drama", "comedy"]) == [1, 2]
    assert ids(client, genre=["drama", "comedy"], without="school") == [2]
    assert ids(client, without=["school", "comedy"]) == [3, 4]


def test_one_of_several_types_will_do(client: Client) -> None:
    for anime_id, kind in ((1, "TV"), (2, "Movie"), (3, "OVA"), (4, None)):
        AnimeFactory.create(id=anime_id, type=kind, members=10 - anime_id)
    assert ids(client, type=["OVA", "TV"]) == [1, 3]


def test_limits_leave_out_what_is_unknown(client: Client) -> None:
    AnimeFactory.create(id=1, members=500, episodes=12, mean_score=8.0)
    AnimeFactory.create(id=2, members=400, episodes=24, mean_score=7.0)
    AnimeFactory.create(id=3, members=300, episodes=None, mean_score=None)
    assert ids(client, episodes_min="13") == [2]
    assert ids(client, episodes_max="23") == [1]
    assert ids(client, episodes_min="12", episodes_max="12") == [1]
    assert ids(client, score_min="7.5") == [1]
    assert ids(client, score_min="7") == [1, 2]
    assert ids(client, members_min="400") == [1, 2]
    assert ids(client, episodes_min="0") == [1, 2]


def test_titles_on_and_off_the_own_list(alice: Rater, alice_client: Client) -> None:
    for anime_id in (1, 2, 3):
        AnimeFactory.create(id=anime_id, members=10 - anime_id)
    RatingFactory.create(rater=alice, anime_id=2, anime=None)
    RatingFactory.create(anime_id=1, anime=None)  # somebody else's
    assert ids(alice_client, mine="on") == [2]
    assert ids(alice_client, mine="off") == [1, 3]


def test_charlie_and_a_visitor_do_not_see_what_is_on_alices_list(
    alice: Rater, charlie_client: Client, client: Client
) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=1))
    assert ids(charlie_client, mine="on") == []
    page = ReadPage(client.get("/anime/", {"mine": "on"}))  # a visitor has no such filter
    assert page.title_ids() == [1]
    assert page.all("select", name="mine") == []


def test_hidden_gems_are_the_best_of_what_few_know(client: Client) -> None:
    known = [(1, 900_000, 9.5), (2, 5_000, 8.0), (3, 6_000, 9.0), (4, 4_000, None)]
    for anime_id, members, score in known:
        AnimeFactory.create(id=anime_id, members=members, mean_score=score)
    assert ids(client, sort="gems") == [3, 2, 4, 1]


def test_controversial_titles_are_those_about_which_scores_differ(client: Client) -> None:
    for anime_id, scores in ((1, (8, 8, 7)), (2, (1, 10, 1, 10)), (3, ()), (4, (5, 9, 5))):
        anime = AnimeFactory.create(id=anime_id)
        for score in scores:
            RatingFactory.create(anime=anime, score=score)
    assert ids(client, sort="controversial") == [1, 2, 3, 4]  # nothing has been counted yet
    statistics.refresh()
    assert ids(client, sort="controversial") == [2, 4, 1, 3]


def test_a_to_z_ignores_punctuation_and_case(client: Client) -> None:
    for anime_id, title in ((1, "beta"), (2, ".alpha"), (3, "Gamma"), (4, "☆")):
        AnimeFactory.create(id=anime_id, title=title)
    assert ids(client, sort="title") == [2, 1, 3, 4]


def test_a_random_order_is_kept_in_the_address(client: Client) -> None:
    AnimeFactory.create_batch(70)
    response = client.get("/anime/", {"sort": "random", "q": "", "type": "TV"})
    assert response.status_code == 302
    seed = parse_qs(urlsplit(response["Location"]).query)["seed"]
    pages = [ids(client, sort="random", seed=seed, page=str(page)) for page in (1, 2, 3)]
    shown = [anime_id for page in pages for anime_id in page]
    assert len(shown) == len(set(shown)) == 70
    assert shown != sorted(shown)
    assert pages[1] == ids(client, sort="random", seed=seed, page="2")
    assert pages[0] != ids(client, sort="random", seed=str((int(seed[0]) + 1) % 1_000_000))
    page = ReadPage(client.get("/anime/", {"sort": "random", "seed": "5", "page": "2"}))
    assert page.all("a", href="?sort=random")  # shuffle again


def test_a_search_is_ordered_by_match_unless_asked_otherwise(client: Client) -> None:
    AnimeFactory.create(id=1, title="Naruto: Shippuuden", members=900_000)
    AnimeFactory.create(id=2, title="Naruto", members=800_000)
    AnimeFactory.create(id=3, title="Bleach", members=950_000)
    assert ids(client, q="narutto") == [2, 1]
    assert ids(client, q="narutto", sort="popular") == [1, 2]
    assert ids(client, q="narutto", sort="title") == [2, 1]
    page = ReadPage(client.get("/anime/", {"q": "narutto"}))
    assert "The best matches come first." in page.text
    assert [option["value"] for option in page.all("option", selected="")][:1] == [""]


def test_filters_that_are_on_can_be_taken_off_one_by_one(client: Client) -> None:
    AnimeFactory.create(id=1, title="Tea", genres=["Drama", "Comedy"])
    query = {"q": "tea", "genre": ["drama", "comedy"], "score_min": "7", "sort": "title"}
    page = ReadPage(client.get("/anime/", query))
    assert [link["href"] for link in page.all("a", class_="chip")] == [
        "/anime/?genre=drama&genre=comedy&score_min=7.0&sort=title",
        "/anime/?q=tea&genre=comedy&score_min=7.0&sort=title",
        "/anime/?q=tea&genre=drama&score_min=7.0&sort=title",
        "/anime/?q=tea&genre=drama&genre=comedy&sort=title",
        "/anime/",
    ]


def test_the_address_that_stays_has_no_empty_fields(client: Client) -> None:
    AnimeFactory.create(id=1)
    query = {"q": "", "genre": "drama", "sort": "", "score_min": "", "mine": ""}
    response = client.get("/anime/", query, headers=HTMX)
    assert response["HX-Push-Url"] == "/anime/?genre=drama"


def test_best_rated_does_not_begin_with_what_three_people_know(client: Client) -> None:
    AnimeFactory.create(id=1, mean_score=10.0, members=3)
    AnimeFactory.create(id=2, mean_score=9.0, members=300_000)
    AnimeFactory.create(id=3, mean_score=None, members=900_000)
    assert ids(client, sort="score") == [2, 1, 3]


def test_unknown_values_are_ignored_and_named(client: Client) -> None:
    AnimeFactory.create(id=1)
    query = {
        "genre": ["cooking", "drama"],
        "sort": "up",
        "page": "x",
        "foo": "1",
        "score_min": "11",
    }
    response = client.get("/anime/", query)
    page = ReadPage(response)
    assert response.status_code == 200
    assert page.title_ids() == [1]
    assert "Genre: “cooking” is not known, so it was left out." in page.text
    assert "Sort by: “up” is not known, so it was left out." in page.text
    assert "Community score at least: “11” is not known, so it was left out." in page.text
    assert page.all("input", name="genre", value="drama")[0].get("checked") == ""


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
    response = client.get("/anime/", headers=HTMX)
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
    client.get("/anime/")  # the titles are read once in a process
    # the catalogue's revision
    with django_assert_num_queries(1):
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
    alice_client.get("/anime/")
    # a visitor's; session, user with profile and rater, own ratings; for the predictions the
    # revision of the arrays and the active model; without one nobody's list is read for them
    with django_assert_num_queries(6):
        alice_client.get("/anime/")


@pytest.mark.parametrize("n_titles", [1, 30])
def test_queries_of_every_filter(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    AnimeFactory.create_batch(n_titles, title="Tea")
    query = {"q": "tea", "genre": "drama", "type": "TV", "mine": "off", "sort": "controversial"}
    alice_client.get("/anime/", query)
    # a member's; the titles on the list
    with django_assert_num_queries(7):
        alice_client.get("/anime/", query)


@pytest.mark.parametrize("n_titles", [1, 30])
def test_queries_of_a_page_that_nobody_has_seen(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    AnimeFactory.create_batch(30 + n_titles)
    client.get("/anime/")
    # the catalogue's revision, titles, their genres
    with django_assert_num_queries(3):
        client.get("/anime/", {"page": "2"})


# Suggestions while one types.


def test_suggestions_forgive_a_typo_and_end_with_all(client: Client) -> None:
    for anime_id in range(1, 12):
        AnimeFactory.create(id=anime_id, title=f"Naruto Movie {anime_id}", members=100 - anime_id)
    page = ReadPage(client.get("/anime/suggest/", {"q": "narutto"}))
    options = page.all("a", role="option")
    assert [option["href"] for option in options] == [
        *(f"/anime/{anime_id}/" for anime_id in range(1, 9)),
        "/anime/?q=narutto",
    ]
    assert "All 11 titles" in page.text


@pytest.mark.parametrize("query", ["", "  ", "x" * 5_000, "%00", "\x00", "<b>"])
def test_suggestions_take_anything(client: Client, query: str) -> None:
    # A name of its own: a counted one may have the zeros of a query in it.
    AnimeFactory.create(id=1, title="Mushishi")
    response = client.get("/anime/suggest/", {"q": query})
    assert response.status_code == 200
    assert ReadPage(response).all("a") == []
    assert b"<b>" not in response.content


def test_suggestions_hide_adult_titles(charlie_client: Client, alice: Rater) -> None:
    AnimeFactory.create(id=1, title="Explicit", is_adult=True)
    assert ReadPage(charlie_client.get("/anime/suggest/?q=explicit")).title_ids() == []
    assert alice.user is not None
    Profile.objects.create(user=alice.user, show_adult=True)
    assert ReadPage(logged_in(alice.user).get("/anime/suggest/?q=explct")).title_ids() == [1]


@pytest.mark.parametrize("n_titles", [1, 30])
def test_queries_of_suggestions(
    alice_client: Client, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    AnimeFactory.create_batch(n_titles, title="Tea")
    alice_client.get("/anime/suggest/?q=te")
    # session, user with profile and rater, the catalogue's revision
    with django_assert_num_queries(3):
        alice_client.get("/anime/suggest/?q=te")
