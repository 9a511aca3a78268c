"""Which titles belong to one franchise, and which of them one begins with: from titles alone.

The data set has no relations between titles. Pure functions on the catalogue's columns, so that
they can be measured on the real file without a database.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def franchises(keys: Sequence[str]) -> npt.NDArray[np.int64]:
    """The franchise of each title, numbered from 0: int64 [n]."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def entry_points(
    *, franchise: npt.NDArray[np.int64], types: Sequence[str], members: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which titles one begins a franchise with, one of each: bool [n].

    That is the title with the most members, of those that are no special and no music video where
    the franchise has others.
    """
    is_extra = np.array([kind in ("Special", "Music") for kind in types], dtype=bool)
    order = np.lexsort((-members, is_extra, franchise))
    _, first = np.unique(franchise[order], return_index=True)
    is_entry = np.zeros(len(members), dtype=bool)
    is_entry[order[first]] = True
    return is_entry
