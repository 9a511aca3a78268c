"""Why a row is refused, and the checks that both files share."""

import re
from dataclasses import dataclass
from enum import StrEnum

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)


class Reason(StrEnum):
    """Why a row is refused; the value is what people read."""

    TOO_LONG = "line too long"
    NUL_BYTE = "NUL byte in the line"
    NOT_UTF8 = "not UTF-8 text"
    MALFORMED = "quotes do not match"
    MISSING_COLUMN = "missing column (cut line)"
    EXTRA_COLUMN = "too many columns"
    USER_ID = "user_id is not a positive whole number"
    ANIME_ID = "anime_id is not a positive whole number"
    SCORE_MISSING = "rating is missing"
    SCORE_TEXT = "rating is not a whole number"
    SCORE_RANGE = "rating is neither -1 nor 1 to 10"
    UNKNOWN_TITLE = "unknown title"
    REPEATED = "repeated further down (the last row counts)"
    TITLE_MISSING = "name is missing"
    TITLE_LENGTH = "name is longer than 255 characters"
    GENRE_LENGTH = "genre is longer than 50 characters"
    TYPE = "unknown type"
    EPISODES = "episodes is not a whole number"
    MEAN_SCORE = "rating is not a number from 0 to 10"
    MEMBERS = "members is not a whole number"


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused row: its (first) line in the file and its text."""

    line: int
    reason: Reason
    text: str


class RowProblem(Exception):
    """Raised while a row is checked, and caught where the row is known."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def whole_number(text: str) -> int | None:
    """The whole number that the text is, blanks around it aside; None for anything else.

    Numbers above 19 digits are none: no column holds them.
    """
    stripped = text.strip()
    return int(stripped) if _WHOLE_NUMBER.fullmatch(stripped) else None


def printable(line: bytes) -> str:
    """A line as it is shown in a report: bytes that are no text are written as escapes."""
    text = line.decode("utf-8", errors="backslashreplace").rstrip("\r\n")
    return text.replace("\0", "\\x00")
