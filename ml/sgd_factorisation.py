"""Biased matrix factorisation, the model that most recommenders are compared with.

A prediction is the mean, plus the rater's and the title's bias, plus a dot product (Koren, Bell &
Volinsky, IEEE Computer 2009). :mod:`ml.sgd_factorisation_fit` learns it by gradient steps.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.errors import DataError
from ml.predictor_inputs import (
    checked_history,
    checked_pairs,
    checked_rater,
    checked_rows,
    checked_vector,
)

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.integer]

_CHUNK: Final = 65_536  # pairs whose vectors are gathered at once
_ARRAY_NAMES: Final = (
    "user_vectors",
    "title_factors",
    "title_bias",
    "mean",
    "bias_weight_decay",
    "factor_weight_decay",
    "fold_in_rows",
)


class SgdFactorisation:
    """Predicts scores from biases and factors; a rater's vector is the bias, then the factors.

    The tables of titles have one row more than there are titles: the last one stands for a title
    without a row, which is what -1 picks. The arrays may be read-only memory maps. See
    :class:`ml.protocols.ScorePredictor`.

    Args:
        arrays: with n titles and d factors: float32 ``user_vectors`` [n_users, d + 1],
            ``title_factors`` [n + 1, d], ``title_bias`` [n + 1]; float64 [] ``mean``,
            ``bias_weight_decay`` and ``factor_weight_decay`` (a rater's, for each row) and
            ``fold_in_rows`` (rows that they count on top of a rater's own).

    Raises:
        DataError: an array is missing or the shapes do not fit one another.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        missing = [name for name in _ARRAY_NAMES if name not in arrays]
        if missing:
            raise DataError(f"Arrays of the factorisation are missing: {', '.join(missing)}.")
        self._arrays = {name: arrays[name] for name in _ARRAY_NAMES}
        self._users: FloatArray = arrays["user_vectors"].astype(np.float32, copy=False)
        self._factors: FloatArray = arrays["title_factors"].astype(np.float32, copy=False)
        self._bias: FloatArray = arrays["title_bias"].astype(np.float32, copy=False)
        self._check_shapes()
        self._mean = float(arrays["mean"])

    def _check_shapes(self) -> None:
        if self._factors.ndim != 2 or not len(self._factors):
            raise DataError("title_factors must be a table with a last row for unknown titles.")
        rows, d = self._factors.shape
        expected: dict[str, tuple[int, ...]] = dict.fromkeys(_ARRAY_NAMES, ())
        expected["user_vectors"] = (len(np.atleast_1d(self._users)), d + 1)
        expected["title_factors"], expected["title_bias"] = (rows, d), (rows,)
        for name, shape in expected.items():
            if self._arrays[name].shape != shape:
                raise DataError(f"{name} must have shape {shape}, not {self._arrays[name].shape}.")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, for example from a loaded artifact."""
        return cls(arrays)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores."""
        return dict(self._arrays)

    @property
    def n_users(self) -> int:
        """Number of raters with a row."""
        return len(self._users)

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return len(self._factors) - 1

    @property
    def prior_vector(self) -> FloatArray:
        """float32 [d + 1]: neither bias nor taste."""
        return np.zeros(self._users.shape[1], dtype=np.float32)

    def user_vector(self, user_index: int) -> FloatArray:
        """Return a trained rater's vector, float32 [d + 1], a copy.

        Raises:
            DataError: there is no such row.
        """
        vector: FloatArray = self._users[checked_rater(user_index, self.n_users)].copy()
        return vector

    def fold_in(self, item_index: IndexArray, scores: npt.ArrayLike) -> FloatArray:
        """Return the vector of a rater with these titles, float32 [d + 1], by ridge regression.

        It is where the gradient steps would come to rest with the titles fixed, but for
        ``fold_in_rows``, which draw a rater with few scores towards the prior.

        Args:
            item_index: rows of the watched titles [n].
            scores: [n], 1 to 10, or 0 for watched without a score, which does not count.

        Raises:
            DataError: shapes, rows or scores do not fit.
        """
        items, given = checked_history(item_index, scores, self.n_items)
        items, given = items[given > 0], given[given > 0]
        if not items.size:
            return self.prior_vector
        design = np.ones((items.size, self._users.shape[1]))
        design[:, 1:] = self._factors[items]
        pull = np.full(design.shape[1], float(self._arrays["factor_weight_decay"]))
        pull[0] = float(self._arrays["bias_weight_decay"])
        curvature = design.T @ design
        curvature += np.diag(pull * (items.size + float(self._arrays["fold_in_rows"])))
        residual = given - self._mean - self._bias[items]
        return np.linalg.solve(curvature, design.T @ residual).astype(np.float32)

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return one rater's predictions for titles, float32 [n], not clipped; None means all.

        Raises:
            DataError: a shape or a row is out of range.
        """
        vector = checked_vector(user_vector, self._users.shape[1])
        rows: slice | npt.NDArray[np.int64] = slice(self.n_items)
        if item_index is not None:
            rows = checked_rows("title", item_index, self.n_items)
        predictions: FloatArray = self._factors[rows] @ vector[1:]
        predictions += self._bias[rows] + np.float32(self._mean + vector[0])
        return predictions

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the prediction of each pair, float32 [n], not clipped; -1 has no bias or taste.

        Raises:
            DataError: lengths differ or a row is out of range.
        """
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)
        predictions = np.full(users.size, self._mean, dtype=np.float32)
        for start in range(0, users.size, _CHUNK):
            rows = slice(start, start + _CHUNK)
            predictions[rows] += self._bias[items[rows]]
            known = start + np.flatnonzero(users[rows] >= 0)
            vectors = self._users[users[known]]
            taste = np.einsum("ij,ij->i", vectors[:, 1:], self._factors[items[known]])
            predictions[known] += vectors[:, 0] + taste
        return predictions
