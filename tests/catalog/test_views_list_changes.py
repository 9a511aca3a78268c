"""Editing one's own list on its page: lines, many titles at once, undo."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Rater, Rating
from catalog.services import change_undo
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import Answer, ReadPage

pytestmark = pytest.mark.django_db

Status = Rating.Status
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/my-list/"}


@pytest.fixture(autouse=True)
def listed(alice: Rater) -> None:
    """Alice's list: a completed, a watched, a planned title of 12 episodes; a hidden adult one."""
    for pk, title, score, status, seen in (
        (1, "Apple", 8, Status.COMPLETED, None),
        (2, "Banana", None, Status.WATCHING, 11),
        (3, "Cherry", None, Status.PLAN_TO_WATCH, None),
        (4, "Damson", 5, Status.DROPPED, 3),
    ):
        anime = AnimeFactory.create(id=pk, title=title, episodes=12, is_adult=pk == 4)
        RatingFactory.create(
            rater=alice, anime=anime, score=score, status=status, episodes_watched=seen
        )


def entries(rater: Rater) -> dict[int, tuple[str, int | None, int | None]]:
    rows = rater.ratings.order_by("anime_id")
    return {
        row.anime_id: (Status(row.status).slug, row.score, row.episodes_watched) for row in rows
    }


def save(client: Client, data: dict[str, Any], **options: Any) -> Any:
    was = ["1/completed/8/", "2/watching//11", "3/plan-to-watch//"]
    return client.post("/my-list/save/", {"was": was, **data}, **options)


def said(client: Client) -> str:
    return ReadPage(client.get("/my-list/")).text


def undo_of(response: Answer) -> dict[str, str]:
    """The field that the undo button of a message sends."""
    return {"change": ReadPage(response).all("input", name="change")[0]["value"]}


def test_several_lines_are_saved_at_once(alice: Rater, alice_client: Client) -> None:
    response = save(alice_client, {"score-1": "9", "status-2": "dropped", "score-3": ""})
    assert response["Location"] == "/my-list/"
    assert entries(alice)[1] == ("completed", 9, None)
    assert entries(alice)[2] == ("dropped", None, 11)
    assert entries(alice)[3] == ("plan-to-watch", None, None)
    assert "2 titles of your list changed." in said(alice_client)


@pytest.mark.parametrize(
    ("data", "after", "message"),
    [
        ({"score-1": "3"}, {1: ("completed", 3, None)}, "You scored Apple 3 out of 10."),
        ({"score-1": ""}, {1: ("completed", None, None)}, "Your score for Apple is gone."),
        ({"status-1": "on-hold"}, {1: ("on-hold", 8, None)}, "Apple is on your list as “On hold”."),
        ({"episodes-1": "4"}, {1: ("completed", 8, 4)}, "Apple: 4 of 12 episodes seen."),
        ({"plus": "1"}, {1: ("completed", 8, 1)}, "Apple: 1 of 12 episodes seen."),
        # The last episode.
        ({"plus": "2"}, {2: ("completed", None, 12)}, "Banana is on your list as “Completed”."),
        # The first one.
        ({"plus": "3"}, {3: ("watching", None, 1)}, "Cherry is on your list as “Watching”."),
        ({"score-3": "7"}, {3: ("completed", 7, None)}, "You scored Cherry 7 out of 10."),
    ],
)
def test_a_line_is_saved_and_put_back(
    alice: Rater,
    alice_client: Client,
    data: dict[str, str],
    after: dict[int, tuple[str, int | None, int | None]],
    message: str,
) -> None:
    before = entries(alice)
    response = save(alice_client, data, headers=HTMX)
    assert entries(alice) == {**before, **after}
    assert message in ReadPage(response).text
    back = alice_client.post("/my-list/undo/", undo_of(response), headers=HTMX)
    assert "1 title is as before." in ReadPage(back).text
    assert entries(alice) == before


def test_what_a_page_does_not_know_is_not_taken_back(alice: Rater, alice_client: Client) -> None:
    # Scored elsewhere after this page was read.
    Rating.objects.filter(anime_id=1).update(score=10)
    save(alice_client, {"status-1": "dropped", "score-1": "8"})
    assert entries(alice)[1] == ("dropped", 10, None)


def test_htmx_gets_the_changed_line_only(alice_client: Client) -> None:
    response = save(alice_client, {"score-1": "3"}, headers=HTMX)
    lines = ReadPage(response).all("li", class_="entry")
    assert [(line["id"], line["hx-swap-oob"]) for line in lines] == [("entry-1", "true")]
    assert "entries-moved" not in response["HX-Trigger"]


def test_htmx_reads_the_list_anew_when_a_title_changes_its_tab(alice_client: Client) -> None:
    response = save(alice_client, {"status-1": "dropped"}, headers=HTMX)
    assert ReadPage(response).all("li", class_="entry") == []
    assert "entries-moved" in response["HX-Trigger"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"score-1": "11"}, "A score is a whole number from 1 to 10."),
        ({"status-1": "loved"}, "There is no status “loved”."),
        ({"episodes-2": "13"}, "Banana has 12 episodes."),
        ({"episodes-2": "-1"}, "greater than or equal to 0"),
        ({"was": "1/completed"}, "This page is out of date."),
        ({"was": "one/completed/8/"}, "This page is out of date."),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    alice: Rater, alice_client: Client, data: dict[str, str], message: str
) -> None:
    before = entries(alice)
    response = save(alice_client, {"score-3": "5", **data}, headers=HTMX)
    assert response.status_code == 422
    assert message in ReadPage(response).text
    assert entries(alice) == before
    save(alice_client, {"score-3": "5", **data})
    assert message in said(alice_client)


def test_nothing_changed_is_said(alice_client: Client) -> None:
    save(alice_client, {})
    assert "Nothing was changed." in said(alice_client)


@pytest.mark.parametrize(
    ("data", "after", "message"),
    [
        (
            {"which": "chosen", "chosen": [1, 2], "do": "status", "status": "dropped"},
            {1: ("dropped", 8, None), 2: ("dropped", None, 11)},
            "2 titles are now “Dropped”.",
        ),
        (
            {"which": "page", "page": "1,2,3", "do": "score", "score": "7"},
            {1: ("completed", 7, None), 2: ("watching", 7, 11), 3: ("completed", 7, None)},
            "You scored 3 titles 7 out of 10.",
        ),
        (
            {"which": "found", "filters": "scored=yes", "do": "clear"},
            {1: ("completed", None, None)},
            "1 title has no score of yours any more.",
        ),
        (
            {"which": "found", "filters": "", "do": "status", "status": "plan-to-watch"},
            {1: ("plan-to-watch", None, None), 2: ("plan-to-watch", None, 11)},
            "2 titles are now “Plan to watch”.",
        ),
    ],
)
def test_many_titles_change_and_are_put_back(
    alice: Rater,
    alice_client: Client,
    data: dict[str, Any],
    after: dict[int, tuple[str, int | None, int | None]],
    message: str,
) -> None:
    before = entries(alice)
    response = alice_client.post("/my-list/change/", data, headers=HTMX)
    # The adult title is hidden, so it is meant by nothing.
    assert entries(alice) == {**before, **after}
    assert message in ReadPage(response).text
    assert "entries-moved" in response["HX-Trigger"]
    alice_client.post("/my-list/undo/", undo_of(response))
    assert entries(alice) == before


def test_many_titles_are_removed_and_put_back(alice: Rater, alice_client: Client) -> None:
    before = entries(alice)
    data = {"which": "chosen", "chosen": [1, 3], "do": "remove", "next": "/my-list/?sort=title"}
    assert alice_client.post("/my-list/change/", data)["Location"] == "/my-list/?sort=title"
    assert set(entries(alice)) == {2, 4}
    page = alice_client.get("/my-list/?sort=title")
    assert "2 titles are off your list." in ReadPage(page).text
    alice_client.post("/my-list/undo/", undo_of(page))
    assert entries(alice) == before
    assert "2 titles are as before." in said(alice_client)


def test_only_the_last_change_can_be_undone_and_once(alice: Rater, alice_client: Client) -> None:
    first = save(alice_client, {"score-1": "1"}, headers=HTMX)
    second = save(alice_client, {"score-2": "2"}, headers=HTMX)
    for change, status in ((first, 422), (second, 200), (second, 422)):
        response = alice_client.post("/my-list/undo/", undo_of(change), headers=HTMX)
        assert response.status_code == status
    assert entries(alice)[1][1] == 1
    assert entries(alice)[2][1] is None


def test_undo_leaves_what_has_changed_since(alice: Rater, alice_client: Client) -> None:
    data = {"which": "found", "do": "status", "status": "dropped"}
    change = alice_client.post("/my-list/change/", data, headers=HTMX)
    alice_client.post("/anime/1/rate/", {"score": "2"})
    response = alice_client.post("/my-list/undo/", undo_of(change), headers=HTMX)
    assert "2 titles are as before. 1 title changed since and stays." in ReadPage(response).text
    assert entries(alice)[1] == ("dropped", 2, None)


def test_a_change_that_is_too_long_says_so(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_undo, "MOST", 2)
    data = {"which": "found", "do": "status", "status": "dropped"}
    page = ReadPage(alice_client.post("/my-list/change/", data, headers=HTMX))
    assert "3 titles are now “Dropped”. That is too many to be undone." in page.text
    assert page.all("input", name="change") == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"which": "chosen", "do": "remove"}, "Choose the titles first."),
        ({"which": "chosen", "chosen": ["x"], "do": "remove"}, "Choose the titles first."),
        ({"which": "page", "page": "1", "do": "score"}, "Choose a score first."),
        ({"which": "page", "page": "1", "do": "status"}, "Choose a status first."),
        ({"which": "page", "page": "1", "do": "score", "score": "0"}, "greater than or equal"),
        ({"which": "page", "page": "1"}, "Say what to do with the titles."),
        ({"which": "page", "page": "1", "do": "sell"}, "There is no such change."),
        ({"which": "everything", "do": "remove"}, "Say which titles to change."),
        ({}, "Say which titles to change."),
    ],
)
def test_a_change_that_says_too_little_is_refused(
    alice: Rater, alice_client: Client, data: dict[str, Any], message: str
) -> None:
    before = entries(alice)
    response = alice_client.post("/my-list/change/", data, headers=HTMX)
    assert response.status_code == 422
    assert message in ReadPage(response).text
    assert entries(alice) == before


def test_charlie_changes_nothing_of_alices_list(
    alice: Rater, alice_client: Client, charlie_client: Client
) -> None:
    before = entries(alice)
    response = save(charlie_client, {"score-1": "1", "status-2": "dropped"}, headers=HTMX)
    assert ReadPage(response).all("li", class_="entry") == []
    data = {"which": "chosen", "chosen": [1, 2], "do": "remove"}
    assert charlie_client.post("/my-list/change/", data, headers=HTMX).status_code == 422
    assert entries(alice) == before
    # Nor takes it a change of alice's back.
    change = save(alice_client, {"score-1": "1"}, headers=HTMX)
    assert charlie_client.post("/my-list/undo/", undo_of(change), headers=HTMX).status_code == 422
    assert entries(alice)[1] == ("completed", 1, None)


@pytest.mark.parametrize("address", ["save", "change", "undo"])
def test_a_visitor_is_sent_to_log_in(client: Client, address: str) -> None:
    response = client.post(f"/my-list/{address}/", {"next": "/my-list/"})
    assert response["Location"] == "/accounts/login/?next=%2Fmy-list%2F"
    assert client.get(f"/my-list/{address}/").status_code == 405


_LONG = "9" * 5_000  # more digits than Python makes a number of


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("change", {"which": "chosen", "chosen": _LONG, "do": "remove"}),
        ("change", {"which": "page", "page": _LONG, "do": "remove"}),
        ("save", {"was": f"{_LONG}/completed//3"}),
        ("save", {"was": f"1/completed//{_LONG}", "plus": "1", "score-1": "11"}),
    ],
)
def test_numbers_that_are_none_change_nothing(
    alice: Rater, alice_client: Client, address: str, data: dict[str, str]
) -> None:
    before = entries(alice)
    answer = alice_client.post(f"/my-list/{address}/", data, headers=HTMX)
    assert answer.status_code == 422
    assert entries(alice) == before


@pytest.mark.parametrize("n_titles", [2, 40])
def test_queries_of_a_bulk_change(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for anime in AnimeFactory.create_batch(n_titles):
        RatingFactory.create(rater=alice, anime=anime)
    alice_client.get("/my-list/")
    data = {"which": "found", "do": "score", "score": "4"}
    # session, user, catalogue's revision, list; then in a transaction the rater's lock, the rows,
    # revision (two), upsert, dismissals; the session with the way back (two); six savepoints
    with django_assert_num_queries(18):
        alice_client.post("/my-list/change/", data)
