"""Scoring, planning, removing and dismissing on the pages."""

import json
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from catalog.models import Anime, Dismissal, Rater, Rating
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/anime/?page=2"}


@pytest.fixture
def anime(db: None) -> Anime:
    """A title of 12 episodes with the id 5."""
    return AnimeFactory.create(id=5, title="Tea House")


def mine(rater: Rater) -> list[tuple[int, int | None, str]]:
    """A rater's list: title, score, status."""
    return [
        (rating.anime_id, rating.score, rating.get_status_display())
        for rating in Rating.objects.filter(rater=rater)
    ]


def test_a_score_is_stored_and_leads_back(alice: Rater, alice_client: Client, anime: Anime) -> None:
    response = alice_client.post("/anime/5/rate/", {"score": "9", "next": "/anime/?page=2"})
    assert (response.status_code, response["Location"]) == (302, "/anime/?page=2")
    assert mine(alice) == [(5, 9, "Completed")]
    page = ReadPage(alice_client.get("/anime/?page=2"))
    assert "You scored Tea House 9 out of 10. Undo" in page.text


def test_without_an_address_it_leads_to_the_title(alice_client: Client, anime: Anime) -> None:
    assert alice_client.post("/anime/5/rate/", {"score": "9"})["Location"] == "/anime/5/"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_it_never_leads_to_another_site(alice_client: Client, anime: Anime, address: str) -> None:
    response = alice_client.post("/anime/5/rate/", {"score": "9", "next": address})
    assert response["Location"] == "/anime/5/"


def test_a_status_is_stored(alice: Rater, alice_client: Client, anime: Anime) -> None:
    alice_client.post("/anime/5/rate/", {"status": "plan-to-watch"})
    assert mine(alice) == [(5, None, "Plan to watch")]


def test_a_status_leaves_the_score(alice: Rater, alice_client: Client, anime: Anime) -> None:
    RatingFactory.create(rater=alice, anime=anime, score=4)
    alice_client.post("/anime/5/rate/", {"status": "dropped"})
    assert mine(alice) == [(5, 4, "Dropped")]


def test_an_empty_score_takes_it_back(alice: Rater, alice_client: Client, anime: Anime) -> None:
    RatingFactory.create(rater=alice, anime=anime, score=4)
    alice_client.post("/anime/5/rate/", {"score": ""})
    assert mine(alice) == [(5, None, "Completed")]


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"score": "11"}, "A score is a whole number from 1 to 10."),
        ({"score": "0"}, "A score is a whole number from 1 to 10."),
        ({"score": "good"}, "A score is a whole number from 1 to 10."),
        ({"status": "loved"}, "There is no status “loved”."),
        ({"status": ""}, "Choose a score or a status."),
        ({}, "Choose a score or a status."),
        ({"episodes_watched": "13"}, "Tea House has 12 episodes."),
        (
            {"score": "8", "status": "plan-to-watch"},
            "A title that is only planned cannot have a score.",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    alice: Rater, alice_client: Client, anime: Anime, sent: dict[str, str], problem: str
) -> None:
    for headers, status in (({}, 400), (HTMX, 422)):
        response = alice_client.post("/anime/5/rate/", sent, headers=headers)
        assert response.status_code == status
        assert problem in ReadPage(response).text
    assert mine(alice) == []


@pytest.mark.parametrize(
    ("address", "widgets"),
    [
        ("/anime/?page=2", {"menu-5": "true"}),
        ("/anime/5/", {"panel-5": "true", "scores-here": "true"}),
        ("/my-list/?sort=score", {"entry-5": "true"}),
        ("/recommendations/", {}),
        ("/", {}),
        ("/no-page/", {}),
    ],
)
def test_htmx_gets_what_the_page_shows_of_the_title(
    alice: Rater, alice_client: Client, anime: Anime, address: str, widgets: dict[str, str]
) -> None:
    RatingFactory.create(rater=alice, anime=anime, score=4)
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{address}"}
    page = ReadPage(alice_client.post("/anime/5/rate/", {"score": "9"}, headers=headers))
    swapped = {
        attributes["id"]: attributes["hx-swap-oob"]
        for _, attributes in page.elements
        if "hx-swap-oob" in attributes
    }
    assert swapped == {"messages": "innerHTML", **widgets}
    assert {field["value"] for field in page.all("input", name="next")} == {address}


def test_a_new_title_moves_entries(alice_client: Client, anime: Anime) -> None:
    response = alice_client.post("/anime/5/rate/", {"score": "9"}, headers=HTMX)
    assert set(json.loads(response["HX-Trigger"])) == {"ratings-changed", "entries-moved"}


def test_another_score_moves_no_entry(alice: Rater, alice_client: Client, anime: Anime) -> None:
    RatingFactory.create(rater=alice, anime=anime, score=4)
    response = alice_client.post("/anime/5/rate/", {"score": "9"}, headers=HTMX)
    assert set(json.loads(response["HX-Trigger"])) == {"ratings-changed"}


def undo(client: Client, page: ReadPage) -> None:
    """Press the undo button of a page's message."""
    names = ("score", "status", "episodes_watched")
    hidden = page.all("input", type="hidden")
    address = page.all("form")[0]["action"]
    first = next(place for place, field in enumerate(hidden) if field["name"] == "next")
    fields = {}
    for field in hidden[first + 1 :]:
        if field["name"] not in names:
            break
        fields[field["name"]] = field["value"]
    client.post(address, fields, headers=HTMX)


@pytest.mark.parametrize("change", ["rate/?score=9", "rate/?status=dropped", "remove/?"])
@pytest.mark.parametrize("score", [None, 4])
def test_undo_puts_the_rating_back(
    alice: Rater, alice_client: Client, anime: Anime, change: str, score: int | None
) -> None:
    status = Rating.Status.WATCHING
    RatingFactory.create(rater=alice, anime=anime, score=score, status=status, episodes_watched=3)
    action, _, sent = change.partition("?")
    answer = alice_client.post(f"/anime/5/{action}", dict(parse_qsl(sent)), headers=HTMX)
    undo(alice_client, ReadPage(answer))
    assert mine(alice) == [(5, score, "Watching")]
    assert Rating.objects.get().episodes_watched == 3


def test_undo_of_a_first_score_takes_the_title_off(
    alice: Rater, alice_client: Client, anime: Anime
) -> None:
    undo(
        alice_client,
        ReadPage(alice_client.post("/anime/5/rate/", {"score": "9"}, headers=HTMX)),
    )
    assert mine(alice) == []


def test_dismiss_and_undo(alice: Rater, alice_client: Client, anime: Anime) -> None:
    response = alice_client.post("/anime/5/dismiss/", headers=HTMX)
    assert "Tea House will not be recommended to you again. Undo" in ReadPage(response).text
    assert Dismissal.objects.filter(rater=alice, anime=anime).exists()
    undo(alice_client, ReadPage(response))
    assert not Dismissal.objects.exists()


ACTIONS = ["rate", "remove", "dismiss", "restore"]


@pytest.mark.parametrize("action", ACTIONS)
def test_only_post_writes(alice_client: Client, anime: Anime, action: str) -> None:
    assert alice_client.get(f"/anime/5/{action}/").status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_a_title_that_is_not_there(alice_client: Client, action: str) -> None:
    assert alice_client.post(f"/anime/999/{action}/", {"score": "5"}).status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_a_visitor_is_sent_to_log_in_and_back_to_the_form(
    client: Client, anime: Anime, action: str
) -> None:
    sent = {"score": "5", "next": "/anime/5/"}
    login = "/accounts/login/?next=%2Fanime%2F5%2F"
    assert client.post(f"/anime/5/{action}/", sent)["Location"] == login
    response = client.post(f"/anime/5/{action}/", sent, headers=HTMX)
    assert response["HX-Redirect"] == login
    assert not Rating.objects.exists()
    assert not Dismissal.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_form_without_token_is_refused(
    alice: Rater, anime: Anime, action: str, refusing: Callable[[Rater], Client]
) -> None:
    response = refusing(alice).post(f"/anime/5/{action}/", {"score": "5"})
    assert response.status_code == 403
    assert "This form has expired" in ReadPage(response).text


@pytest.fixture
def refusing() -> Callable[[Rater], Client]:
    """A browser that checks the forgery token, for a rater."""

    def start(rater: Rater) -> Client:
        assert rater.user is not None
        client = Client(enforce_csrf_checks=True)
        client.force_login(rater.user, backend="config.authentication.AccountBackend")
        return client

    return start


@pytest.mark.parametrize("action", ACTIONS)
def test_charlie_changes_only_the_own_list(
    alice: Rater, charlie_client: Client, anime: Anime, action: str
) -> None:
    RatingFactory.create(rater=alice, anime=anime, score=9)
    Dismissal.objects.create(rater=alice, anime=anime)
    charlie_client.post(f"/anime/5/{action}/", {"score": "1", "rater": str(alice.pk)})
    assert mine(alice) == [(5, 9, "Completed")]
    assert Dismissal.objects.filter(rater=alice).count() == 1
