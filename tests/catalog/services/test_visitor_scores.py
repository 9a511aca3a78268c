"""A visitor's scores in the session."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from catalog.services import visitor_scores
from catalog.services.ratings import InvalidRating
from catalog.services.visitor_scores import SESSION_KEY, TooManyScores
from catalog.sessions import SessionStore
from tests.factories import AnimeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> SessionStore:
    """A stored session, as it is from the second request on."""
    store = SessionStore()
    store["other"] = "kept"
    store.save()
    return SessionStore(store.session_key)


def stored(session: SessionStore) -> SessionStore:
    """The session as the next request reads it."""
    return SessionStore(session.session_key)


def test_scores_are_kept_in_the_order_in_which_they_came(session: SessionStore) -> None:
    first, second = AnimeFactory.create(id=7), AnimeFactory.create(id=3)
    visitor_scores.set_score(session=session, anime=first, score=9)
    visitor_scores.set_score(session=session, anime=second, score=4)
    assert list(visitor_scores.scores_of(stored(session)).items()) == [(7, 9), (3, 4)]
    assert stored(session)["other"] == "kept"


def test_a_score_can_be_changed_and_taken_back(session: SessionStore) -> None:
    anime = AnimeFactory.create()
    visitor_scores.set_score(session=session, anime=anime, score=9)
    visitor_scores.set_score(session=session, anime=anime, score=2)
    assert visitor_scores.scores_of(stored(session)) == {anime.pk: 2}
    visitor_scores.remove(session=session, anime=anime)
    visitor_scores.remove(session=session, anime=anime)
    assert visitor_scores.read(stored(session)) == {}


def test_a_skipped_title_has_no_score(session: SessionStore) -> None:
    anime = AnimeFactory.create()
    visitor_scores.set_score(session=session, anime=anime, score=9)
    visitor_scores.skip(session=session, anime_ids=[anime.pk])
    assert visitor_scores.scores_of(stored(session)) == {}
    assert visitor_scores.skipped_in(stored(session)) == [anime.pk]


def test_a_visitor_without_a_session_gets_one_with_the_first_score() -> None:
    session, anime = SessionStore(), AnimeFactory.create()
    visitor_scores.set_score(session=session, anime=anime, score=9)
    assert session.modified
    assert not Session.objects.exists()
    session.save()
    assert visitor_scores.scores_of(stored(session)) == {anime.pk: 9}


def test_two_requests_at_once_do_not_undo_each_other(session: SessionStore) -> None:
    one, other = stored(session), stored(session)
    assert visitor_scores.read(one) == visitor_scores.read(other) == {}
    first, second = AnimeFactory.create(), AnimeFactory.create()
    visitor_scores.set_score(session=one, anime=first, score=9)
    visitor_scores.set_score(session=other, anime=second, score=4)
    assert visitor_scores.scores_of(stored(session)) == {first.pk: 9, second.pk: 4}
    assert not one.modified
    assert not other.modified


@pytest.mark.parametrize("score", [0, 11, -1])
def test_a_score_out_of_range_is_refused(session: SessionStore, score: int) -> None:
    with pytest.raises(InvalidRating, match="from 1 to 10"):
        visitor_scores.set_score(session=session, anime=AnimeFactory.create(), score=score)


def test_skipped_titles_make_room_for_scores_and_scores_for_nothing(
    session: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor_scores, "MAX_TITLES", 2)
    skipped, one, two, three = AnimeFactory.create_batch(4)
    visitor_scores.skip(session=session, anime_ids=[skipped.pk])
    for anime in (one, two):
        visitor_scores.set_score(session=session, anime=anime, score=5)
    assert list(visitor_scores.read(stored(session))) == [one.pk, two.pk]
    with pytest.raises(TooManyScores, match="Create one to go on"):
        visitor_scores.set_score(session=session, anime=three, score=5)
    visitor_scores.skip(session=session, anime_ids=[three.pk])
    visitor_scores.set_score(session=session, anime=two, score=6)
    assert visitor_scores.scores_of(stored(session)) == {one.pk: 5, two.pk: 6}


@pytest.mark.parametrize(
    "entry",
    [
        5,
        [5],
        [5, "yesterday"],
        [5, "2024-13-01T00:00:00+00:00"],
        [5, "2024-01-01T00:00:00"],
        [11, "2024-01-01T00:00:00+00:00"],
        [True, "2024-01-01T00:00:00+00:00"],
        ["5", "2024-01-01T00:00:00+00:00"],
    ],
)
def test_what_is_no_score_is_not_read(entry: object) -> None:
    session = SessionStore()
    session[SESSION_KEY] = {"1": entry, "x": [5, "2024-01-01T00:00:00+00:00"]}
    assert visitor_scores.read(session) == {}
    session[SESSION_KEY] = "nothing of ours"
    assert visitor_scores.read(session) == {}


def test_an_entry_that_has_changed_since_it_was_read_is_not_forgotten(
    session: SessionStore,
) -> None:
    one, two = AnimeFactory.create(), AnimeFactory.create()
    for anime in (one, two):
        visitor_scores.set_score(session=session, anime=anime, score=5)
    entries = visitor_scores.read(session)
    visitor_scores.set_score(session=session, anime=two, score=6)
    visitor_scores.forget(session=session, entries=entries)
    assert visitor_scores.scores_of(stored(session)) == {two.pk: 6}


def test_the_time_of_a_score_is_kept(session: SessionStore) -> None:
    before, anime = timezone.now(), AnimeFactory.create()
    visitor_scores.set_score(session=session, anime=anime, score=5)
    at = visitor_scores.read(stored(session))[anime.pk].at
    assert timedelta() <= at - before < timedelta(minutes=1)
