"""Names bring titles together, genres keep strangers apart."""

from collections.abc import Sequence

import numpy as np
import pytest

from catalog.titles import franchise_key, search_title
from recommender.services.franchise_groups import TitleColumns, entry_points, franchises

# So that a genre says something, others must be there.
OTHERS = [("Aaa", "Kids"), ("Bbb", "Sports"), ("Ccc", "Horror"), ("Ddd", "Mecha")]


def grouped(titles: Sequence[tuple[str, str]], types: Sequence[str] = ()) -> list[list[str]]:
    """The franchises of titles with their genres; the first title has the most members."""
    every = [*titles, *OTHERS]
    columns = TitleColumns(
        search_titles=[search_title(title) for title, _ in every],
        keys=[franchise_key(title) for title, _ in every],
        types=[*types, *["TV"] * (len(every) - len(types))],
        genres=[genres.split() for _, genres in every],
        members=np.arange(len(every), 0, -1, dtype=np.int64),
    )
    groups: dict[int, list[str]] = {}
    for (title, _), head in zip(every, franchises(columns).tolist(), strict=True):
        groups.setdefault(head, []).append(title)
    return [group for group in groups.values() if group[0] not in dict(OTHERS)]


@pytest.mark.parametrize(
    "titles",
    [
        [("Clannad", "Drama"), ("Clannad: After Story", "Drama")],
        [("Natsume Yuujinchou", "Fantasy"), ("Natsume Yuujinchou San", "Fantasy")],
        [("Natsume Yuujinchou", "Fantasy"), ("Zoku Natsume Yuujinchou", "Fantasy")],
        [("Kiniro Mosaic", "Comedy"), ("Hello!! Kiniro Mosaic", "Comedy")],
        [("Mushishi", "Mystery"), ("Mushishi Zoku Shou 2nd Season", "Mystery")],
        [("Aria The Animation", "Slice"), ("Aria The Natural", "Slice")],
        # What a third continues is the first as well.
        [
            ("Durarara!!", "Action"),
            ("Durarara!!x2 Shou", "Action"),
            ("Durarara!!x2 Shou 2", "Action"),
        ],
        # An extra of other genres, told by three words of the name.
        [("Toaru Majutsu no Index", "Action"), ("Toaru Majutsu no Index-tan", "Comedy")],
        # Nothing is known of the extra's genres.
        [("Kyoukai no Kanata", "Fantasy"), ("Kyoukai no Kanata: Mini Theater", "")],
    ],
)
def test_sequels_and_extras_join_what_they_are_named_after(titles: list[tuple[str, str]]) -> None:
    assert grouped(titles) == [[title for title, _ in titles]]


@pytest.mark.parametrize(
    "titles",
    [
        # A short word begins many names.
        [("Monster", "Mystery Drama"), ("Monster Musume no Iru Nichijou", "Comedy Ecchi")],
        [("Nana", "Music"), ("Nana to Kaoru", "Music")],
        [("Air", "Drama"), ("Air Master", "Drama")],
        [("Manga", "Comedy"), ("Manga Aesop", "Comedy"), ("Manga A", "Noir"), ("Manga B", "Noir")],
        # Namesakes.
        [("Kumo no Ito", "Fantasy"), ("Kumo no Ito (OVA)", "Drama")],
        [("Metropolis", "Drama"), ("Metropolis (2009)", "")],
        [("Sin: Nanatsu no Taizai", "Ecchi"), ("Sin: The Movie", "Action")],
        # For adults, and of a name of one word.
        [("Mizuiro", "Drama Hentai"), ("Mizuiro: Haru", "Drama")],
    ],
)
def test_strangers_that_share_words_stay_apart(titles: list[tuple[str, str]]) -> None:
    assert grouped(titles)[0] == [titles[0][0]]


def test_what_more_people_know_than_its_namesake_stands_alone() -> None:
    assert grouped([("Dragon Ball Z", "Action"), ("Dragon Ball", "Action")]) == [
        ["Dragon Ball Z"],
        ["Dragon Ball"],
    ]


def test_a_special_of_other_genres_belongs_to_its_series() -> None:
    titles = [("Karneval", "Action"), ("Karneval Specials", "Comedy")]
    assert grouped(titles, ["TV", "Special"]) == [["Karneval", "Karneval Specials"]]


def test_one_begins_with_the_best_known_title_that_is_no_extra() -> None:
    franchise = np.array([0, 0, 0, 3, 3])
    members = np.array([10, 900, 300, 5, 6])
    types = ["TV", "Special", "Movie", "Special", "Music"]
    chosen = entry_points(franchise=franchise, types=types, members=members)
    # Where there are only extras, with the best known of these.
    assert chosen.tolist() == [False, False, True, False, True]
