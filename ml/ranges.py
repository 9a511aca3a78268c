"""Many ranges of rows at once: how grouped rows are taken in another order."""

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]


def ranges(starts: Int64, lengths: Int64) -> Int64:
    """Return the numbers of several ranges, one range after the other.

    Args:
        starts: [n], the first number of each range.
        lengths: [n], how many numbers it has; 0 is allowed.
    """
    shift = starts - (np.cumsum(lengths) - lengths)
    numbers: Int64 = np.repeat(shift, lengths) + np.arange(lengths.sum())
    return numbers
