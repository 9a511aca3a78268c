"""What ``rating.csv`` means, written as plainly as possible: the importer must agree with it."""

import csv

from catalog.services.csv_rejects import Reason

Pair = tuple[int, int]


def reference_ratings(
    content: bytes, known: set[int]
) -> tuple[dict[Pair, int | None], dict[int, Reason]]:
    """(score by (user_id, anime_id), reason by line number) of the lines behind the header."""
    scores: dict[Pair, int | None] = {}
    lines: dict[Pair, int] = {}
    rejects: dict[int, Reason] = {}
    for line, raw in enumerate(content.split(b"\n"), 2):
        if not raw.strip():
            continue
        result = reference_row(raw, known)
        if isinstance(result, Reason):
            rejects[line] = result
            continue
        pair, score = result
        if pair in lines:
            rejects[lines[pair]] = Reason.REPEATED
        lines[pair], scores[pair] = line, score
    return scores, rejects


def reference_row(raw: bytes, known: set[int]) -> tuple[Pair, int | None] | Reason:
    if b"\0" in raw:
        return Reason.NUL_BYTE
    try:
        fields = next(csv.reader([raw.decode("utf-8").rstrip("\r")], strict=True))
    except UnicodeDecodeError:
        return Reason.NOT_UTF8
    except csv.Error:
        return Reason.MALFORMED
    if len(fields) != 3:
        return Reason.MISSING_COLUMN if len(fields) < 3 else Reason.EXTRA_COLUMN
    user_id, anime_id, score = map(to_integer, fields)
    problems = {
        Reason.USER_ID: user_id is None or not 1 <= user_id < 2**63,
        Reason.ANIME_ID: anime_id is None or anime_id < 1,
        Reason.SCORE_MISSING: not fields[2].strip(),
        Reason.SCORE_TEXT: score is None,
        Reason.SCORE_RANGE: score != -1 and score not in range(1, 11),
        Reason.UNKNOWN_TITLE: anime_id not in known,
    }
    for reason, is_so in problems.items():
        if is_so:
            return reason
    assert user_id is not None
    assert anime_id is not None
    return (user_id, anime_id), None if score == -1 else score


def to_integer(text: str) -> int | None:
    digits = text.strip()
    sign = -1 if digits.startswith("-") else 1
    digits = digits[1:] if digits[:1] in ("+", "-") else digits
    if not digits or len(digits) > 19 or set(digits) - set("0123456789"):
        return None
    return sign * int(digits)
