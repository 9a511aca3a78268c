"""Search that forgives typos and finds while one types."""

import csv
import random
from pathlib import Path

import pytest

from benchmarks.typos import queries_by_hand, typed_titles
from catalog.models import Anime
from catalog.services import search
from catalog.services.catalogue import catalogue_changed
from catalog.titles import search_title
from tests.factories import AnimeFactory

pytestmark = pytest.mark.django_db

TITLES = {
    1: "Fullmetal Alchemist",
    2: "Fullmetal Alchemist: Brotherhood",
    3: "Shingeki no Kyojin",
    4: "Naruto",
    5: "Naruto: Shippuuden",
    6: "Steins;Gate",
    7: "Tsubasa Chronicle",
    8: "Kimi wo Aishita Hitori no Boku e",
    9: "進撃の巨人",
    10: "Ё Моё",
    11: "Death Note",
    12: "Noteworthy Deeds",
}


@pytest.fixture
def titles() -> None:
    for anime_id, title in TITLES.items():
        AnimeFactory.create(id=anime_id, title=title, members=10_000)


def found(query: str, *, show_adult: bool = False) -> list[int]:
    rows = search.found_rows(query, show_adult=show_adult)
    return [int(anime_id) for anime_id in search.search_index().arrays.ids[rows]]


@pytest.mark.usefixtures("titles")
@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("narutto", 4),  # a doubled letter
        ("nartuo", 4),  # two that changed places
        ("nruto", 4),  # one that is missing
        ("naroto", 4),  # another one
        ("fullmetalalchemist", 1),  # joined words
        ("full metal alchemist", 1),  # split words
        ("alchemist fullmetal", 1),  # their order
        ("brotherhod fullmetal", 2),
        ("shingeki no kyoujin", 3),  # romanisations
        ("singeki no kyojin", 3),
        ("tubasa kuronikle", 7),
        ("kimi o aisita", 8),
        ("steins gate", 6),  # punctuation
        ("STEINS;GATE", 6),
        ("進撃", 9),  # other scripts
        ("ё", 10),
    ],
)
def test_a_title_is_found_however_it_is_typed(query: str, best: int) -> None:
    assert found(query)[0] == best


@pytest.mark.usefixtures("titles")
def test_a_title_is_found_while_it_is_typed() -> None:
    title = search_title(TITLES[2])
    for length in range(1, len(title) + 1):
        assert 2 in found(title[:length])[:2], title[:length]


@pytest.mark.usefixtures("titles")
@pytest.mark.parametrize("query", ["xqzkvw", "hello world", "zzzzzzz", "1234", "", "  ", "%", "\\"])
def test_nonsense_finds_nothing(query: str) -> None:
    assert found(query) == []


@pytest.mark.usefixtures("titles")
def test_the_title_itself_comes_before_titles_that_begin_with_it_and_others() -> None:
    AnimeFactory.create(id=20, title="Boruto: Naruto the Movie", members=900_000)
    assert found("naruto")[:3] == [4, 5, 20]
    assert found("note")[:2] == [12, 11]  # one begins with it, one has the word


def test_of_two_matches_of_a_kind_the_popular_one_is_first() -> None:
    AnimeFactory.create(id=1, title="Tea Party", members=10)
    AnimeFactory.create(id=2, title="Tea Time", members=10_000)
    assert found("tea") == [2, 1]


def test_of_equals_the_lower_id_is_first() -> None:
    for anime_id in (3, 1, 2):
        AnimeFactory.create(id=anime_id, title="Tea", members=5)
    assert found("tea") == [1, 2, 3]


def test_nothing_but_punctuation_is_looked_for_in_the_title() -> None:
    AnimeFactory.create(id=1, title="C³")
    AnimeFactory.create(id=2, title="Working!!")
    assert found("!!") == [2]


def test_adult_titles_are_only_found_by_who_asks_for_them() -> None:
    AnimeFactory.create(id=1, title="Explicit", is_adult=True)
    for query in ("explicit", "explcit", "ex"):
        assert found(query) == []
        assert found(query, show_adult=True) == [1]


def test_a_change_of_the_catalogue_is_noticed() -> None:
    AnimeFactory.create(id=1, title="Tea")
    assert found("coffee") == []
    AnimeFactory.create(id=2, title="Coffee")
    catalogue_changed()
    assert found("cofee") == [2]


def test_no_titles_at_all() -> None:
    assert found("naruto") == []
    assert found("!") == []


# The quality, on the real catalogue.


@pytest.fixture
def real_titles(real_data: Path) -> list[str]:
    """The real catalogue's titles, as search text, by row."""
    with (real_data / "anime.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["anime_id"]))
    Anime.objects.bulk_create(
        Anime(
            id=int(row["anime_id"]),
            title=row["name"],
            search_title=search_title(row["name"]),
            franchise_key="",
            members=int(row["members"]),
        )
        for row in rows
    )
    return search.search_index().arrays.search_titles


@pytest.mark.slow
@pytest.mark.once
def test_queries_by_hand_find_the_title_that_was_meant(real_titles: list[str]) -> None:
    queries = queries_by_hand()
    places = [place_of(query, anime_id) for query, anime_id in queries]
    assert len(queries) == 70
    assert sum(place == 0 for place in places) >= 67
    assert sum(place < 5 for place in places) >= 69


def place_of(query: str, anime_id: int) -> int:
    ids = found(query, show_adult=True)
    return ids.index(anime_id) if anime_id in ids else 1_000_000


@pytest.mark.slow
@pytest.mark.once
def test_a_single_typo_in_any_title_is_forgiven(real_titles: list[str]) -> None:
    first = among_five = 0
    for typed, title in typed_titles(real_titles, 1_000, random.Random(5)):
        rows, _ = search.search_index().search(typed)
        best = [real_titles[row] for row in rows[:5]]
        first += best[:1] == [title]
        among_five += title in best
    assert first >= 980
    assert among_five >= 990
