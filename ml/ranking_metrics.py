"""How good ranked lists are: whether they hold what is relevant, and what else they are like.

Lists are [n, m] rows of titles, best first, -1 filling those that are shorter than m. A place
without a title is a miss where hits are counted, and is left out where titles are described.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.errors import DataError, TooLittleData

FloatArray = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]


def ndcg_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return each rater's normalised discounted cumulative gain.

    Binary gain, discount 1/log2(rank + 1), divided by the best list of min(k, number of relevant
    titles) (Järvelin & Kekäläinen, TOIS 2002).

    Args:
        ranked: [n, m] rows of titles, best first; -1 fills lists that are shorter than m.
        relevant: bool CSR [n, n_items], True where a title is relevant.
        k: length that is looked at; places after the m-th count as misses.

    Returns:
        float64 [n], from 0 to 1.

    Raises:
        TooLittleData: a rater has no relevant title, so that there is no ideal.
        DataError: shapes or rows do not fit.
    """
    hits, n_relevant = _hits(ranked, relevant, k)
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(discounts)[np.minimum(k, n_relevant) - 1]
    return np.asarray(hits @ discounts[: hits.shape[1]] / ideal, dtype=np.float64)


def recall_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return each rater's share of relevant titles among the first k. See :func:`ndcg_at_k`."""
    hits, n_relevant = _hits(ranked, relevant, k)
    return np.asarray(hits.sum(axis=1) / n_relevant, dtype=np.float64)


def precision_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return each rater's relevant titles among the first k, over k. See :func:`ndcg_at_k`."""
    hits, _ = _hits(ranked, relevant, k)
    return np.asarray(hits.sum(axis=1) / k, dtype=np.float64)


def hit_rate_at_k(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> FloatArray:
    """Return 1 for each rater with a relevant title among the first k, else 0.

    See :func:`ndcg_at_k`.
    """
    hits, _ = _hits(ranked, relevant, k)
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def recommendation_counts(ranked: npt.NDArray[np.integer], n_items: int, k: int) -> Int64Array:
    """Return in how many of the lists each title is among the first k, int64 [n_items].

    Raises:
        DataError: the shape or a row does not fit.
    """
    places = _places(ranked, n_items, k)
    return np.bincount(places[places >= 0], minlength=n_items).astype(np.int64)


def catalogue_coverage_at_k(ranked: npt.NDArray[np.integer], n_items: int, k: int) -> float:
    """Return the share of the titles that is among the first k of somebody's list.

    Raises:
        TooLittleData: there are no titles.
        DataError: as :func:`recommendation_counts`.
    """
    if n_items < 1:
        raise TooLittleData("A catalogue without titles cannot be covered.")
    return float(np.mean(recommendation_counts(ranked, n_items, k) > 0))


def gini(counts: npt.ArrayLike) -> float:
    """Return the Gini coefficient of how often titles are recommended.

    0: each title as often as any other; nearly 1: a few titles have all the places. With the n
    counts in ascending order it is Σ (2i - n - 1) x_i / (n Σ x_i).

    Raises:
        DataError: a count is negative or not a number.
        TooLittleData: nothing is recommended.
    """
    ascending = np.sort(np.asarray(counts, dtype=np.float64))
    if ascending.ndim != 1 or not np.all(ascending >= 0):
        raise DataError("Expected one row of counts, none negative.")
    n, total = ascending.size, ascending.sum()
    if not total:
        raise TooLittleData("Nothing is recommended, so there is nothing to be unequal.")
    return float((2 * np.arange(1, n + 1) - n - 1) @ ascending / (n * total))


def list_mean_at_k(
    ranked: npt.NDArray[np.integer], title_values: npt.ArrayLike, k: int
) -> FloatArray:
    """Return the mean of a property of the first k titles of each list, float64 [n].

    Args:
        ranked: the lists.
        title_values: [n_items], the property.
        k: length that is looked at.

    Raises:
        TooLittleData: a list is empty.
        DataError: shapes or rows do not fit, or a value is not finite.
    """
    values = np.asarray(title_values, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DataError("Expected one finite value for each title.")
    places = _places(ranked, values.size, k)
    filled = places >= 0
    lengths = filled.sum(axis=1)
    if not np.all(lengths):
        raise TooLittleData("A list is empty; leave such raters out.")
    return np.asarray(np.where(filled, values[places], 0.0).sum(axis=1) / lengths, dtype=np.float64)


def self_information(n_watchers: npt.ArrayLike, n_raters: int) -> FloatArray:
    """Return -log2 of the share of raters who watched each title, in bits, float64 [n_items].

    Its mean over a list is the list's novelty (Zhou et al., PNAS 2010). A title that nobody
    watched counts as watched by one, since its own value would be infinite.

    Raises:
        TooLittleData: there are no raters.
        DataError: a title has more watchers than there are raters, or fewer than none.
    """
    watchers = np.asarray(n_watchers, dtype=np.float64)
    if n_raters < 1:
        raise TooLittleData("There are no raters to have watched anything.")
    if not np.all((watchers >= 0) & (watchers <= n_raters)):
        raise DataError(f"A title has fewer than 0 or more than {n_raters} watchers.")
    return np.asarray(-np.log2(np.maximum(watchers, 1) / n_raters), dtype=np.float64)


def popularity_percentile(n_watchers: npt.ArrayLike) -> FloatArray:
    """Return the share of titles that have fewer watchers than each title, float64 [n_items].

    Titles with as many watchers, itself included, count half: from 0 to 1, 0.5 on average.

    Raises:
        TooLittleData: there are no titles.
    """
    watchers = np.asarray(n_watchers)
    if not watchers.size:
        raise TooLittleData("There are no titles.")
    ascending = np.sort(watchers)
    fewer = np.searchsorted(ascending, watchers, side="left")
    at_most = np.searchsorted(ascending, watchers, side="right")
    return np.asarray((fewer + at_most) / (2 * watchers.size), dtype=np.float64)


def _places(ranked: npt.NDArray[np.integer], n_items: int, k: int) -> Int64Array:
    """Return the first k places of each list, checked."""
    if k < 1 or ranked.ndim != 2:
        raise DataError(f"Expected ranked lists [n, m] and k ≥ 1, not {ranked.shape}, k = {k}.")
    if ranked.size and (ranked.min() < -1 or ranked.max() >= n_items):
        raise DataError(f"A ranked title is not in [-1, {n_items}).")
    return ranked[:, :k].astype(np.int64)


def _hits(
    ranked: npt.NDArray[np.integer], relevant: "sparse.csr_array[np.bool_]", k: int
) -> tuple[npt.NDArray[np.bool_], Int64Array]:
    """Return which of the first k places are relevant [n, min(k, m)] and how many are in all."""
    n_users, n_items = relevant.shape
    places = _places(ranked, n_items, k)
    if len(places) != n_users:
        raise DataError(f"Expected {n_users} ranked lists, not {len(places)}.")
    pairs = _sorted_cells(relevant)
    n_relevant = np.bincount(pairs // max(n_items, 1), minlength=n_users).astype(np.int64)
    if not np.all(n_relevant):
        raise TooLittleData("A rater has no relevant title; leave such raters out.")
    return _among(pairs, places, n_items), n_relevant


def listed_in(
    ranked: npt.NDArray[np.integer], cells: "sparse.csr_array[np.bool_]"
) -> npt.NDArray[np.bool_]:
    """Return which places hold a title that is stored for their rater, bool, shape of ``ranked``.

    Args:
        ranked: the lists [n, m].
        cells: CSR [n, n_items]; every stored cell counts.
    """
    return _among(_sorted_cells(cells), ranked.astype(np.int64), cells.shape[1])


def _sorted_cells(cells: "sparse.csr_array[np.bool_]") -> Int64Array:
    """Return row * n_items + column of each stored cell, ascending and without duplicates."""
    stored = cells.tocoo()
    pairs = np.sort(stored.row.astype(np.int64) * cells.shape[1] + stored.col)
    return pairs[np.diff(pairs, prepend=-1) > 0]


def _among(pairs: Int64Array, places: Int64Array, n_items: int) -> npt.NDArray[np.bool_]:
    """Return which places are among the pairs; a search, since hashing takes ten times as long."""
    if not pairs.size:
        return np.zeros(places.shape, dtype=bool)
    keys = np.arange(len(places))[:, None] * n_items + places
    found = pairs[np.minimum(np.searchsorted(pairs, keys), pairs.size - 1)] == keys
    return np.asarray(found & (places >= 0), dtype=bool)
