"""A training part in which every score is as frequent as every other.

The reference system tried this against predictions that crowd in the middle. It throws most rows
away; :mod:`ml.ordinal` gets further without.
"""

import numpy as np

from ml.data import HIGHEST_SCORE, Ratings
from ml.errors import TooLittleData


def balanced_subset(ratings: Ratings, *, seed: int) -> Ratings:
    """Return as many rows of each score as the rarest score that occurs has, in their order.

    Scores that nobody gave are left out, as are rows without a score. The rows of a score are
    drawn without replacement.

    Args:
        ratings: n rows.
        seed: another seed draws other rows.

    Raises:
        TooLittleData: there is no scored row.
    """
    counts = np.bincount(ratings.score, minlength=HIGHEST_SCORE + 1)[1:]
    occurring = np.flatnonzero(counts) + 1
    if not occurring.size:
        raise TooLittleData("There is not one scored row to draw from.")
    size = int(counts[counts > 0].min())
    generator = np.random.default_rng(seed)
    chosen = [
        generator.choice(np.flatnonzero(ratings.score == score), size, replace=False)
        for score in occurring
    ]
    return ratings.take(np.sort(np.concatenate(chosen)))
