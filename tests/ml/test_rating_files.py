from pathlib import Path

import numpy as np
import pytest

from ml.data import IdMap
from ml.errors import DataError, TooLittleData
from ml.rating_files import read_pairs, read_ratings, write_predictions


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_ratings_are_read_and_minus_one_is_not_a_score(tmp_path: Path) -> None:
    table = read_ratings(_file(tmp_path, "user_id,anime_id,rating\n7,20,-1\n3,10,8\n"))
    rows = table.indexed(IdMap.of(table.user_id), IdMap.of(table.anime_id))
    assert (rows.user_index.tolist(), rows.item_index.tolist()) == ([1, 0], [1, 0])
    assert rows.score.tolist() == [0, 8]


def test_of_a_pair_that_comes_twice_the_last_row_counts(tmp_path: Path) -> None:
    table = read_ratings(_file(tmp_path, "user_id,anime_id,rating\n1,2,3\n1,4,5\n1,2,9\n"))
    assert table.score.tolist() == [5, 9]


def test_marks_line_ends_and_other_columns_do_no_harm(tmp_path: Path) -> None:
    table = read_ratings(_file(tmp_path, "\ufeffanime_id, rating,user_id,x\r\n2,3,1,a\r\n"))
    assert (table.user_id.tolist(), table.anime_id.tolist()) == ([1], [2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("user_id,anime_id\n1,2\n", "no column rating"),
        ("user_id,anime_id,rating\n1,2,3\n1,5,11\n", "data row 2: rating is 11"),
        ("user_id,anime_id,rating\n1,2,0\n", "rating is 0"),
        ("user_id,anime_id,rating\n1,2,3\n1,x,5\n", "data row 2: anime_id is 'x'"),
        ("user_id,anime_id,rating\n1,2,3.5\n", "rating is"),
        ("user_id,anime_id,rating\n1,2,\n", "rating is"),
        ("user_id,anime_id,rating\n1,1e30,3\n", "anime_id is"),
        ("user_id,anime_id,rating\n1,2,3\n1,2,3,4,5\n", "not a CSV file"),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_ratings(_file(tmp_path, text))


def test_a_file_without_rows_is_too_little(tmp_path: Path) -> None:
    with pytest.raises(TooLittleData):
        read_ratings(_file(tmp_path, "user_id,anime_id,rating\n"))


def test_pairs_keep_their_order_and_repeats(tmp_path: Path) -> None:
    user, anime = read_pairs(_file(tmp_path, "user_id,anime_id\n9,1\n2,5\n9,1\n"))
    assert (user.tolist(), anime.tolist()) == ([9, 2, 9], [1, 5, 1])


def test_predictions_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_predictions(path, np.array([9, 2]), np.array([1, 5]), np.array([7.5, 8], np.float32))
    assert path.read_text() == "user_id,anime_id,prediction\n9,1,7.5000\n2,5,8.0000\n"
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]
