"""The benchmarks read the files' rows with the titles' features beside them."""

from pathlib import Path

import pytest

from benchmarks.real_files import described, folder_of_data, read_real_files

RATINGS = "user_id,anime_id,rating\n2,30,7\n1,30,-1\n1,5,10\n1,99,3\n"
TITLES = """anime_id,name,genre,type,episodes,rating,members
5,A,"Action, Drama",TV,1,8.0,10
7,B,Action,Movie,1,8.0,10
30,C,,TV,1,8.0,10
"""


def test_rows_are_sorted_and_have_their_titles_features(tmp_path: Path) -> None:
    (tmp_path / "rating.csv").write_text(RATINGS)
    (tmp_path / "anime.csv").write_text(TITLES)
    files = read_real_files(tmp_path)
    assert files.ratings.user_index.tolist() == [0, 0, 0, 1]
    assert files.ratings.item_index.tolist() == [0, 1, 2, 1]
    assert files.ratings.score.tolist() == [10, 0, 3, 7]
    # Action, Drama, TV; title 99 is not in the catalogue.
    assert files.features.tolist() == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]
    # Too few scores for anything but training.
    assert files.parts.train.all()


def test_sizes_are_described(tmp_path: Path) -> None:
    (tmp_path / "rating.csv").write_text(RATINGS)
    (tmp_path / "anime.csv").write_text(TITLES)
    lines = [line.split("  ") for line in described(read_real_files(tmp_path)).splitlines()]
    found = {line[1]: line[-1].strip() for line in lines[1:]}
    assert found["ratings"] == "4"
    assert found["of them without a score"] == "1"
    assert found["of them without any score"] == "0"
    assert found["titles"] == "3"
    assert found["mean score"] == "6.667"
    assert found["train rows"] == "4"
    assert found["test rows"] == "0"


def test_without_the_folder_the_program_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECOMMENDER_DATA", raising=False)
    with pytest.raises(SystemExit, match="Set RECOMMENDER_DATA"):
        folder_of_data()
