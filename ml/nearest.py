"""Every title's nearest ones by cosine of 0/1 features, exactly and without a square matrix.

The cosine of a title that has c features with one that has d of them, s of them shared, is
s / √(cd), so for one title the order is that of the fractions s²/d. Equal fractions are equal as
float64 too and different ones are not, so ties are exact.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from ml.ranges import ranges

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_CHUNK: Final = 256
# How many blocks of columns there are at least for each one that is wanted; see _candidates.
_BLOCKS_A_NEIGHBOUR: Final = 6
# More than what the sum of a few hundred float32 products can be off by, relatively.
_SLACK: Final = 1e-4


def nearest_by_cosine(features: Float32, k: int) -> tuple[npt.NDArray[np.int32], Float32]:
    """Return each row's k nearest other rows and their cosines; ties by the lower row.

    Rows with the same features have the same neighbours, themselves aside, so the work is done
    once for each distinct row.

    Args:
        features: [n, n_features], 0 and 1 only.
        k: from 0 to n - 1.

    Returns:
        int32 rows and float32 cosines, both [n, k].
    """
    groups = _Groups.of(features)
    nearest = np.empty((len(groups), k + 1), dtype=np.int32)
    cosines = np.empty((len(groups), k + 1), dtype=np.float32)
    for start in range(0, len(groups), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        nearest[chunk], fractions = _best(groups, chunk, k + 1)
        cosines[chunk] = np.sqrt(fractions / groups.n_features_of[chunk, None])
    mine = nearest[groups.of_row]
    others = mine != np.arange(len(features))[:, None]
    others[others.all(axis=1), -1] = False  # one too many where the row itself is not among them
    shape = (len(features), k)
    return mine[others].reshape(shape), cosines[groups.of_row][others].reshape(shape)


@dataclass(frozen=True, eq=False)
class _Groups:
    """Rows with the same features as one.

    Attributes:
        of_row: int64 [n], each row's group.
        members: int64 [n], the rows, group by group, ascending in each.
        starts, sizes: int64 [g], where each group's members begin, and how many they are.
        features: float32 [g, n_features], distinct.
        n_features_of: float64 [g], their sums; 1 where there is none.
        scaled: float32 [n_features, g], each group's features / √(their number).
        fractions: float64 [p], every s²/d that can be, descending.
        place: int64 [s, d], the place of s²/d in ``fractions``.
    """

    of_row: Int64
    members: Int64
    starts: Int64
    sizes: Int64
    features: Float32
    n_features_of: Float64
    scaled: Float32
    fractions: Float64
    place: Int64

    @classmethod
    def of(cls, features: Float32) -> Self:
        # Eight features a byte (and one more, so that there is a byte): quicker to compare.
        bits = np.packbits(np.pad(features > 0, ((0, 0), (0, 1))), axis=1)
        packed = bits.view(np.dtype((np.void, bits.shape[1]))).ravel()
        _, first, of_row, sizes = np.unique(
            packed, return_index=True, return_inverse=True, return_counts=True
        )
        distinct = features[first]
        n_features_of = np.maximum(distinct.sum(axis=1, dtype=np.float64), 1)
        scaled = (distinct / np.sqrt(n_features_of)[:, None]).T
        numbers = np.arange(n_features_of.max(initial=1) + 1)
        ascending, place = np.unique(
            numbers[:, None] ** 2 / np.maximum(numbers, 1), return_inverse=True
        )
        return cls(
            of_row=of_row,
            members=np.argsort(of_row, kind="stable"),
            starts=np.cumsum(sizes) - sizes,
            sizes=sizes,
            features=distinct,
            n_features_of=n_features_of,
            scaled=np.ascontiguousarray(scaled, dtype=np.float32),
            fractions=ascending[::-1],
            place=len(ascending) - 1 - place.reshape(len(numbers), -1),
        )

    def __len__(self) -> int:
        return len(self.sizes)


def _best(groups: _Groups, chunk: slice, n: int) -> tuple[Int64, Float64]:
    """Return the n best rows for each group of a chunk, best first, and their fractions s²/d."""
    products = groups.features[chunk] @ groups.scaled  # s / √d
    row, column = _candidates(products, n)
    n_features_of = groups.n_features_of[column]
    shared = np.rint(products[row, column] * np.sqrt(n_features_of))
    place = groups.place[shared.astype(np.intp), n_features_of.astype(np.intp)]
    n_places, n_members = len(groups.fractions), len(groups.members)
    order = row * n_places + place
    sizes = groups.sizes[column]
    # How many rows there are up to each place: what comes behind the n-th one's place is out.
    counts = np.bincount(order, weights=sizes, minlength=len(products) * n_places)
    enough = np.cumsum(counts.reshape(-1, n_places), axis=1) >= n
    kept = place <= enough.argmax(axis=1)[row]
    order, column, sizes = order[kept], column[kept], sizes[kept]
    # From groups to their members; then one number says it all: row, place, member.
    member = groups.members[ranges(groups.starts[column], sizes)]
    keys = np.sort(np.repeat(order * n_members, sizes) + member)
    per_row = np.bincount(row[kept], weights=sizes, minlength=len(products)).astype(np.int64)
    best = keys[(np.cumsum(per_row) - per_row)[:, None] + np.arange(n)]
    order, member = np.divmod(best, n_members)
    return member, groups.fractions[order % n_places]


def _candidates(products: Float32, n: int) -> tuple[Int64, Int64]:
    """Return rows and columns of all products that may be among their row's n highest.

    At least n columns reach the n-th highest of the blocks' maxima, so whatever is lower is out.
    Finding it takes a fraction of what partitioning the columns themselves would take.
    """
    height, width = products.shape
    n_blocks = width // max(width // (_BLOCKS_A_NEIGHBOUR * n), 1)
    if n_blocks <= n:
        return np.divmod(np.arange(products.size), width)
    a_block = width // n_blocks
    # A block is every n_blocks-th column: these maxima are quick, and near columns are alike.
    maxima = products[:, : a_block * n_blocks].reshape(height, a_block, n_blocks).max(axis=1)
    bound = np.partition(maxima, n_blocks - n, axis=1)[:, n_blocks - n]
    found = np.flatnonzero(products >= bound[:, None] * np.float32(1 - _SLACK))
    return np.divmod(found, width)
