"""Which title is taken for the continuation of which."""

import pytest

from catalog.demo.franchises import predecessors
from catalog.demo.titles import DemoTitle, load_titles


def _title(name: str, members: int, genres: tuple[str, ...] = ("Action", "Drama")) -> DemoTitle:
    return DemoTitle(members, name, genres, "TV", 12, 7.5, members)


def _predecessor_of_last(*titles: DemoTitle) -> str | None:
    index = predecessors(titles)[-1]
    return None if index is None else titles[index].name


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Clannad", "Clannad: After Story"),
        ("Working!!", "Working'!!"),
        ("Natsume Yuujinchou", "Zoku Natsume Yuujinchou"),
        ("Initial D First Stage", "Initial D Second Stage"),
        ("Major S1", "Major S2"),
        ("Evangelion: 1.0 You Are (Not) Alone", "Evangelion: 2.0 You Can (Not) Advance"),
    ],
)
def test_a_sequel_continues_the_first_part(first: str, second: str) -> None:
    assert _predecessor_of_last(_title(first, 200), _title(second, 100)) == first


def test_the_closest_earlier_part_wins() -> None:
    parts = [_title("Bakuman", 300), _title("Bakuman 2nd Season", 200)]
    assert _predecessor_of_last(*parts, _title("Bakuman 3rd Season", 100)) == "Bakuman 2nd Season"


def test_a_better_known_title_stands_on_its_own() -> None:
    parts = _title("Mobile Suit Gundam", 50), _title("Mobile Suit Gundam Wing", 90)
    assert _predecessor_of_last(*parts) is None


def test_a_shared_first_word_without_shared_genres_is_chance() -> None:
    parts = _title("Monster", 200), _title("Monster Musume", 100, ("Ecchi", "Harem"))
    assert _predecessor_of_last(*parts) is None


def test_a_very_short_name_begins_nothing() -> None:
    assert _predecessor_of_last(_title("K", 200), _title("K Missing Kings", 100)) is None


def test_in_the_bundled_titles_no_title_continues_a_less_known_one() -> None:
    titles = load_titles()
    continued = [
        (titles[before].members, title.members)
        for title, before in zip(titles, predecessors(titles), strict=True)
        if before is not None
    ]
    assert len(continued) > 100
    assert all(earlier > later for earlier, later in continued)
