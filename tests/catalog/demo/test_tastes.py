"""Themes and tastes: what belongs to a theme, and whom a title suits."""

import numpy as np
import pytest

from catalog.demo.tastes import (
    ARCHETYPES,
    DEMO_PERSON,
    THEME_NAMES,
    THEMES,
    Taste,
    standardised_match,
    theme_matrix,
)
from catalog.demo.titles import DemoTitle, load_titles


def _names_of(theme_name: str) -> set[str]:
    theme = THEMES[THEME_NAMES.index(theme_name)]
    return {title.name for title in load_titles() if theme.covers(title)}


def test_thoughtful_science_fiction_is_what_a_fan_expects() -> None:
    names = _names_of("thoughtful science fiction")
    assert {"Cowboy Bebop", "Steins;Gate", "Ghost in the Shell", "Planetes", "Ergo Proxy"} <= names
    assert not {"Gintama", "To LOVE-Ru", "Date A Live", "Toaru Majutsu no Index"} & names


def test_long_shounen_needs_many_episodes() -> None:
    names = _names_of("long shounen")
    assert {"Naruto", "Bleach", "Fairy Tail"} <= names
    assert "One Punch Man" not in names


def test_every_theme_covers_some_titles() -> None:
    titles = load_titles()
    assert [t.name for t in THEMES if sum(map(t.covers, titles)) < 5] == []


def test_tastes_name_only_themes_that_exist() -> None:
    for taste in (*ARCHETYPES, DEMO_PERSON):
        assert np.count_nonzero(taste.weights()) == len(taste.likes) + len(taste.dislikes)


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(KeyError, match="knitting"):
        Taste({"knitting": 1.0}).weights()


def test_a_title_of_no_theme_suits_nobody_in_particular() -> None:
    plain = DemoTitle(1, "Plain", ("Drama",), "TV", 12, 7.0, 10)
    assert theme_matrix([plain]).tolist() == [[0.0] * len(THEMES)]


def test_a_rater_without_any_taste_gets_zeros_and_not_nan() -> None:
    match = standardised_match(np.zeros((1, len(THEMES))), theme_matrix(load_titles()[:3]))
    assert match.tolist() == [[0.0, 0.0, 0.0]]
