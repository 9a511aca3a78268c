"""RecommenderNet without torch: what a web process loads to predict scores.

The first layer's half for each title was computed when the model was stored (see
:mod:`ml.scorer_arrays`). What is left for a request is one matrix product and two maxima: since
``relu(x + a) = max(x, -a) + a``, a layer needs no addition of its own where the next one can take
the constant ``a`` into its bias.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError
from ml.fold_in import GaussianPrior, most_probable
from ml.predictor_inputs import (
    UNKNOWN,
    checked_history,
    checked_pairs,
    checked_rater,
    checked_rows,
    checked_vector,
)
from ml.scorer_arrays import scorer_arrays
from ml.weights import RecommenderNetWeights

__all__ = ["UNKNOWN", "RecommenderNetScorer", "clip_score"]

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.integer]

FOLD_IN_STEPS: Final = 10
_CHUNK: Final = 1024  # rows whose two hidden layers stay within a core's cache
_SMALLEST_VARIANCE: Final = 1e-6

_ARRAY_NAMES: Final = (
    "item_hidden",
    "user_embedding",
    "user_to_hidden",
    "hidden_weight",
    "hidden_bias",
    "output_weight",
    "output_bias",
    "prior_mean",
    "prior_precision",
    "mean_item_hidden",
    "residual_variance",
)


def clip_score(predictions: npt.ArrayLike) -> FloatArray:
    """Return predictions moved into the range of scores, 1 to 10 (float32, same shape)."""
    return np.clip(np.asarray(predictions, dtype=np.float32), LOWEST_SCORE, HIGHEST_SCORE)


class RecommenderNetScorer:
    """Predicts scores from the arrays of :func:`scorer_arrays`.

    The arrays may be read-only memory maps: they are never written to. Predictions are float32
    score points, not clipped (see :func:`clip_score`).

    Raises:
        DataError: an array is missing or the shapes do not fit one another.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        missing = [name for name in _ARRAY_NAMES if name not in arrays]
        if missing:
            raise DataError(f"Arrays of the scorer are missing: {', '.join(missing)}.")
        self._arrays = {name: arrays[name] for name in _ARRAY_NAMES}
        self._item_hidden = _typed(arrays["item_hidden"], np.float32)
        self._users = _typed(arrays["user_embedding"], np.float32)
        self._user_to_hidden = _typed(arrays["user_to_hidden"], np.float32)
        self._hidden_weight = _typed(arrays["hidden_weight"], np.float32)
        self._hidden_bias = _typed(arrays["hidden_bias"], np.float32)
        self._output_weight = _typed(arrays["output_weight"], np.float32)
        self._output_bias = _typed(arrays["output_bias"], np.float32)
        self._mean_item_hidden = _typed(arrays["mean_item_hidden"], np.float32)
        self._prior = GaussianPrior(
            arrays["prior_mean"].astype(np.float64), arrays["prior_precision"].astype(np.float64)
        )
        self._noise_variance = max(float(arrays["residual_variance"]), _SMALLEST_VARIANCE)
        self._check_shapes()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build a scorer from :meth:`arrays`' form, for example from a loaded artifact."""
        return cls(arrays)

    @classmethod
    def from_weights(cls, weights: RecommenderNetWeights) -> Self:
        """Build a scorer straight from a training's result."""
        return cls(scorer_arrays(weights))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores."""
        return dict(self._arrays)

    def _check_shapes(self) -> None:
        first, dim = self._user_to_hidden.shape
        second = self._hidden_bias.size
        expected = {
            "item_hidden": (len(self._item_hidden), first),
            "user_embedding": (len(self._users), dim),
            "hidden_weight": (second, first),
            "hidden_bias": (second,),
            "output_weight": (second,),
            "output_bias": (1,),
            "prior_mean": (dim,),
            "prior_precision": (dim, dim),
            "mean_item_hidden": (first,),
        }
        for name, shape in expected.items():
            if self._arrays[name].shape != shape:
                raise DataError(f"{name} must have shape {shape}, not {self._arrays[name].shape}.")

    @property
    def n_users(self) -> int:
        """Number of raters with a row."""
        return len(self._users)

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return len(self._item_hidden)

    @property
    def prior_vector(self) -> FloatArray:
        """float32 [d]: the mean vector of the trained raters, for somebody unknown."""
        return self._prior.mean.astype(np.float32)

    def user_vector(self, user_index: int) -> FloatArray:
        """Return a trained rater's vector (float32 [d], a copy).

        Raises:
            DataError: there is no such row.
        """
        vector: FloatArray = self._users[checked_rater(user_index, self.n_users)].copy()
        return vector

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return the predicted score of one rater for each title.

        Args:
            user_vector: float32 [d].
            item_index: rows of the titles [n]; None means every title, in order. -1 is a title
                without a row.

        Returns:
            float32 [n], not clipped.

        Raises:
            DataError: a shape or a row is out of range.
        """
        offset = self._user_to_hidden @ checked_vector(user_vector, self._prior.mean.size)
        n_rows = self.n_items if item_index is None else len(item_index)
        if item_index is not None:
            item_index = checked_rows("title", item_index, self.n_items)
        closed_below = np.repeat(-offset[np.newaxis], min(n_rows, _CHUNK), axis=0)

        def fill(first: FloatArray, rows: slice) -> None:
            titles = self._item_hidden[rows]
            if item_index is not None:
                titles = self._hidden_of_items(item_index[rows], out=first)
            np.maximum(titles, closed_below[: len(first)], out=first)

        return self._predict(n_rows, fill, self._hidden_weight @ offset + self._hidden_bias)

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the predicted score of each (rater, title) pair.

        Args:
            user_index: rows of the raters [n]; -1 is a rater without a row.
            item_index: rows of the titles [n]; -1 is a title without a row.

        Returns:
            float32 [n], not clipped.

        Raises:
            DataError: lengths differ or a row is out of range.
        """
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)

        def fill(first: FloatArray, rows: slice) -> None:
            # Rows are mostly in the order of raters, so a chunk has few of them.
            raters, of_row = np.unique(users[rows], return_inverse=True)
            vectors = self._users.take(raters, axis=0, mode="wrap")
            vectors[raters == UNKNOWN] = self._prior.mean
            self._hidden_of_items(items[rows], out=first)
            first += (vectors @ self._user_to_hidden.T).take(of_row, axis=0)
            np.maximum(first, 0, out=first)

        return self._predict(users.size, fill, self._hidden_bias)

    def fold_in(
        self,
        item_index: IndexArray,
        scores: npt.ArrayLike,
        start: FloatArray | None = None,
        n_steps: int = FOLD_IN_STEPS,
    ) -> FloatArray:
        """Return the vector of a rater who was not trained on, from the scores given so far.

        The network stays fixed; the vector is the most probable one under a Gaussian with the mean
        and covariance of the trained raters' vectors, and the network's residual variance as noise.
        The covariance and not the spread of each entry alone: trained vectors fill few directions.

        Args:
            item_index: rows of the watched titles [n], n ≥ 0.
            scores: [n], 1 to 10, or 0 for watched without a score, which changes nothing here.
            start: float32 [d], the mean to assume instead of the average rater, such as the
                rater's vector before the newest scores.
            n_steps: largest number of Gauss-Newton steps.

        Returns:
            float32 [d]; with no scores the mean itself.

        Raises:
            DataError: shapes, rows or scores do not fit.
        """
        items, given = checked_history(item_index, scores, self.n_items)
        items, targets = items[given > 0], given[given > 0]
        mean = self._prior.mean
        if start is not None:
            mean = checked_vector(start, mean.size).astype(np.float64)
        if not items.size:
            return mean.astype(np.float32)
        titles = self._hidden_of_items(items).astype(np.float64)
        vector = most_probable(
            lambda candidate: self._linearise(candidate, titles),
            targets,
            prior=GaussianPrior(mean, self._prior.precision),
            noise_variance=self._noise_variance,
            n_steps=n_steps,
        )
        return vector.astype(np.float32)

    def _linearise(
        self, vector: npt.NDArray[np.float64], titles: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the predictions [n] for the titles' halves [n, h1] and d prediction/d vector."""
        first = titles + self._user_to_hidden @ vector
        first_open = first > 0
        second = np.maximum(first, 0) @ self._hidden_weight.T + self._hidden_bias
        second_open = second > 0
        predictions = np.maximum(second, 0) @ self._output_weight + self._output_bias[0]
        backward = (second_open * self._output_weight) @ self._hidden_weight
        return predictions.astype(np.float64), (backward * first_open) @ self._user_to_hidden

    def _predict(
        self, n_rows: int, fill: Callable[[FloatArray, slice], None], constant: FloatArray
    ) -> FloatArray:
        """Return the predictions [n] of rows whose first layer is given a chunk at a time.

        Args:
            n_rows: n.
            fill: writes the first layer of some rows, after its ReLU and less what is constant
                over all rows, into an array [rows, h1].
            constant: float32 [h2], the second layer's bias and what that constant adds to it.
        """
        size = min(n_rows, _CHUNK)
        # Room of this call alone: a web process may predict in several threads.
        first = np.empty((size, self._hidden_weight.shape[1]), dtype=np.float32)
        second = np.empty((size, constant.size), dtype=np.float32)
        # A whole array, since numpy compares two of one shape in a single run.
        closed_below = np.repeat(-constant[np.newaxis], size, axis=0)
        predictions = np.empty(n_rows, dtype=np.float32)
        for start in range(0, n_rows, _CHUNK):
            rows = slice(start, min(start + _CHUNK, n_rows))
            n = rows.stop - start
            fill(first[:n], rows)
            np.matmul(first[:n], self._hidden_weight.T, out=second[:n])
            np.maximum(second[:n], closed_below[:n], out=second[:n])
            np.matmul(second[:n], self._output_weight, out=predictions[rows])
        predictions += constant @ self._output_weight + self._output_bias[0]
        return predictions

    def _hidden_of_items(self, item_index: IndexArray, out: FloatArray | None = None) -> FloatArray:
        """Return a copy of the titles' halves of the first layer, the mean for -1."""
        hidden = np.take(self._item_hidden, item_index, axis=0, out=out, mode="wrap")
        hidden[item_index == UNKNOWN] = self._mean_item_hidden
        return hidden


def _typed(array: npt.NDArray[Any], dtype: type[np.float32]) -> FloatArray:
    return array.astype(dtype, copy=False)
