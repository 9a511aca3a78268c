"""Where titles that nobody has rated yet come into a list.

No model can know them, so they would stay at the end for ever and never be rated. A fixed share of
the places is theirs, in the order of what their features let one guess.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import DataError

IndexArray = npt.NDArray[np.int64]

EVERY: Final = 20
"""Every twentieth place of a list, the 20th first: a share of 5 %."""


def interleave(known: IndexArray, unknown: IndexArray, every: int = EVERY) -> IndexArray:
    """Return one order of both, [n + m]: places ``every``, 2 × ``every``, … from ``unknown``.

    When one of them has run out, the other goes on by itself.

    Args:
        known: [n], the best first.
        unknown: [m], the best first, none of them in ``known``.
        every: distance of the places; 1 gives ``unknown`` every place.

    Raises:
        DataError: ``every`` is not at least 1.
    """
    if every < 1:
        raise DataError(f"every must be at least 1, not {every}.")
    places = np.arange(1, len(unknown) + 1, dtype=np.int64) * every - 1
    # Beyond the end of the known ones the unknown follow each other without a gap.
    places = np.minimum(places, len(known) + np.arange(len(unknown)))
    merged = np.empty(len(known) + len(unknown), dtype=np.int64)
    own = np.zeros(merged.size, dtype=bool)
    own[places] = True
    merged[own], merged[~own] = unknown, known
    return merged
