"""Requests with a key: once, whatever is repeated, and free again where nothing was written."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Dismissal, IdempotentRequest, Rater, User
from catalog.services.idempotency import (
    CLAIM,
    KEPT,
    Answer,
    KeyReused,
    RequestUnderWay,
    carry_out,
    forget_old,
)
from tests.factories import AnimeFactory, UserFactory

pytestmark = pytest.mark.django_db

ANSWER = Answer(201, '{"id": 1}', "https://osusume.example/1/")


class Work:
    """Answers, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Answer:
        self.calls += 1
        return ANSWER


def send(user: User, work: Work, *, key: str = "k", body_hash: str = "b") -> Answer:
    return carry_out(user=user, key=key, operation="PUT /ratings/", body_hash=body_hash, work=work)


@pytest.fixture
def user() -> User:
    return UserFactory.create(password=None)


def test_a_repeat_gets_the_first_answer(user: User) -> None:
    work = Work()

    assert [send(user, work), send(user, work)] == [ANSWER, ANSWER]
    assert work.calls == 1


def test_keys_are_of_one_account(user: User) -> None:
    work = Work()
    send(user, work)

    send(UserFactory.create(password=None), work)

    assert work.calls == 2


def test_another_body_with_the_same_key_is_refused(user: User) -> None:
    work = Work()
    send(user, work)

    with pytest.raises(KeyReused):
        send(user, work, body_hash="another")
    assert work.calls == 1


def test_another_operation_with_the_same_key_is_refused(user: User) -> None:
    work = Work()
    send(user, work)

    with pytest.raises(KeyReused):
        carry_out(user=user, key="k", operation="POST /runs/", body_hash="b", work=work)


def test_a_repeat_while_it_is_under_way_is_refused(user: User) -> None:
    def work() -> Answer:
        with pytest.raises(RequestUnderWay):
            send(user, Work())
        return ANSWER

    answer = carry_out(user=user, key="k", operation="PUT /ratings/", body_hash="b", work=work)

    assert answer == ANSWER


def test_what_fails_writes_nothing_and_frees_the_key(alice: Rater, user: User) -> None:
    anime = AnimeFactory.create()

    def fail() -> Answer:
        Dismissal.objects.create(rater=alice, anime=anime)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out(user=user, key="k", operation="PUT /ratings/", body_hash="b", work=fail)

    assert not Dismissal.objects.exists()
    assert not IdempotentRequest.objects.exists()
    assert send(user, Work()) == ANSWER


def left_under_way(user: User, age: timedelta) -> IdempotentRequest:
    """What a process leaves that dies in the middle."""
    at = timezone.now() - age
    return IdempotentRequest.objects.create(
        user=user,
        key="k",
        operation="PUT /ratings/",
        body_hash="b",
        created_at=at,
        claimed_at=at,
    )


def test_what_a_dead_process_has_left_is_taken_over_after_a_while(user: User) -> None:
    work = Work()
    row = left_under_way(user, CLAIM / 2)
    with pytest.raises(RequestUnderWay):
        send(user, work)

    IdempotentRequest.objects.update(claimed_at=row.claimed_at - CLAIM)

    assert send(user, work) == ANSWER
    assert work.calls == 1


def test_a_key_is_forgotten_after_a_day(user: User) -> None:
    work = Work()
    send(user, work)
    send(user, work, key="younger")
    old = timezone.now() - KEPT
    IdempotentRequest.objects.filter(key="k").update(created_at=old)

    send(user, work)  # though nobody has cleaned up yet
    assert work.calls == 3

    IdempotentRequest.objects.filter(key="k").update(created_at=old)
    assert forget_old() == 1
    assert IdempotentRequest.objects.get().key == "younger"
