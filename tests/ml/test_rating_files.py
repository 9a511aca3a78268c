from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ml.data import IdMap
from ml.errors import DataError, TooLittleData
from ml.rating_files import (
    ListTable,
    read_pairs,
    read_ratings,
    read_titles,
    write_lists,
    write_predictions,
)


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


def test_titles_come_by_id_with_what_is_known_of_them(tmp_path: Path) -> None:
    titles = read_titles(
        _file(
            tmp_path,
            "anime_id,name,genre,type\n"
            '9,a,"Sci-Fi, Action,Sci-Fi",TV\n'
            "3,b,,Movie\n"
            "5,c,Unknown,\n"
            "7,d,Comedy,unknown\n"
            "3,e,Drama,OVA\n",
        )
    )
    assert titles.anime_id.tolist() == [3, 5, 7, 9]
    assert titles.genres == [("Drama",), (), ("Comedy",), ("Sci-Fi", "Action")]
    assert titles.types == ["OVA", "", "", "TV"]


def test_titles_of_which_nothing_is_known_are_no_error(tmp_path: Path) -> None:
    titles = read_titles(_file(tmp_path, "anime_id,genre,type\n4,,\n2,,\n"))
    assert titles.anime_id.tolist() == [2, 4]
    assert (titles.genres, titles.types) == ([(), ()], ["", ""])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("anime_id,genre\n1,x\n", "no column type"),
        ("anime_id,genre,type\n,x,TV\n", "data row 1: anime_id"),
        ("anime_id,genre,type\n", "no rows"),
    ],
)
def test_a_bad_file_of_titles_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_titles(_file(tmp_path, text))


def some_list(user_id: int, prediction: float | None) -> ListTable:
    return ListTable(
        np.array([user_id, user_id]),
        np.array([1, 2]),
        np.array([30, 10]),
        np.array([0.75, 0.5], np.float32),
        None if prediction is None else np.array([prediction, 9], np.float32),
    )


def test_lists_are_written_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    assert write_lists(path, iter([some_list(4, 8.25), some_list(7, None)])) == 4
    assert path.read_text() == (
        "user_id,rank,anime_id,relevance,prediction\n"
        "4,1,30,0.750000,8.250000\n"
        "4,2,10,0.500000,9.000000\n"
        "7,1,30,0.750000,\n"
        "7,2,10,0.500000,\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["lists.csv"]


def test_lists_that_break_off_leave_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("before")

    def broken() -> Iterator[ListTable]:
        yield some_list(4, 8.25)
        raise DataError("No more.")

    with pytest.raises(DataError):
        write_lists(path, broken())
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["lists.csv"]


def test_no_lists_are_a_heading(tmp_path: Path) -> None:
    assert write_lists(tmp_path / "lists.csv", []) == 0
    heading = "user_id,rank,anime_id,relevance,prediction\n"
    assert (tmp_path / "lists.csv").read_text() == heading
