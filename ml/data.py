"""Ratings as arrays, ids as rows, and the split that every evaluation shares."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.errors import DataError, NonFiniteData, UnknownId

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2

LOWEST_SCORE: Final = 1
HIGHEST_SCORE: Final = 10
MINIMUM_SCORED_FOR_TEST: Final = 5
"""A rater with fewer scored titles stays whole in the training part."""

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
IndexLike = npt.NDArray[np.bool_] | npt.NDArray[np.integer]


class IdMap:
    """Database ids to array rows and back; the only place where one turns into the other.

    Args:
        ids: int64 [n], strictly ascending. Row ``i`` belongs to ``ids[i]``.

    Raises:
        DataError: the ids are not one ascending row of whole numbers.
    """

    def __init__(self, ids: npt.ArrayLike) -> None:
        array = np.asarray(ids)
        if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
            raise DataError("Ids must be one row of whole numbers.")
        array = array.astype(np.int64)
        if np.any(array[1:] <= array[:-1]):
            raise DataError("Ids must be ascending and without duplicates.")
        array.flags.writeable = False
        self._ids: Int64Array = array

    @classmethod
    def of(cls, ids: npt.ArrayLike) -> Self:
        """Build a map from ids in any order, with or without duplicates."""
        return cls(np.unique(np.asarray(ids)))

    @property
    def ids(self) -> Int64Array:
        """int64 [n], ascending, read-only."""
        return self._ids

    def __len__(self) -> int:
        return int(self._ids.size)

    def _position(self, ids: Int64Array) -> tuple[Int64Array, BoolArray]:
        """Return where each id is or would be, and whether it is there."""
        position = np.searchsorted(self._ids, ids).astype(np.int64)
        if not self._ids.size:
            return position, np.zeros(ids.shape, dtype=bool)
        inside = np.minimum(position, self._ids.size - 1)
        return inside, self._ids[inside] == ids

    def contains(self, ids: npt.ArrayLike) -> BoolArray:
        """Return for each id whether it has a row (bool, the shape of ``ids``)."""
        return self._position(np.asarray(ids, dtype=np.int64))[1]

    def index(self, ids: npt.ArrayLike) -> Int64Array:
        """Return the row of each id (int64, the shape of ``ids``).

        Raises:
            UnknownId: an id has no row; the message names the first few.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        position, known = self._position(wanted)
        if not known.all():
            missing = np.unique(wanted[~known])
            shown = ", ".join(str(value) for value in missing[:5])
            more = ", …" if missing.size > 5 else ""
            raise UnknownId(f"{missing.size} ids are unknown: {shown}{more}.")
        return position

    def get(self, wanted: int) -> int | None:
        """Return the row of one id, or None when it has none."""
        position, known = self._position(np.asarray([wanted], dtype=np.int64))
        return int(position[0]) if known[0] else None


@dataclass(frozen=True, eq=False)
class Ratings:
    """Who watched what, and how they scored it.

    Attributes:
        user_index: int32 [n], row of the rater, in [0, n_users).
        item_index: int32 [n], row of the title, in [0, n_items).
        score: int8 [n], 1 to 10; 0 means *watched, not scored* and is never a label.
        n_users: number of raters, those without a row here included.
        n_items: number of titles, likewise.

    The arrays are kept read-only and are not copied when their type already fits.

    Raises:
        DataError: shapes or ranges do not fit.
        NonFiniteData: NaN or infinity.
    """

    user_index: npt.NDArray[np.int32]
    item_index: npt.NDArray[np.int32]
    score: npt.NDArray[np.int8]
    n_users: int
    n_items: int

    def __post_init__(self) -> None:
        for field, dtype, lowest, highest in (
            ("user_index", np.int32, 0, self.n_users - 1),
            ("item_index", np.int32, 0, self.n_items - 1),
            ("score", np.int8, 0, HIGHEST_SCORE),
        ):
            column = _column(field, getattr(self, field), lowest, highest).astype(dtype, copy=False)
            column = column.view()
            column.flags.writeable = False
            object.__setattr__(self, field, column)
        if not len(self.user_index) == len(self.item_index) == len(self.score):
            raise DataError("user_index, item_index and score must have the same length.")

    def __len__(self) -> int:
        return int(self.score.size)

    def take(self, rows: IndexLike) -> Self:
        """Return the rows chosen by a boolean mask or an index array, sizes unchanged."""
        return type(self)(
            self.user_index[rows],
            self.item_index[rows],
            self.score[rows],
            self.n_users,
            self.n_items,
        )

    def scored(self) -> Self:
        """Return the rows that have a score, in their order: the only ones that are labels."""
        return self.take(self.score > 0)

    def seen_matrix(self) -> "sparse.csr_array[np.bool_]":
        """Return bool CSR [n_users, n_items], True for every row, scored or not."""
        ones = np.ones(len(self), dtype=bool)
        return sparse.csr_array(
            (ones, (self.user_index, self.item_index)), shape=(self.n_users, self.n_items)
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 of sizes and rows, in their order (a run depends on the order)."""
        digest = sha256(f"ratings:1:{self.n_users}:{self.n_items}:{len(self)}".encode())
        for column in (self.user_index, self.item_index, self.score):
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()


def _column(
    field: str, values: npt.ArrayLike, lowest: int, highest: int
) -> npt.NDArray[np.integer]:
    """Return one checked column of whole numbers in [lowest, highest]."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise DataError(f"{field} must have one dimension, not {array.ndim}.")
    if not array.size:
        return array.astype(np.int64)
    if np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise NonFiniteData(f"{field} holds NaN or infinity.")
        if np.any(array != np.floor(array)):
            raise DataError(f"{field} must be whole numbers.")
    elif not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{field} must be numbers, not {array.dtype}.")
    if array.min() < lowest or array.max() > highest:
        raise DataError(
            f"{field} must be from {lowest} to {highest}; found {array.min()} to {array.max()}."
        )
    return array if np.issubdtype(array.dtype, np.integer) else array.astype(np.int64)


@dataclass(frozen=True, eq=False)
class Split:
    """Which part each row belongs to.

    Attributes:
        part: int8 [n], one of TRAIN, VALIDATION, TEST for each row of the ratings.
    """

    part: npt.NDArray[np.int8]

    @property
    def train(self) -> BoolArray:
        """Rows to learn from, bool [n]; unscored rows are all here."""
        return np.equal(self.part, TRAIN)

    @property
    def validation(self) -> BoolArray:
        """Rows to choose settings and the number of epochs by, bool [n]."""
        return np.equal(self.part, VALIDATION)

    @property
    def test(self) -> BoolArray:
        """Rows to measure by, once, bool [n]."""
        return np.equal(self.part, TEST)


_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_TEST_BELOW: Final = np.uint64(2**64 // 10)
_VALIDATION_FROM: Final = np.uint64(2**64 - 2**64 // 10)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) of each value."""
    mixed = values + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def split(
    ratings: Ratings,
    *,
    user_keys: npt.NDArray[np.uint64],
    item_ids: npt.NDArray[np.int64],
    seed: int,
) -> Split:
    """Divide the rows into train, validation and test by a seeded hash of (rater, title).

    Of a rater with at least five scored rows about a tenth of them (at least one) is test and
    about another tenth validation. Everything else is train: raters with fewer scored rows, and
    every row without a score.

    The hash looks at the pair alone: the lowest tenth of its range is test, the highest tenth
    validation. So the order of the rows is of no account and a pair keeps its part when rows are
    added, with these exceptions, both of them for raters with few scores:

    - a rater without any hash in the lowest tenth gets the scored row with the smallest hash as
      test; a later row with a smaller hash takes its place, and it goes back to where its own
      hash puts it;
    - a rater's first four scored rows are train, and are divided once there is a fifth.

    Args:
        ratings: n rows.
        user_keys: uint64 [n_users], what identifies each rater for good.
        item_ids: int64 [n_items], what identifies each title for good.
        seed: another seed gives another split.

    Raises:
        DataError: ``user_keys`` or ``item_ids`` do not fit the ratings.
    """
    if user_keys.shape != (ratings.n_users,) or item_ids.shape != (ratings.n_items,):
        raise DataError(
            f"Expected {ratings.n_users} rater keys and {ratings.n_items} title ids, "
            f"not {user_keys.shape} and {item_ids.shape}."
        )
    part = np.zeros(len(ratings), dtype=np.int8)
    scored = np.flatnonzero(ratings.score > 0)
    users = ratings.user_index[scored]
    divided = np.bincount(users, minlength=ratings.n_users) >= MINIMUM_SCORED_FOR_TEST
    scored, users = scored[divided[users]], users[divided[users]]

    salt = _mix(np.asarray([seed & (2**64 - 1)], dtype=np.uint64))
    hashed_users = _mix(user_keys.astype(np.uint64) ^ salt)
    hashed_items = _mix(item_ids.astype(np.int64).view(np.uint64) + salt)
    hashed = _mix(hashed_users[users] ^ hashed_items[ratings.item_index[scored]])

    smallest = np.full(ratings.n_users, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(smallest, users, hashed)
    part[scored[hashed >= _VALIDATION_FROM]] = VALIDATION
    # The smallest hash is test wherever it lies: this is the "at least one".
    part[scored[(hashed < _TEST_BELOW) | (hashed == smallest[users])]] = TEST
    return Split(part)
