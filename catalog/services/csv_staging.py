"""The local database in which a file is sorted and checked before the real one is touched.

It is a file of its own under VAR_DIR, for both databases: no lock of the real one is held while a
file is read, nothing is written when the file turns out to be unreadable in its middle, and memory
does not grow with the file. Accepted rows and rejects both lie in it. It is thrown away at the
end, so it is written without any precaution against a crash.
"""

import csv
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.services.csv_files import work_folder
from catalog.services.csv_rejects import Reject
from catalog.services.import_errors import ImportBusy, ImportFailed
from catalog.services.import_lock import file_lock

SAMPLES_PER_REASON = 5
SAMPLE_LENGTH = 200
_PREFIX = "staging-"


class StagingDatabase:
    """The connection to the local database, and the rejects in it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        connection.execute(
            "CREATE TABLE reject (line INTEGER PRIMARY KEY, reason TEXT NOT NULL, "
            "text TEXT NOT NULL)"
        )

    def add_rejects(self, rejects: Iterable[Reject]) -> None:
        """Note refused rows; a line is refused once."""
        with self.transaction():
            self.connection.executemany(
                "INSERT INTO reject VALUES (?, ?, ?)",
                ((reject.line, reject.reason.value, reject.text) for reject in rejects),
            )

    def reject_counts(self) -> dict[str, int]:
        """How many rows were refused for each reason, the most frequent first."""
        return dict(
            self.connection.execute(
                "SELECT reason, COUNT(*) FROM reject GROUP BY reason ORDER BY 2 DESC, 1"
            )
        )

    def reject_samples(self) -> dict[str, list[list[int | str]]]:
        """``[line, text]`` of the first refused rows of each reason."""
        return {
            reason: [
                [line, text]
                for line, text in self.connection.execute(
                    "SELECT line, SUBSTR(text, 1, ?) FROM reject WHERE reason = ? "
                    "ORDER BY line LIMIT ?",
                    (SAMPLE_LENGTH, reason, SAMPLES_PER_REASON),
                )
            ]
            for reason in self.reject_counts()
        }

    def write_rejects(self, path: Path) -> None:
        """Write all refused rows as CSV (line, reason, text), in the order of the file."""
        rows = self.connection.execute("SELECT line, reason, text FROM reject ORDER BY line")
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["line", "reason", "text"])
                writer.writerows(rows)
        except OSError as error:
            raise ImportFailed(f"{path} cannot be written: {error.strerror}.") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing would be lost on a crash anyway: this only saves work per row."""
        self.connection.execute("BEGIN")
        yield
        self.connection.execute("COMMIT")


@contextmanager
def staging_database() -> Iterator[StagingDatabase]:
    """A fresh local database, deleted at the end."""
    folder = work_folder()
    _remove_leftovers(folder)
    with TemporaryDirectory(prefix=_PREFIX, dir=folder) as name, file_lock(Path(name)):
        path = Path(name) / "rows.sqlite3"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
                connection.execute(f"PRAGMA {pragma}")
            yield StagingDatabase(connection, path)


def _remove_leftovers(folder: Path) -> None:
    """Delete what killed imports left behind: the lock of a folder in use is held."""
    for leftover in folder.glob(f"{_PREFIX}*"):
        with suppress(ImportBusy), file_lock(leftover):
            shutil.rmtree(leftover, ignore_errors=True)
