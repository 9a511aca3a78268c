"""Two requests of one session at once: neither takes back what the other has written."""

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from pytest_django import DjangoAssertNumQueries

from catalog.services import visitor_scores
from catalog.sessions import SessionStore
from tests.factories import AnimeFactory

pytestmark = pytest.mark.django_db


def session_with(**values: object) -> str:
    """The key of a stored session."""
    session = SessionStore()
    session.update(values)
    session.save()
    assert session.session_key is not None
    return session.session_key


def opened(key: str) -> SessionStore:
    """The session as a request reads it."""
    session = SessionStore(key)
    session.get("anything")
    return session


def test_each_request_writes_what_it_has_changed() -> None:
    key = session_with(kept=1, changed=1, removed=1)
    one, other = opened(key), opened(key)
    one["changed"] = 2
    del one["removed"]
    other["new"] = 3
    one.save()
    other.save()
    assert dict(SessionStore(key).items()) == {"kept": 1, "changed": 2, "new": 3}
    assert dict(other.items()) == {"kept": 1, "changed": 2, "new": 3}


def test_a_change_inside_of_a_value_counts_as_one() -> None:
    key = session_with(titles=[1])
    one, other = opened(key), opened(key)
    one["titles"].append(2)
    other["new"] = 3
    one.save()
    other.save()
    assert SessionStore(key)["titles"] == [1, 2]


def test_a_message_does_not_take_back_a_score_of_another_request() -> None:
    anime = AnimeFactory.create(id=7)
    key = session_with()
    one, other = opened(key), opened(key)
    visitor_scores.set_score(session=one, anime=AnimeFactory.create(id=1), score=9)
    one["_messages"] = "You scored it 9 out of 10."
    visitor_scores.set_score(session=other, anime=anime, score=4)
    one.save()
    assert visitor_scores.scores_of(SessionStore(key)) == {1: 9, 7: 4}


def test_a_session_that_has_been_deleted_stays_so() -> None:
    key = session_with(user=1)
    session = opened(key)
    Session.objects.all().delete()
    session["user"] = 2
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_a_new_key_takes_everything_along() -> None:
    key = session_with(kept=1)
    session = opened(key)
    session["new"] = 2
    session.cycle_key()
    session.save()
    assert session.session_key != key
    assert session.session_key is not None
    assert dict(SessionStore(session.session_key).items()) == {"kept": 1, "new": 2}
    assert not SessionStore(key).exists(key)


def test_reading_costs_what_it_did(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    key = session_with(kept=1)
    with django_assert_num_queries(1):
        assert SessionStore(key)["kept"] == 1


def test_a_session_that_is_new_is_written_again_without_complaint(
    caplog: pytest.LogCaptureFixture,
) -> None:
    session = SessionStore()
    session["first"] = 1
    session.cycle_key()  # as at a log-in: stored, and never read
    session["second"] = 2
    session.save()
    session.change("third", lambda _: 3)
    assert dict(SessionStore(session.session_key).items()) == {"first": 1, "second": 2, "third": 3}
    assert caplog.messages == []
