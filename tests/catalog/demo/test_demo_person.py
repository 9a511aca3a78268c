"""The list of the demo account: a taste that is plain to see."""

from functools import cache

import numpy as np
import pytest

from catalog.demo.franchises import predecessors
from catalog.demo.simulation import SimulatedRatings, demo_person
from catalog.demo.titles import DemoTitle, load_titles

SEEDS = [1, 2, 20240501]


@cache
def _person(seed: int) -> SimulatedRatings:
    return demo_person(load_titles(), rng=np.random.default_rng(seed))


def _scored(seed: int) -> list[tuple[DemoTitle, int]]:
    by_id = {title.anime_id: title for title in load_titles()}
    return [(by_id[row.anime_id], row.score or 0) for row in _person(seed)]


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_25_to_35_titles_and_all_are_scored(seed: int) -> None:
    scores = [score for _, score in _scored(seed)]
    assert 25 <= len(scores) <= 35
    assert min(scores) >= 1
    assert set(_person(seed).rater.tolist()) == {1}


@pytest.mark.parametrize("seed", SEEDS)
def test_science_fiction_and_the_mind_are_loved(seed: int) -> None:
    loved = [title for title, score in _scored(seed) if score >= 8]
    kind = {"Sci-Fi", "Psychological", "Space", "Thriller", "Mystery"}
    assert len(loved) >= 15
    assert [title.name for title in loved if not kind & set(title.genres)] == []
    assert not any({"Harem", "Ecchi"} & set(title.genres) for title in loved)


@pytest.mark.parametrize("seed", SEEDS)
def test_harem_ecchi_and_long_shounen_are_not(seed: int) -> None:
    low = [title for title, score in _scored(seed) if score <= 5]
    assert len(low) >= 5
    for title in low:
        assert {"Harem", "Ecchi", "Shounen", "Kids"} & set(title.genres), title.name


@pytest.mark.parametrize("seed", SEEDS)
def test_no_title_is_adult_and_no_sequel_comes_without_its_first_part(seed: int) -> None:
    titles = load_titles()
    before = dict(zip((title.anime_id for title in titles), predecessors(titles), strict=True))
    watched = set(_person(seed).anime_id.tolist())
    assert not any(title.is_adult for title, _ in _scored(seed))
    continued = [before[anime_id] for anime_id in watched]
    assert {titles[index].anime_id for index in continued if index is not None} <= watched


def test_the_same_seed_gives_the_same_person() -> None:
    again = demo_person(load_titles(), rng=np.random.default_rng(1))
    assert list(again) == list(_person(1))
