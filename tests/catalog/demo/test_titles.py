"""The bundled titles: the format, and every fact against the published file."""

import csv
import html
import re
from collections import Counter
from pathlib import Path

import pytest

from catalog.demo.titles import load_titles, titles_path

COLUMNS = ["anime_id", "name", "genre", "type", "episodes", "rating", "members"]
FEWEST_TITLES = 320


def _rows() -> list[dict[str, str]]:
    with titles_path() as path, path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_file_has_the_columns_of_the_data_set_in_their_order() -> None:
    with titles_path() as path:
        header = path.read_text(encoding="utf-8").splitlines()[0]
    assert header == ",".join(COLUMNS)


def test_there_are_enough_titles_and_no_id_or_name_occurs_twice() -> None:
    rows = _rows()
    assert len(rows) >= FEWEST_TITLES
    assert len({row["anime_id"] for row in rows}) == len(rows)
    assert len({row["name"] for row in rows}) == len(rows)


def test_titles_are_sorted_by_id() -> None:
    ids = [int(row["anime_id"]) for row in _rows()]
    assert ids == sorted(ids)


def test_every_row_is_complete_and_its_values_have_the_right_form() -> None:
    forms = {
        "anime_id": r"[1-9]\d*",
        "name": r"\S(.*\S)?",
        "genre": r"[A-Z][\w -]+(, [A-Z][\w -]+)*",
        "type": r"TV|OVA|Movie|Special|ONA|Music",
        "episodes": r"[1-9]\d*",
        "rating": r"\d\.\d\d?|10\.0",
        "members": r"[1-9]\d*",
    }
    wrong = [
        (row["anime_id"], column, row[column])
        for row in _rows()
        for column, form in forms.items()
        if not re.fullmatch(form, row[column])
    ]
    assert wrong == []


def test_names_are_plain_text_without_html_entities() -> None:
    assert [row["name"] for row in _rows() if html.unescape(row["name"]) != row["name"]] == []


def test_the_choice_is_mixed() -> None:
    titles = load_titles()
    types = Counter(title.type for title in titles)
    assert set(types) == {"TV", "OVA", "Movie", "Special", "ONA", "Music"}
    assert types["TV"] > types["Movie"] > types["OVA"] > types["Special"]
    genres = Counter(genre for title in titles for genre in title.genres)
    varied = [
        "Shoujo",
        "Sports",
        "Mecha",
        "Slice of Life",
        "Horror",
        "Comedy",
        "Historical",
        "Music",
    ]
    assert min(genres[genre] for genre in varied) >= 20
    assert min(title.members for title in titles) < 10_000


def test_a_few_titles_are_adult() -> None:
    adult = [title.name for title in load_titles() if title.is_adult]
    assert adult == ["Words Worth", "Mezzo Forte", "Cleopatra", "Senya Ichiya Monogatari"]


def test_load_titles_gives_typed_values() -> None:
    bebop = next(title for title in load_titles() if title.anime_id == 1)
    assert bebop.name == "Cowboy Bebop"
    assert bebop.genres == ("Action", "Adventure", "Comedy", "Drama", "Sci-Fi", "Space")
    assert (bebop.type, bebop.episodes, bebop.mean_score) == ("TV", 26, 8.82)
    assert not bebop.is_adult


def test_the_source_is_named_and_says_how_many_titles_there_are() -> None:
    with titles_path() as path:
        source = path.with_name("SOURCE.md")
        assert f"holds {len(_rows())} anime titles" in source.read_text(encoding="utf-8")


@pytest.mark.parametrize("column", COLUMNS[1:])
def test_facts_are_those_of_the_published_file(real_data: Path, column: str) -> None:
    with (real_data / "anime.csv").open(encoding="utf-8-sig", newline="") as file:
        published = {row["anime_id"]: row for row in csv.DictReader(file)}
    different = {
        row["anime_id"]: (row[column], html.unescape(published[row["anime_id"]][column]))
        for row in _rows()
        if row[column] != html.unescape(published[row["anime_id"]][column])
    }
    assert different == {}
