"""Each filter leaves out what it says, and what is kept comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Anime, Profile, Rater
from recommender.services.catalogue import catalogue_arrays
from recommender.services.history import History, history_of
from recommender.services.list_filters import (
    ListFilters,
    allowed,
    blamed,
    keep_filters,
    left_out,
)
from tests.factories import AnimeFactory, RatingFactory, UserFactory

NOBODY = History.of_scores({})


@pytest.fixture
def titles(db: None) -> list[Anime]:
    """Five titles that differ in what filters look at."""
    return [
        AnimeFactory.create(id=1, type="TV", genres=["Drama"], episodes=12, members=100),
        AnimeFactory.create(id=2, type="Movie", genres=["Drama", "Sci-Fi"], episodes=1, members=90),
        AnimeFactory.create(id=3, type="TV", genres=["Comedy"], episodes=None, members=10),
        AnimeFactory.create(id=4, type=None, genres=["Comedy", "Drama"], episodes=50, members=5),
        AnimeFactory.create(id=5, type="OVA", genres=["Hentai"], is_adult=True, episodes=2),
    ]


def ids(filters: ListFilters, *, show_adult: bool = False) -> list[int]:
    catalogue = catalogue_arrays()
    found = allowed(filters, catalogue=catalogue, history=NOBODY, show_adult=show_adult)
    return [int(anime_id) for anime_id in catalogue.items.ids[found]]


@pytest.mark.usefixtures("titles")
@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (ListFilters(), [1, 2, 3, 4]),
        (ListFilters(types=("TV",)), [1, 3]),
        (ListFilters(types=("TV", "Movie")), [1, 2, 3]),
        (ListFilters(types=("Music",)), []),
        (ListFilters(genres=("drama",)), [1, 2, 4]),
        (ListFilters(genres=("drama", "sci-fi")), [2]),
        (ListFilters(genres=("no-such",)), []),
        (ListFilters(without_genres=("drama",)), [3]),
        (ListFilters(without_genres=("no-such",)), [1, 2, 3, 4]),
        (ListFilters(genres=("comedy",), without_genres=("drama",)), [3]),
        (ListFilters(min_members=90), [1, 2]),
        (ListFilters(min_episodes=2), [1, 4]),
        (ListFilters(min_episodes=0), [1, 2, 4]),
        (ListFilters(max_episodes=12), [1, 2]),
        (ListFilters(min_episodes=2, max_episodes=12), [1]),
    ],
)
def test_a_filter_lets_through_what_it_says(filters: ListFilters, left: list[int]) -> None:
    assert ids(filters) == left


@pytest.mark.usefixtures("titles")
@pytest.mark.parametrize(
    ("show_adult", "adult", "is_listed"),
    [(False, True, False), (False, False, False), (True, True, True), (True, False, False)],
)
def test_adult_titles_need_the_account_and_the_filter(
    show_adult: bool, adult: bool, is_listed: bool
) -> None:
    assert (5 in ids(ListFilters(adult=adult), show_adult=show_adult)) is is_listed


def test_sequels_of_what_is_not_begun_are_left_out(alice: Rater) -> None:
    AnimeFactory.create(id=1, title="Mushishi", members=100)
    AnimeFactory.create(id=2, title="Mushishi Season 2", members=50)
    hide = ListFilters(hide_sequels=True)
    catalogue = catalogue_arrays()

    def is_hidden() -> list[bool]:
        found = allowed(
            hide, catalogue=catalogue, history=history_of(rater=alice), show_adult=False
        )
        return [not each for each in found]

    assert is_hidden() == [False, True]
    RatingFactory.create(rater=alice, anime=None, anime_id=1)
    assert is_hidden() == [False, False]


def test_planned_titles_are_left_out_unless_asked_for(alice: Rater, titles: list[Anime]) -> None:
    RatingFactory.create(rater=alice, anime=titles[0])
    RatingFactory.create(rater=alice, anime=titles[1], status=6, score=None)
    alice.dismissals.create(anime=titles[2])
    catalogue, history = catalogue_arrays(), history_of(rater=alice)

    def gone(filters: ListFilters) -> list[bool]:
        found = left_out(filters, catalogue=catalogue, history=history, show_adult=False)
        return [bool(each) for each in found]

    assert gone(ListFilters()) == [True, True, True, False, True]
    assert gone(ListFilters(include_planned=True)) == [True, False, True, False, True]


@pytest.mark.usefixtures("titles")
@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (ListFilters(types=("Music",)), ["the chosen types"]),
        (
            ListFilters(types=("Movie",), genres=("comedy",)),
            ["the chosen types", "the chosen genres"],
        ),
        (ListFilters(types=("Music",), genres=("no-such",)), []),
        (ListFilters(types=("Music",), variety=50), ["the chosen types"]),
    ],
)
def test_the_filters_to_blame_are_named(filters: ListFilters, names: list[str]) -> None:
    catalogue = catalogue_arrays()
    found = blamed(filters, catalogue=catalogue, history=NOBODY, show_adult=False)
    assert found == names


slugs = st.lists(st.sampled_from(["drama", "sci-fi", "comedy"]), unique=True).map(tuple)
some_filters = st.builds(
    ListFilters,
    types=st.lists(st.sampled_from(["TV", "Movie"]), unique=True).map(tuple),
    genres=slugs,
    without_genres=slugs,
    min_members=st.integers(0, 10**6),
    min_episodes=st.none() | st.integers(0, 100),
    max_episodes=st.none() | st.integers(0, 100),
    hide_sequels=st.booleans(),
    include_planned=st.booleans(),
    adult=st.booleans(),
    variety=st.integers(0, 100),
    popularity=st.integers(-100, 100),
)


@given(some_filters)
def test_what_is_kept_comes_back(filters: ListFilters) -> None:
    assert ListFilters.from_dict(filters.to_dict()) == filters
    assert filters.active == len(filters.to_dict())


def test_what_is_not_known_in_what_is_kept_is_dropped() -> None:
    kept = {"variety": 900, "popularity": "x", "types": "TV", "adult": 0, "gone": 1, "genres": [1]}
    assert ListFilters.from_dict(kept) == ListFilters(variety=100, genres=("1",))


def test_filters_are_kept_with_the_account_and_forgotten(db: None) -> None:
    user, other = UserFactory.create(), UserFactory.create()
    keep_filters(user=user, filters=ListFilters(types=("TV",), variety=20))
    profile = Profile.objects.get(user=user)
    assert profile.list_filters == {"types": ["TV"], "variety": 20}
    assert not Profile.objects.filter(user=other).exists()
    keep_filters(user=user, filters=ListFilters())
    profile.refresh_from_db()
    assert profile.list_filters == {}
