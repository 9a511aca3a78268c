"""The page where one begins: titles to score, and the list beside them."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Dismissal, Rater, Rating
from catalog.services import visitor_scores
from recommender.models import ModelVersion
from recommender.services import rounds
from recommender.services.history import History
from recommender.services.serving import recommend
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def tiles(page: ReadPage) -> list[int]:
    """The ids of the titles that are asked about, in order."""
    return [int(tile["id"].removeprefix("tile-")) for tile in page.all("article", class_="tile")]


def unrelated(n: int) -> list[Anime]:
    """Titles of which no two make a franchise."""
    return [AnimeFactory.create(title=2 * chr(ord("A") + place)) for place in range(n)]


def opened(client: Client) -> ReadPage:
    return ReadPage(client.get("/start/"))


def scored(client: Client, anime_id: int, score: int) -> ReadPage:
    return ReadPage(client.post(f"/start/{anime_id}/", {"score": score}, headers=HTMX))


def visitor_scores_of(client: Client) -> dict[int, int]:
    return visitor_scores.scores_of(client.session)


def test_a_visitor_gets_titles_and_needs_no_account(client: Client) -> None:
    AnimeFactory.create(id=1, title="Rain", genres=["Drama"], members=900)
    AnimeFactory.create(id=2, title="Plums", genres=["Comedy"], members=800)
    page = opened(client)
    assert tiles(page) == [1, 2]
    assert len(page.all("button", name="score")) == 20
    assert "No account is needed" in page.text
    assert "Score a title, and what we would watch next in your place appears here" in page.text


@pytest.mark.usefixtures("version")
def test_the_list_beside_follows_a_visitors_scores(client: Client) -> None:
    opened(client)
    for anime_id, score in ((1, 10), (2, 9), (13, 2)):
        answer = scored(client, anime_id, score)
    assert visitor_scores_of(client) == {1: 10, 2: 9, 13: 2}
    expected = recommend(rater=None, history=History.of_scores({1: 10, 2: 9, 13: 2}), n=8)
    listed = [pk for pk in answer.title_ids() if pk != 13]
    assert listed == [item.anime.pk for item in expected.items]
    assert f"{expected.items[0].prediction:.1f}" in answer.text
    assert expected.items[0].reasons[0].text in answer.text
    assert "3 titles scored; 10 make a good start" in answer.text
    assert answer.all("a", href="/accounts/signup/?next=/recommendations/")
    assert not Rating.objects.filter(rater__source="account").exists()


def test_without_htmx_the_page_comes_again_with_the_score(client: Client) -> None:
    AnimeFactory.create(id=1)
    opened(client)
    answer = client.post("/start/1/", {"score": 8})
    assert (answer.status_code, answer["Location"]) == (302, "/start/#tile-1")
    page = opened(client)
    assert tiles(page) == [1]
    assert page.all("button", id="score-1-8")[0]["aria-pressed"] == "true"
    assert "You scored it 8." in page.text


def test_skip_and_take_back(client: Client) -> None:
    AnimeFactory.create(id=1)
    opened(client)
    scored(client, 1, 8)
    skipped = ReadPage(client.post("/start/1/", {"skip": "1"}, headers=HTMX))
    assert "Not seen." in skipped.text
    assert visitor_scores_of(client) == {}
    back = ReadPage(client.post("/start/1/", {"take-back": "1"}, headers=HTMX))
    assert back.all("button", name="skip")
    assert visitor_scores.read(client.session) == {}


def test_the_titles_stay_while_they_are_scored_and_change_when_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "TITLES_A_ROUND", 3)
    unrelated(8)
    first = tiles(opened(client))
    scored(client, first[0], 9)
    assert tiles(opened(client)) == first
    answer = client.post("/start/more/", headers=HTMX)
    second = tiles(ReadPage(answer))
    assert len(second) == 3
    assert not set(first) & set(second)
    assert visitor_scores.skipped_in(client.session) == first[1:]
    assert tiles(opened(client)) == second
    assert client.post("/start/more/")["Location"] == "/start/"
    client.post("/start/more/")
    assert "There is nothing left to ask" in opened(client).text


def test_a_full_session_says_what_to_do(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_scores, "MAX_TITLES", 1)
    AnimeFactory.create(id=1)
    AnimeFactory.create(id=2)
    opened(client)
    scored(client, 1, 9)
    assert "Create one to go on" in scored(client, 2, 9).text
    assert visitor_scores_of(client) == {1: 9}


@pytest.mark.parametrize("fields", [{}, {"score": ""}, {"score": "11"}, {"score": "x"}])
def test_what_is_no_score_is_refused(client: Client, fields: dict[str, str]) -> None:
    AnimeFactory.create(id=1)
    assert client.post("/start/1/", fields).status_code == 400
    assert visitor_scores_of(client) == {}


def test_an_adult_title_is_neither_asked_about_nor_taken(client: Client) -> None:
    AnimeFactory.create(id=1, is_adult=True, members=9_999_999)
    AnimeFactory.create(id=2)
    assert tiles(opened(client)) == [2]
    assert client.post("/start/1/", {"score": 9}).status_code == 404
    assert client.post("/start/777/", {"score": 9}).status_code == 404


def test_only_posts_change_something(client: Client) -> None:
    AnimeFactory.create(id=1)
    for address in ("/start/1/", "/start/more/", "/start/merge/"):
        assert client.get(address).status_code == 405


def test_a_foreign_page_cannot_score_for_a_visitor() -> None:
    AnimeFactory.create(id=1)
    client = Client(enforce_csrf_checks=True)
    opened(client)
    assert client.post("/start/1/", {"score": 9}).status_code == 403
    assert visitor_scores_of(client) == {}


def test_another_visitor_sees_nothing_of_it(client: Client) -> None:
    AnimeFactory.create(id=1)
    opened(client)
    scored(client, 1, 9)
    other = Client()
    assert "You scored it" not in opened(other).text
    assert visitor_scores_of(other) == {}


def test_a_member_scores_on_the_list(
    alice: Rater, alice_client: Client, charlie_client: Client
) -> None:
    AnimeFactory.create(id=1)
    page = opened(alice_client)
    assert "No account is needed" not in page.text
    answer = scored(alice_client, 1, 9)
    assert Rating.objects.get(rater=alice).score == 9
    assert visitor_scores.read(alice_client.session) == {}
    assert answer.all("a", href="/recommendations/")
    assert "You scored it" not in opened(charlie_client).text


def test_a_member_is_asked_about_what_is_not_on_the_list(
    alice: Rater, alice_client: Client
) -> None:
    planned, dismissed, other = unrelated(3)
    RatingFactory.create(rater=alice, anime=planned, score=None, status=Rating.Status.PLAN_TO_WATCH)
    Dismissal.objects.create(rater=alice, anime=dismissed)
    assert tiles(opened(alice_client)) == [other.pk]


def test_a_members_skip_is_no_entry_and_takes_its_score_back(
    alice: Rater, alice_client: Client
) -> None:
    AnimeFactory.create(id=1)
    opened(alice_client)
    scored(alice_client, 1, 9)
    alice_client.post("/start/1/", {"skip": "1"})
    assert not Rating.objects.filter(rater=alice).exists()
    assert visitor_scores.skipped_in(alice_client.session) == [1]


@pytest.mark.parametrize("field", ["skip", "take-back"])
def test_what_the_list_says_beyond_a_score_stays(
    alice: Rater, alice_client: Client, field: str
) -> None:
    watching = RatingFactory.create(
        rater=alice, status=Rating.Status.WATCHING, episodes_watched=3, score=7
    )
    plan = RatingFactory.create(rater=alice, status=Rating.Status.PLAN_TO_WATCH, score=None)
    for entry in (watching, plan):
        alice_client.post(f"/start/{entry.anime_id}/", {field: "1"})
        entry.refresh_from_db()
    assert (watching.score, watching.episodes_watched) == (None, 3)
    assert plan.status == Rating.Status.PLAN_TO_WATCH


def test_what_could_not_be_merged_can_be_tried_again(alice: Rater, alice_client: Client) -> None:
    anime = AnimeFactory.create(id=1)
    opened(alice_client)
    visitor_scores.set_score(session=alice_client.session, anime=anime, score=9)
    page = opened(alice_client)
    assert "is not on your list yet" in page.text
    assert page.all("button", formaction="/start/merge/")
    after = ReadPage(alice_client.post("/start/merge/", follow=True))
    assert "1 score from before is on your list." in after.text
    assert Rating.objects.get(rater=alice).score == 9


def test_a_visitor_has_nothing_to_merge(client: Client) -> None:
    answer = client.post("/start/merge/")
    assert answer["Location"].startswith("/accounts/login/")


def test_an_empty_site_has_nothing_to_ask(client: Client) -> None:
    assert "There is nothing left to ask" in opened(client).text


@pytest.mark.parametrize("n_titles", [2, 26])
def test_queries_of_a_visitor(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    unrelated(n_titles)
    anime = Anime.objects.order_by("-members")[0]
    opened(client)
    scored(client, anime.pk, 8)
    opened(client)
    # session; revision of the arrays and active model for the list; the revision for the titles
    with django_assert_num_queries(4):
        opened(client)
    # session; the title and its genres; savepoint, session's row, update, its release; revision,
    # active model; the revision for the titles
    with django_assert_num_queries(10):
        scored(client, anime.pk, 9)


@pytest.mark.parametrize("n_titles", [2, 30])
def test_queries_of_a_member(
    alice: Rater,
    alice_client: Client,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    AnimeFactory.create_batch(n_titles, genres=["Drama"])
    RatingFactory.create(rater=alice, anime_id=3, anime=None)
    opened(alice_client)
    # session; user with profile and rater; revision and own scores for the titles; revision and
    # active model for the list; whether the model is of simulated raters
    with django_assert_num_queries(7):
        opened(alice_client)


LISTED = {**HTMX, "HX-Current-URL": "http://testserver/recommendations/"}


@pytest.mark.usefixtures("version")
def test_a_visitor_scores_in_the_list(client: Client) -> None:
    assert not ReadPage(client.get("/recommendations/")).all("a", data_score_menu="5")
    for anime_id, score in ((1, 10), (2, 9), (13, 2)):
        scored(client, anime_id, score)
    page = ReadPage(client.get("/recommendations/"))
    first = page.title_ids()[0]
    assert page.all("a", data_score_menu=str(first), href=f"/anime/{first}/#score")
    assert len(page.all("button", formaction="/start/999999999/", name="score")) == 10
    assert not page.all("button", value="plan-to-watch")
    answer = client.post(f"/start/{first}/", {"score": 7}, headers=LISTED)
    assert "ratings-changed" in answer["HX-Trigger"]
    said = ReadPage(answer)
    title = Anime.objects.get(pk=first).title
    assert f"You scored {title} 7 out of 10." in said.text
    assert said.all("form", action=f"/start/{first}/")
    assert not said.all("article", class_="tile")
    assert first not in ReadPage(client.get("/recommendations/")).title_ids()
    back = client.post(f"/start/{first}/", {"take-back": "1"}, headers=LISTED)
    assert f"Your score for {title} is gone." in ReadPage(back).text
    assert visitor_scores_of(client) == {1: 10, 2: 9, 13: 2}


def test_a_visitor_scores_on_a_titles_page(client: Client) -> None:
    anime = AnimeFactory.create(id=7)
    here = {"next": "/anime/7/"}
    assert ReadPage(client.get("/anime/7/")).all("button", formaction="/start/7/", value="8")
    answer = client.post("/start/7/", {"score": 8, **here})
    assert answer["Location"] == "/anime/7/"
    page = ReadPage(client.get("/anime/7/"))
    assert "Your score: 8" in page.text
    assert f"You scored {anime.title} 8 out of 10." in page.text
    pressed = page.all("button", formaction="/start/7/", aria_pressed="true")
    assert [button["value"] for button in pressed] == ["8"]
    headers = {**HTMX, "HX-Current-URL": "http://testserver/anime/7/"}
    panel = ReadPage(client.post("/start/7/", {"take-back": "1"}, headers=headers))
    assert panel.all("section", id="panel-7", hx_swap_oob="true")
    assert "Have you seen it?" in panel.text
    assert visitor_scores_of(client) == {}
    assert "Your score: 8" not in ReadPage(Client().get("/anime/7/")).text


def test_a_score_goes_back_to_this_site_only(client: Client) -> None:
    AnimeFactory.create(id=7)
    answer = client.post("/start/7/", {"score": 8, "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/start/#tile-7"


def test_too_many_scores_are_refused_on_a_titles_page_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor_scores, "MAX_TITLES", 0)
    AnimeFactory.create(id=7)
    page = ReadPage(client.post("/start/7/", {"score": 8, "next": "/anime/7/"}, follow=True))
    assert "Without an account we keep" in page.text
    assert "is gone" not in page.text


def test_the_header_leads_a_visitor_with_scores_to_the_own_list(client: Client) -> None:
    AnimeFactory.create(id=7)

    def label() -> bool:
        return " For you " in ReadPage(client.get("/accounts/login/")).text

    assert not label()
    client.post("/start/7/", {"skip": "1"})
    assert not label()
    scored(client, 7, 9)
    assert label()
