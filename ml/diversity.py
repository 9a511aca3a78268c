"""Change the order of a list: more unlike each other, more or less popular, tired titles lower.

All of it works on places of a list that is in order already, so it does not matter in which unit
a method measures relevance.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from ml.errors import DataError

FloatArray = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]


def maximal_marginal_relevance(
    features: npt.NDArray[np.number], trade_off: float, n_places: int
) -> Int64Array:
    """Return an order in which each title is both far up and unlike those before it, int64 [n].

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): the next title is the one with
    the highest ``(1 - t) · r - t · max cosine to those before it``, where the relevance ``r`` falls
    evenly from 1 for the first place to 0 behind the last. Ties go to the title further up. Titles
    behind the first ``n_places`` keep their places.

    Args:
        features: [n, n_features], of the titles in the list's order; a title without a feature is
            unlike every other.
        trade_off: ``t``, from 0 (the list as it is) to 1 (relevance counts for nothing).
        n_places: among how many titles from the first on is chosen; memory and time grow with its
            square.

    Returns:
        positions in the list as it was given, in the new order.

    Raises:
        DataError: ``trade_off`` or ``n_places`` is out of range.
    """
    if not 0 <= trade_off <= 1 or n_places < 0:
        raise DataError("The trade-off must be from 0 to 1, and the number of places not negative.")
    order = np.arange(len(features), dtype=np.int64)
    n = min(n_places, len(features))
    if trade_off == 0 or n < 2:
        return order
    near = _cosines(np.asarray(features[:n], dtype=np.float64)) * trade_off
    value = (1 - trade_off) * (1 - np.arange(n) / n)
    # The cosine to the nearest of those chosen, times the trade-off; cosines of one-hot features
    # are never below 0.
    nearest = np.zeros(n)
    for place in range(n):
        chosen = int(np.argmax(value - nearest))
        order[place] = chosen
        value[chosen] = -np.inf
        np.maximum(nearest, near[chosen], out=nearest)
    return order


def by_popularity(members: npt.NDArray[np.number], weight: float) -> Int64Array:
    """Return the order with popular titles moved up, or down where the weight is below 0.

    Ordered by ``normal score of the place + weight · z``, where ``z`` is the logarithm of the
    members brought to mean 0 and standard deviation 1 over the list, and the normal score is the
    quantile of the standard normal distribution that belongs to the place (van der Waerden, 1952).
    So both parts have the same unit, and at a weight of 1 the same say. Ties keep their order.

    Args:
        members: [n], not negative, of the titles in the list's order.
        weight: any; 0 leaves the list as it is.

    Returns:
        positions in the list as it was given, int64 [n].
    """
    n = len(members)
    if weight == 0 or n < 2:
        return np.arange(n, dtype=np.int64)
    logarithm = np.log1p(np.asarray(members, dtype=np.float64))
    spread = float(logarithm.std())
    if spread == 0:
        return np.arange(n, dtype=np.int64)
    of_place = ndtri(1 - (np.arange(n) + 0.5) / n)
    value = of_place + weight * (logarithm - logarithm.mean()) / spread
    return np.argsort(-value, kind="stable").astype(np.int64)


def moved_down(places: npt.NDArray[np.integer]) -> Int64Array:
    """Return the order in which each title comes behind as many others as it is moved down.

    Args:
        places: [n], by how many places each title of the list moves down; 0 for most.

    Returns:
        positions in the list as it was given, int64 [n]. Others that are moved too do not count:
        two titles that move by the same number keep their order.
    """
    shift = np.asarray(places, dtype=np.int64)
    # Half a place more, so that it comes behind the title whose place it reaches.
    key = 2 * (np.arange(len(shift), dtype=np.int64) + shift) + (shift > 0)
    return np.argsort(key, kind="stable").astype(np.int64)


def _cosines(features: FloatArray) -> FloatArray:
    """Return the cosine of every two rows, 0 for a row without a feature; float64 [n, n]."""
    length = np.sqrt(np.einsum("ij,ij->i", features, features))
    unit = features / np.where(length > 0, length, 1)[:, np.newaxis]
    return np.asarray(unit @ unit.T)
