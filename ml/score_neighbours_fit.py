"""Find the neighbours of :class:`ml.score_neighbours.ScoreNeighbours`, with numba."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.compiled import compiled
from ml.data import Ratings
from ml.errors import Cancelled, DataError
from ml.matrix_factorisation import MatrixFactorisation
from ml.predictor_inputs import checked_training_rows
from ml.score_neighbours import ScoreNeighbours, ScoreNeighboursConfig, stored_errors

Array = npt.NDArray[Any]

_TITLES_AT_ONCE: Final = 256


def fit(
    train: Ratings,
    validation: Ratings | None,
    base: MatrixFactorisation,
    config: ScoreNeighboursConfig,
    *,
    gain: float = 1.0,
    should_stop: Callable[[], bool] | None = None,
) -> ScoreNeighbours:
    """Find each title's nearest titles by the correlation of the factorisation's errors.

    Errors are divided by the factorisation's spread first, so that erratic raters count for less.
    Only titles whose errors go the same way become neighbours.

    Args:
        train: the rows that ``base`` was fitted on; those without a score do not count.
        validation: scored rows that set the gain by least squares, or None.
        base: the factorisation.
        config: settings.
        gain: where there are no validation rows.
        should_stop: asked for every 256 titles; True ends the fit.

    Raises:
        TooLittleData: no scored training row.
        DataError: sizes differ, or a validation row has no score.
        Cancelled: ``should_stop`` said so.
    """
    rows = checked_training_rows(train, validation)
    if (rows.n_users, rows.n_items) != (base.n_users, base.n_items):
        raise DataError("The rows must be of the factorisation's raters and titles.")
    order = np.lexsort((rows.item_index, rows.user_index))
    rows = rows.take(order)
    errors = stored_errors(rows.score - base.predict_pairs(rows.user_index, rows.item_index))
    indptr = _starts(rows.user_index, rows.n_users)
    standardised = errors / base.spread_pairs(rows.user_index, rows.item_index)
    index, weight = _neighbours(rows, indptr, standardised, config, should_stop)
    found = ScoreNeighbours(
        base,
        {
            "neighbour_index": index,
            "neighbour_weight": weight,
            "error_indptr": indptr,
            "error_index": rows.item_index.astype(np.int32),
            "error": errors,
            "damping": np.asarray(config.damping),
            "gain": np.asarray(float(gain)),
        },
    )
    if validation is None or not len(validation):
        return found
    return found.with_gain(_best_gain(found.with_gain(1.0), validation))


def _best_gain(model: ScoreNeighbours, validation: Ratings) -> float:
    """Return the gain that leaves the least squares, never below 0; 0 where nothing corrects."""
    pairs = validation.user_index, validation.item_index
    before = model.base.predict_pairs(*pairs).astype(np.float64)
    corrections = model.predict_pairs(*pairs).astype(np.float64) - before
    total = float(corrections @ corrections)
    return max(float(corrections @ (validation.score - before)) / total, 0.0) if total else 0.0


def _starts(index: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.int64]:
    counts = np.bincount(index, minlength=size)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _neighbours(
    rows: Ratings,
    rater_starts: npt.NDArray[np.int64],
    errors: npt.NDArray[np.float32],
    config: ScoreNeighboursConfig,
    should_stop: Callable[[], bool] | None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the nearest titles of each [n_items, k] and their weights, 0 where there are fewer."""
    n, k = rows.n_items, min(config.n_neighbours, rows.n_items)
    by_title = np.argsort(rows.item_index, kind="stable")
    raters_by_title, errors_by_title = rows.user_index[by_title], errors[by_title]
    title_starts = _starts(rows.item_index, n)
    squares = np.bincount(rows.item_index, weights=errors.astype(np.float64) ** 2, minlength=n)
    length = np.sqrt(np.maximum(squares, 1e-12))
    index = np.zeros((n, k), dtype=np.int32)
    weight = np.zeros((n, k), dtype=np.float32)
    products = np.empty((_TITLES_AT_ONCE, n), dtype=np.float32)
    counts = np.empty((_TITLES_AT_ONCE, n), dtype=np.float32)
    for start in range(0, n, _TITLES_AT_ONCE):
        if should_stop is not None and should_stop():
            raise Cancelled(f"Stopped at title {start} of {n}.")
        stop = min(start + _TITLES_AT_ONCE, n)
        products[:], counts[:] = 0, 0
        _accumulate(
            start,
            stop,
            title_starts,
            raters_by_title,
            errors_by_title,
            rater_starts,
            rows.item_index,
            errors,
            products,
            counts,
        )
        size = stop - start
        near = np.maximum(products[:size] / (length[start:stop, None] * length), 0)
        near *= counts[:size] / np.maximum(counts[:size] + config.shrinkage, 1e-12)
        near[np.arange(size), np.arange(start, stop)] = 0
        best = np.sort(np.argpartition(-near, k - 1, axis=1)[:, :k], axis=1)
        index[start:stop] = best
        weight[start:stop] = np.take_along_axis(near, best, axis=1) ** config.power
    return index, weight


@compiled()
def _accumulate(  # noqa: PLR0917
    start: int,
    stop: int,
    title_starts: Array,
    raters: Array,
    own_errors: Array,
    rater_starts: Array,
    titles: Array,
    errors: Array,
    products: Array,
    counts: Array,
) -> None:
    """Add up, for titles ``start`` to ``stop``, the products of errors with every title [n]."""
    for title in range(start, stop):
        for entry in range(title_starts[title], title_starts[title + 1]):
            rater = raters[entry]
            for other in range(rater_starts[rater], rater_starts[rater + 1]):
                products[title - start, titles[other]] += own_errors[entry] * errors[other]
                counts[title - start, titles[other]] += 1
