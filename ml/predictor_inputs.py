"""Checks of rows and scores that every score predictor shares."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data import HIGHEST_SCORE, Ratings
from ml.errors import DataError, TooLittleData

Int64Array = npt.NDArray[np.int64]

UNKNOWN: Final = -1
"""Stands for a rater or a title without a row."""


def checked_rows(what: str, rows: npt.ArrayLike, size: int) -> Int64Array:
    """Return one row of indices in [-1, size), int64 [n].

    Raises:
        DataError: they are no whole numbers, or out of range; the message names ``what``.
    """
    array = np.asarray(rows)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise DataError(f"The {what} rows must be one row of whole numbers.")
    if array.size and (array.min() < UNKNOWN or array.max() >= size):
        raise DataError(f"A {what} row is not in [-1, {size}).")
    return array.astype(np.int64, copy=False)


def checked_pairs(
    user_index: npt.ArrayLike, item_index: npt.ArrayLike, n_users: int, n_items: int
) -> tuple[Int64Array, Int64Array]:
    """Return the rows of raters [n] and titles [n] of pairs, checked.

    Raises:
        DataError: lengths differ or a row is out of range.
    """
    users = checked_rows("rater", user_index, n_users)
    items = checked_rows("title", item_index, n_items)
    if users.shape != items.shape:
        raise DataError(f"{users.size} raters and {items.size} titles do not make pairs.")
    return users, items


def checked_history(
    item_index: npt.ArrayLike, scores: npt.ArrayLike, n_items: int
) -> tuple[Int64Array, npt.NDArray[np.float64]]:
    """Return one rater's watched titles [n] and scores [n], 0 for watched without a score.

    Raises:
        DataError: shapes, rows or scores do not fit.
    """
    items = checked_rows("title", item_index, n_items)
    given = np.asarray(scores, dtype=np.float64)
    if given.shape != items.shape:
        raise DataError(f"{items.size} titles and {given.size} scores do not make pairs.")
    # Written so that NaN fails too.
    if not np.all((given >= 0) & (given <= HIGHEST_SCORE) & ((given == 0) | (given >= 1))):
        raise DataError(f"Scores must be from 1 to {HIGHEST_SCORE}, or 0 for none.")
    return items, given


def checked_vector(vector: npt.NDArray[np.floating[Any]], size: int) -> npt.NDArray[np.float32]:
    """Return a rater's vector as float32 [size].

    Raises:
        DataError: another shape, or an entry that is not finite.
    """
    if vector.shape != (size,) or not np.isfinite(vector).all():
        raise DataError(f"A rater's vector has {size} finite entries.")
    return vector.astype(np.float32, copy=False)


def checked_rater(user_index: int, n_users: int) -> int:
    """Return a rater's row in [0, n_users).

    Raises:
        DataError: there is no such row.
    """
    if not 0 <= user_index < n_users:
        raise DataError(f"Rater row {user_index} is not in [0, {n_users}).")
    return user_index


def checked_training_rows(train: Ratings, validation: Ratings | None = None) -> Ratings:
    """Return the scored rows of the training part.

    Raises:
        TooLittleData: there are none.
        DataError: validation rows without a score, or of other raters and titles.
    """
    scored = train.scored()
    if not len(scored):
        raise TooLittleData("There is not one scored row to train on.")
    if validation is None:
        return scored
    if np.any(validation.score == 0):
        raise DataError("The validation rows hold titles without a score; pass scored() rows.")
    if (train.n_users, train.n_items) != (validation.n_users, validation.n_items):
        raise DataError("Training and validation rows must be of the same raters and titles.")
    return scored
