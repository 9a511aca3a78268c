"""Queries as people type them: some by hand, with the title that was meant, and made ones."""

import csv
import random
from pathlib import Path

QUERIES = Path(__file__).parent / "search_queries.csv"


def queries_by_hand() -> list[tuple[str, int]]:
    """Queries with typos, other romanisations, joined and split words; and the id that was meant.

    The weights of the search were chosen with these in sight: what is drawn at random is the
    fairer measure.
    """
    with QUERIES.open(encoding="utf-8", newline="") as file:
        return [(row["query"], int(row["anime_id"])) for row in csv.DictReader(file)]


def with_typo(text: str, generator: random.Random) -> str:
    """The text with one letter missing, doubled, exchanged with the next, or another one."""
    at = generator.choice([place for place, letter in enumerate(text) if letter.isalpha()])
    before, letter, behind = text[:at], text[at], text[at + 1 :]
    kind = generator.choice(["missing", "doubled", "exchanged", "other"])
    if kind == "missing":
        return before + behind
    if kind == "doubled":
        return before + letter * 2 + behind
    if kind == "exchanged" and behind:
        return before + behind[0] + letter + behind[1:]
    return before + generator.choice("abcdefghijklmnopqrstuvwxyz") + behind


def typed_titles(titles: list[str], n: int, generator: random.Random) -> list[tuple[str, str]]:
    """Titles of at least five letters, each with one typo in it: (as typed, as it is)."""
    long_enough = [title for title in titles if sum(map(str.isalpha, title)) >= 5]
    return [(with_typo(title, generator), title) for title in generator.sample(long_enough, n)]
