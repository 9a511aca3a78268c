"""Clients that write at the same moment, or hang up in the middle: nothing lost, nothing twice."""

import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from catalog.models import IdempotentRequest, Rater, Rating, User
from catalog.services import tokens
from catalog.services.idempotency import carry_out
from tests.api import ROOT, client_with, problem
from tests.factories import AnimeFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

LIST = f"{ROOT}me/ratings/"
ONE = f"{LIST}7/"
N_WRITERS = 50


@pytest.fixture
def user() -> User:
    for pk in range(7, 7 + N_WRITERS):
        AnimeFactory.create(id=pk)
    return UserFactory.create(username="mia", password=None)


@pytest.fixture
def token(user: User) -> str:
    _, text = tokens.issue(user=user)
    return text


def at_once(n: int, ask: Callable[[int], Any]) -> list[Any]:
    """What ``ask`` answers to 0, 1, ... from as many threads, which begin together."""
    together = threading.Barrier(n)

    def work(place: int) -> Any:
        try:
            together.wait(timeout=30)
            return ask(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(work, range(n)))


def test_of_two_clients_that_saw_the_same_one_writes(token: str) -> None:
    seen = client_with(token).put(ONE, {"score": 5})["ETag"]

    def write(place: int) -> Any:
        return client_with(token).put(ONE, {"score": 8 + place}, HTTP_IF_MATCH=seen)

    answers = at_once(2, write)

    winner, loser = sorted(answers, key=lambda answer: int(answer.status_code))
    assert winner.status_code == 200
    problem(loser, 412, "precondition_failed")
    assert Rating.objects.get().score == winner.json()["score"]


def test_of_several_that_want_to_be_the_first_one_is(token: str) -> None:
    def write(place: int) -> Any:
        return client_with(token).put(ONE, {"score": 1 + place}, HTTP_IF_NONE_MATCH="*")

    answers = at_once(4, write)

    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]
    (first,) = [answer for answer in answers if answer.status_code == 201]
    assert Rating.objects.get().score == first.json()["score"]


def test_two_clients_that_write_different_fields_lose_neither(token: str) -> None:
    client_with(token).put(ONE, {"score": 5})
    bodies: list[dict[str, Any]] = [{"score": 9}, {"episodes_watched": 3}]

    answers = at_once(2, lambda place: client_with(token).patch(ONE, bodies[place]))

    assert [answer.status_code for answer in answers] == [200, 200]
    rating = Rating.objects.get()
    assert (rating.score, rating.episodes_watched) == (9, 3)


def test_fifty_bulk_writes_at_once_are_all_there(token: str, user: User) -> None:
    """Each has a title of its own and one that all write."""

    def write(place: int) -> Any:
        entries = [{"anime_id": 7 + place, "episodes_watched": 1}]
        if place:
            entries.append({"anime_id": 7, "score": 1 + place % 10})
        return client_with(token).put(LIST, entries, HTTP_IDEMPOTENCY_KEY=f"write-{place}")

    answers = at_once(N_WRITERS, write)

    assert {answer.status_code for answer in answers} == {200}
    rows = Rating.objects.filter(rater__user=user)
    assert rows.count() == N_WRITERS
    assert sum(answer.json()["created"] for answer in answers) == N_WRITERS
    assert set(rows.values_list("episodes_watched", flat=True)) == {1}
    # Each write that changed something is counted once.
    assert Rater.objects.get().revision == N_WRITERS
    assert IdempotentRequest.objects.exclude(answer_status=200).count() == 0


def test_one_request_sent_many_times_at_once_is_carried_out_once(token: str) -> None:
    def write(place: int) -> Any:
        entries = [{"anime_id": 7, "score": 9}]
        return client_with(token).put(LIST, entries, HTTP_IDEMPOTENCY_KEY="the-same")

    answers = at_once(10, write)

    done = [answer for answer in answers if answer.status_code == 200]
    assert done
    assert {answer.content for answer in done} == {b'{"created":1,"changed":0,"unchanged":0}'}
    for answer in answers:
        if answer not in done:
            problem(answer, 409, "request_under_way")
    assert Rater.objects.get().revision == 1


def sent(server: str, token: str, key: str, body: bytes, *, length: int) -> socket.socket:
    """A connection on which a bulk write, or the beginning of one, has been sent."""
    address = urlsplit(server)
    connected = socket.create_connection((str(address.hostname), int(address.port or 0)), 30)
    head = (
        f"PUT {LIST} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    connected.sendall(head.encode() + body)
    return connected


def test_who_hangs_up_within_the_body_has_written_nothing(
    live_server: LiveServer, token: str
) -> None:
    body = json.dumps([{"anime_id": 7, "score": 9}, {"anime_id": 8, "score": 9}]).encode()

    with sent(live_server.url, token, "k", body[:30], length=len(body)) as connected:
        connected.shutdown(socket.SHUT_WR)
        answer = connected.recv(65_536)  # the server has done with it

    assert answer.startswith(b"HTTP/1.1 400")
    assert not Rating.objects.exists()
    assert not IdempotentRequest.objects.exists()
    assert client_with(token).put(LIST, json.loads(body), HTTP_IDEMPOTENCY_KEY="k").json() == {
        "created": 2,
        "changed": 0,
        "unchanged": 0,
    }


def test_who_hangs_up_before_the_answer_gets_it_by_asking_again(
    live_server: LiveServer, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [{"anime_id": 7, "score": 9}, {"anime_id": 8, "score": 9}]
    body = json.dumps(entries).encode()
    gone, done = threading.Event(), threading.Event()

    def after_the_client_has_gone(**arguments: Any) -> Any:
        assert gone.wait(timeout=30)
        try:
            return carry_out(**arguments)
        finally:
            done.set()

    with monkeypatch.context() as patched:
        patched.setattr("catalog.api.idempotency.carry_out", after_the_client_has_gone)
        sent(live_server.url, token, "k", body, length=len(body)).close()
        gone.set()
        assert done.wait(timeout=30)

    again: APIClient = client_with(token)
    answer = again.put(LIST, entries, HTTP_IDEMPOTENCY_KEY="k")
    assert answer.json() == {"created": 2, "changed": 0, "unchanged": 0}
    assert Rating.objects.count() == 2
    assert Rater.objects.get().revision == 1
