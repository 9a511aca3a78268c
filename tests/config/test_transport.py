"""The broker in a folder: whole messages, in order, and no harm by rubbish."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

import pytest
from kombu import Connection, Exchange, Queue

from config.environment import celery_broker


@pytest.fixture
def queue() -> Queue:
    """A queue of this test's own: kombu remembers in memory what it has bound."""
    name = f"work-{uuid4().hex}"
    return Queue(name, Exchange(name), routing_key=name)


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Any]:
    """Opens connections to a broker of this test's own."""
    url, options = celery_broker("", tmp_path)
    opened: list[Connection] = []

    def open_connection() -> Connection:
        opened.append(Connection(url, transport_options=options))
        return opened[-1]

    yield open_connection
    for connection in opened:
        connection.release()


def publish(connection: Connection, queue: Queue, *bodies: Any) -> None:
    """Send messages to the queue."""
    with connection.Producer() as producer:
        for body in bodies:
            producer.publish(
                body, exchange=queue.exchange, routing_key=queue.routing_key, declare=[queue]
            )


def receive(connection: Connection, queue: Queue) -> Any:
    """The body of the queue's next message; Empty without one."""
    with connection.channel() as channel:
        message = queue(channel).get()
        if message is None:
            raise Empty
        message.ack()
        return message.payload


def test_this_transport_is_used(connect: Any, queue: Queue) -> None:
    assert type(connect().transport).__module__ == "config.transport"


def test_messages_arrive_in_order(connect: Any, queue: Queue) -> None:
    publish(connect(), queue, {"n": 1}, {"n": 2}, {"n": 3})
    receiver = connect()
    # Those of one millisecond may change places; the oldest of several milliseconds may not.
    assert sorted(receive(receiver, queue)["n"] for _ in range(3)) == [1, 2, 3]
    with pytest.raises(Empty):
        receive(receiver, queue)


def test_nothing_stays_in_the_folders(connect: Any, queue: Queue, tmp_path: Path) -> None:
    publish(connect(), queue, "hello")
    receive(connect(), queue)
    assert list((tmp_path / "messages").iterdir()) == []
    assert list((tmp_path / "processed").iterdir()) == []


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"properties": 3}', b'{"properties": {}}'],
)
def test_rubbish_is_dropped_and_work_goes_on(
    rubbish: bytes, connect: Any, queue: Queue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(connect(), queue, "hello")
    (tmp_path / "messages" / f"0_x.{queue.name}.msg").write_bytes(rubbish)
    with caplog.at_level(logging.WARNING):
        assert receive(connect(), queue) == "hello"
    assert f"Dropped 0_x.{queue.name}.msg" in caplog.text


def test_a_draft_and_another_queue_are_left_alone(
    connect: Any, queue: Queue, tmp_path: Path
) -> None:
    publish(connect(), queue, "hello")
    receive(connect(), queue)
    others = {tmp_path / "messages" / name for name in (".1_x", f"0_x.other.{queue.name}.msg")}
    for path in others:
        path.write_text("{}")
    with pytest.raises(Empty):
        receive(connect(), queue)
    assert set((tmp_path / "messages").iterdir()) == others


def test_each_message_goes_to_one_of_two_receivers(connect: Any, queue: Queue) -> None:
    publish(connect(), queue, *range(60))
    received: list[int] = []

    def work() -> None:
        receiver = connect()
        try:
            while True:
                received.append(receive(receiver, queue))
        except Empty:
            return

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(received) == list(range(60))
