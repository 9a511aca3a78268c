"""Celery's filesystem transport, made safe for several processes on one folder.

The stock transport creates a file first and writes it afterwards. A worker that reads in between
meets an empty message, or an empty table of queues, and ends with an error; so it does for any
other file that is no message. Here a message appears whole or not at all, the tables are read
and written under one lock, and what cannot be read is dropped: a message only means "look for
work", and beat says so again every half minute.
"""

import fcntl
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Messages are files ``<milliseconds>_<uuid>.<queue>.msg``, written and taken by renaming."""

    def _put(  # type: ignore[override]  # kombu's two superclasses disagree on the names
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        """Put a message into the queue."""
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns() // 1_000_000}_{uuid4()}"
        draft = folder / f".{name}"  # no queue's name: nobody reads it
        draft.write_text(dumps(payload))
        draft.rename(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message of the queue; Empty when there is none."""
        for path in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue  # of a queue whose name ends alike
            taken = Path(self.processed_folder) / path.name
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            content = taken.read_bytes()
            taken.unlink()
            try:
                message = json.loads(content)
                self.Message(message, channel=self)
            except (ValueError, TypeError, KeyError, AttributeError):
                logger.warning("Dropped %s: not a message.", path.name)
            else:
                return message
        raise Empty

    def get_table(self, exchange: str) -> Any:
        """The queues that are bound to an exchange."""
        with self._tables():
            return super().get_table(exchange)

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str
    ) -> None:
        with self._tables():
            super()._queue_bind(exchange, routing_key or "", pattern or "", queue)

    def _delete(self, queue: str, exchange: str, *args: Any, **kwargs: Any) -> None:
        with self._tables():
            super()._delete(queue, exchange, *args, **kwargs)

    @contextmanager
    def _tables(self) -> Iterator[None]:
        """Hold the lock of the exchanges' tables."""
        with (self.control_folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    """The transport behind ``filesystem://`` in this project."""

    Channel = Channel
    # Seconds between two looks into the folder, each a listing of a few names.
    polling_interval = 0.25
