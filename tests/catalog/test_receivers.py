"""What was scored without an account is on the list after a sign-up and after a log-in."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from catalog.models import Anime, Rater, Rating, User
from catalog.receivers import NOT_MERGED
from catalog.services import visitor_merge, visitor_scores
from catalog.services.ratings import MergedScores
from catalog.services.visitor_merge import what_was_merged
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def visitor(**scores: int) -> Client:
    """A browser of somebody who has scored titles by their names."""
    client = Client()
    session = client.session
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    for title, score in scores.items():
        anime = Anime.objects.filter(title=title).first() or AnimeFactory.create(title=title)
        visitor_scores.set_score(session=client.session, anime=anime, score=score)
    return client


def log_in(client: Client, name: str) -> ReadPage:
    answer = client.post("/accounts/login/", {"login": name, "password": PASSWORD}, follow=True)
    return ReadPage(answer)


def sign_up(client: Client, name: str = "mika") -> ReadPage:
    fields = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    return ReadPage(client.post("/accounts/signup/", fields, follow=True))


def scores_of(name: str) -> dict[str, int | None]:
    found = Rating.objects.filter(rater__user__username=name)
    return dict(found.values_list("anime__title", "score"))


def test_a_sign_up_keeps_every_score() -> None:
    client = visitor(One=9, Two=3)
    page = sign_up(client)
    assert "2 scores from before are on your list." in page.text
    assert scores_of("mika") == {"One": 9, "Two": 3}
    assert visitor_scores.read(client.session) == {}


def test_a_log_in_merges_and_says_how(alice: Rater) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    for title, at in (("Older", now - hour), ("Newer", now + hour)):
        RatingFactory.create(
            rater=alice, anime=AnimeFactory.create(title=title), score=5, updated_at=at
        )
    page = log_in(visitor(New=9, Older=1, Newer=1), "alice")
    assert (
        "2 scores from before are on your list. 1 older score of yours gave way. "
        "1 score of your list stays, since it is newer." in page.text
    )
    assert scores_of("alice") == {"New": 9, "Older": 1, "Newer": 5}


def test_skipped_titles_are_not_asked_about_again() -> None:
    client, anime = visitor(One=9), AnimeFactory.create()
    visitor_scores.skip(session=client.session, anime_ids=[anime.pk])
    sign_up(client)
    assert visitor_scores.skipped_in(client.session) == [anime.pk]


def test_without_scores_nothing_is_said(alice: Rater) -> None:
    page = log_in(Client(), "alice")
    assert "from before" not in page.text
    assert not Rating.objects.exists()


def test_after_the_log_out_the_browser_knows_nothing_of_the_member() -> None:
    client = visitor(One=9)
    sign_up(client)
    client.post("/accounts/logout/")
    assert visitor_scores.read(client.session) == {}
    assert list(client.session.keys()) == ["_messages"]  # that the log-out went well


def test_charlie_gets_nothing_of_what_another_visitor_scored(charlie_client: Client) -> None:
    visitor(One=9)
    User.objects.get(username="charlie").set_password(PASSWORD)
    charlie_client.get("/")
    assert scores_of("charlie") == {}
    assert visitor_scores.read(Client().session) == {}


def test_a_failure_keeps_the_scores_and_lets_one_log_in(
    alice: Rater, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**kwargs: object) -> MergedScores:
        raise DatabaseError("no room")

    client = visitor(One=9)
    with monkeypatch.context() as patched:
        patched.setattr(visitor_merge, "merge_scores", fail)
        page = log_in(client, "alice")
    assert NOT_MERGED in page.text
    assert list(visitor_scores.scores_of(client.session).values()) == [9]
    assert alice.user is not None
    visitor_merge.merge_session(session=client.session, user=alice.user)
    assert scores_of("alice") == {"One": 9}


def test_two_log_ins_at_once_double_nothing(alice: Rater) -> None:
    client = visitor(One=9, Two=3)
    copy = dict(client.session)
    log_in(client, "alice")
    again = Client()
    session = again.session
    session.update(copy)
    session.save()
    again.cookies["sessionid"] = session.session_key or ""
    page = log_in(again, "alice")
    assert "Your list stays as it was. 2 scores are the same there." in page.text
    assert scores_of("alice") == {"One": 9, "Two": 3}


def test_a_program_that_asks_for_a_token_takes_nothing(alice: Rater) -> None:
    client = visitor(One=9)
    answer = client.post(
        "/api/v1/auth/token/",
        {"username": "alice", "password": PASSWORD},
        content_type="application/json",
    )
    assert answer.status_code == 201
    assert scores_of("alice") == {}
    assert list(visitor_scores.scores_of(client.session).values()) == [9]


def test_another_account_in_the_same_browser_gets_nothing(alice: Rater) -> None:
    assert alice.user is not None
    client = logged_in(alice.user)
    answer = client.get("/")
    assert list(get_messages(answer.wsgi_request)) == []
    sign_up(visitor(One=9), "mika")
    assert scores_of("alice") == {}


@pytest.mark.parametrize(
    ("merged", "said"),
    [
        (MergedScores(added=1), "1 score from before is on your list."),
        (MergedScores(kept=2), "2 scores of your list stay, since they are newer."),
        (MergedScores(gone=1), "1 title that you scored is no longer in the catalogue."),
    ],
)
def test_what_is_said(merged: MergedScores, said: str) -> None:
    assert said in what_was_merged(merged)
