"""One import at a time on one database, by a lock that ends with the process that holds it.

A row in the database could not be trusted: after ``kill -9`` it would go on saying "running".
With the lock held, whatever a row says, no other import is at work.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from catalog.services.csv_files import work_folder
from catalog.services.import_errors import ImportBusy

# The number of the PostgreSQL advisory lock, any fixed one ("osusume" in ASCII).
_ADVISORY_LOCK = int.from_bytes(b"osusume")
# PostgreSQL notices that a client was killed when it has finished what the client had asked for.
GRACE_SECONDS = 5.0
_BUSY = "Another import is running on this database. Wait until it has finished, then try again."


@contextmanager
def import_lock() -> Iterator[None]:
    """Hold the database's import lock; ImportBusy when another process holds it."""
    if connection.vendor == "postgresql":
        with _advisory_lock():
            yield
    else:
        database = str(connection.settings_dict["NAME"])
        beside = Path(f"{database}.import-lock")
        in_memory = database.startswith(("file:", ":memory:"))
        with file_lock(work_folder() / "memory.import-lock" if in_memory else beside):
            yield


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file (made where it is missing) or folder; ImportBusy when it is held."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ImportBusy(_BUSY) from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _advisory_lock() -> Iterator[None]:
    deadline = time.monotonic() + GRACE_SECONDS
    while not _try_advisory_lock():
        if time.monotonic() > deadline:
            raise ImportBusy(_BUSY)
        time.sleep(0.1)
    try:
        yield
    finally:
        # A lost connection has given the lock back already.
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])


def _try_advisory_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])
