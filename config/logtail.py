"""Follows a log file and picks out the lines that somebody at the terminal should see."""

import re
from pathlib import Path

_IMPORTANT = re.compile(r"^.{0,60}\b(WARNING|ERROR|CRITICAL)\b")
# More important lines than this at a time are counted instead of shown.
_MOST_AT_A_TIME = 10
_LAST_LINES = 15


class LogTail:
    """The growing end of a log file that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._rest = b""

    def important_lines(self) -> list[str]:
        """Warnings and errors among the lines that were added since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._position)
            added = file.read()
        self._position += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        important = [
            text
            for text in (line.decode(errors="replace").rstrip() for line in lines)
            if _IMPORTANT.match(text)
        ]
        n_more = len(important) - _MOST_AT_A_TIME
        if n_more > 0:
            return [*important[:_MOST_AT_A_TIME], f"({n_more} more such lines in {self._path})"]
        return important

    def last_lines(self) -> list[str]:
        """The last lines of the file."""
        lines = self._path.read_text(errors="replace").splitlines()
        return lines[-_LAST_LINES:]
