"""The CSV files of the command line: ratings, pairs and titles in, predictions and lists out."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data import HIGHEST_SCORE, LOWEST_SCORE, IdMap, Ratings
from ml.errors import DataError, TooLittleData

_NOT_SCORED: Final = -1
_NOT_KNOWN: Final = ("", "unknown", "nan")
Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RatingTable:
    """A file of ratings by id.

    Attributes:
        user_id: int64 [n].
        anime_id: int64 [n].
        score: int64 [n], 1 to 10, or 0 for watched without a score (-1 in the file).
    """

    user_id: Int64Array
    anime_id: Int64Array
    score: Int64Array

    def indexed(self, users: IdMap, items: IdMap) -> Ratings:
        """Return the rows as arrays over the rows of two maps.

        Raises:
            UnknownId: an id is in neither.
        """
        return Ratings(
            users.index(self.user_id).astype(np.int32),
            items.index(self.anime_id).astype(np.int32),
            self.score.astype(np.int8),
            len(users),
            len(items),
        )


@dataclass(frozen=True, eq=False)
class TitleTable:
    """A file of titles by id.

    Attributes:
        anime_id: int64 [n], ascending.
        genres: names of each title's genres; none where nothing is known.
        types: each title's type, ``""`` where it is not known.
    """

    anime_id: Int64Array
    genres: list[tuple[str, ...]]
    types: list[str]


@dataclass(frozen=True, eq=False)
class ListTable:
    """Some raters' lists, an entry a row, sorted by rater and rank.

    Attributes:
        user_id: int64 [n].
        rank: int64 [n], from 1.
        anime_id: int64 [n].
        relevance: float32 [n].
        prediction: float32 [n], 1 to 10, or None where nothing predicts scores.
    """

    user_id: Int64Array
    rank: Int64Array
    anime_id: Int64Array
    relevance: npt.NDArray[np.float32]
    prediction: npt.NDArray[np.float32] | None


def read_ratings(path: Path) -> RatingTable:
    """Read ``user_id,anime_id,rating``; of a pair that comes twice the last row counts.

    Raises:
        DataError: a column is missing or a value is not allowed; the message says where.
        TooLittleData: the file has no rows.
        OSError: the file cannot be read.
    """
    table = _whole_columns(path, ["user_id", "anime_id", "rating"])
    rating = table["rating"]
    wrong = ~(rating.between(LOWEST_SCORE, HIGHEST_SCORE) | (rating == _NOT_SCORED))
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise DataError(
            f"{path}, data row {row + 1}: rating is {rating.iloc[row]}; allowed are 1 to 10, and "
            "-1 for watched without a score."
        )
    table = table.drop_duplicates(["user_id", "anime_id"], keep="last")
    score = table["rating"].replace(_NOT_SCORED, 0)
    return RatingTable(
        table["user_id"].to_numpy(np.int64),
        table["anime_id"].to_numpy(np.int64),
        score.to_numpy(np.int64),
    )


def read_pairs(path: Path) -> tuple[Int64Array, Int64Array]:
    """Read ``user_id,anime_id`` and return both columns, in the file's order.

    Raises:
        DataError, TooLittleData, OSError: as :func:`read_ratings`.
    """
    table = _whole_columns(path, ["user_id", "anime_id"])
    return table["user_id"].to_numpy(np.int64), table["anime_id"].to_numpy(np.int64)


def read_titles(path: Path) -> TitleTable:
    """Read ``anime_id,genre,type``; of a title that comes twice the last row counts.

    Genres are separated by commas. An empty cell, or one that says ``Unknown``, stands for what
    is not known.

    Raises:
        DataError, TooLittleData, OSError: as :func:`read_ratings`.
    """
    columns = ["anime_id", "genre", "type"]
    table = _read(path, columns)[columns]
    table["anime_id"] = _whole(path, "anime_id", table["anime_id"])
    table = table.drop_duplicates("anime_id", keep="last").sort_values("anime_id")
    return TitleTable(
        table["anime_id"].to_numpy(np.int64),
        [_names(cell) for cell in table["genre"]],
        [", ".join(_names(cell)) for cell in table["type"]],
    )


def write_predictions(
    path: Path, user_id: Int64Array, anime_id: Int64Array, predictions: npt.NDArray[np.float32]
) -> None:
    """Write ``user_id,anime_id,prediction``, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    table = pd.DataFrame({"user_id": user_id, "anime_id": anime_id, "prediction": predictions})
    with _replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.4f", lineterminator="\n")


def write_lists(path: Path, lists: Iterable[ListTable]) -> int:
    """Write ``user_id,rank,anime_id,relevance,prediction``, whole or not at all.

    Args:
        path: the file.
        lists: in the order of the file; each is written before the next is asked for.

    Returns:
        the number of rows.

    Raises:
        OSError: the file cannot be written.
    """
    n_rows = 0
    with _replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write("user_id,rank,anime_id,relevance,prediction\n")
        for part in lists:
            table = pd.DataFrame(
                {
                    "user_id": part.user_id,
                    "rank": part.rank,
                    "anime_id": part.anime_id,
                    "relevance": part.relevance,
                    "prediction": np.nan if part.prediction is None else part.prediction,
                }
            )
            table.to_csv(file, index=False, header=False, float_format="%.6f", lineterminator="\n")
            n_rows += len(table)
    return n_rows


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Yield the name to write to; the file takes its own once it is complete."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _whole_columns(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return the wanted columns as int64; other columns are ignored."""
    table = _read(path, columns)
    return pd.DataFrame({column: _whole(path, column, table[column]) for column in columns})


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return a file's table, which has the wanted columns and some rows."""
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty; expected the columns {', '.join(columns)}.") from error
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a CSV file: {error}") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(missing)}; expected {', '.join(columns)}."
        )
    if table.empty:
        raise TooLittleData(f"{path} has no rows.")
    return table


def _names(cell: object) -> tuple[str, ...]:
    """Return the names in a cell, in its order and each once."""
    if not isinstance(cell, str):  # an empty cell is a NaN
        return ()
    names = (name.strip() for name in cell.split(","))
    return tuple(dict.fromkeys(name for name in names if name.lower() not in _NOT_KNOWN))


def _whole(path: Path, name: str, column: "pd.Series[int]") -> "pd.Series[int]":
    """Return a column as int64, or say which row is no whole number."""
    numbers = pd.to_numeric(column, errors="coerce")
    limit = float(2**63)
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers >= limit) | (numbers < -limit)
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise DataError(
            f"{path}, data row {row + 1}: {name} is {column.iloc[row]!r}, not a whole number."
        )
    return numbers.astype(np.int64)
