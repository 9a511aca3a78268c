"""Matrix factorisation that knows what was watched, without what fits it.

A prediction is a dot product of a rater's and a title's vector, plus their biases. A rater's
vector is the most probable one given the scores, under a Gaussian around a mean that the watched
titles give. :mod:`ml.matrix_factorisation_fit` learns the titles' side and the prior; serving
finds a vector in closed form, for somebody new just as for those who were trained on.
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
Float64Array = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.integer]

ROUNDS_OF_FOLD_IN: Final = 4
"""How often a rater's vector and noise are found in turn."""

_CHUNK: Final = 65_536  # pairs whose vectors are gathered at once
_ARRAY_NAMES: Final = (
    "title_factors",
    "title_bias",
    "title_variances",
    "title_noise",
    "title_implicit",
    "user_vectors",
    "prior_mean",
    "watched_mean",
    "prior_precision",
    "mean",
    "noise_variance",
    "rater_noise_weight",
)


class MatrixFactorisation:
    """Predicts scores from title vectors and one vector a rater.

    A rater's vector is float32 [d + 2]: the factors, the level (overall mean plus the rater's
    bias), and the rater's spread (standard deviation of the noise, in points), which predictions
    do not use. The tables of titles have one row more than there are titles: the last one stands
    for a title without a row, which is what -1 picks.

    The arrays may be read-only memory maps. See :class:`ml.protocols.ScorePredictor`.

    Args:
        arrays: with n titles and d factors: ``title_factors`` [n + 1, d], ``title_bias``
            [n + 1], ``title_variances`` [n + 1, d + 1], ``title_noise`` [n + 1] (factor to the
            noise variance), ``title_implicit`` [n + 1, d + 1], ``user_vectors`` [n_users, d + 2],
            all float32; float64 ``prior_mean`` [d + 1] of a rater who has watched nothing,
            ``watched_mean`` [d + 1], what is added to the watched titles' sum, ``prior_precision``
            [d + 1, d + 1], ``mean``, ``noise_variance`` and ``rater_noise_weight`` [].

    Raises:
        DataError: an array is missing or the shapes do not fit one another.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        missing = [name for name in _ARRAY_NAMES if name not in arrays]
        if missing:
            raise DataError(f"Arrays of the factorisation are missing: {', '.join(missing)}.")
        self._arrays = {name: arrays[name] for name in _ARRAY_NAMES}
        self._factors: FloatArray = arrays["title_factors"].astype(np.float32, copy=False)
        self._bias: FloatArray = arrays["title_bias"].astype(np.float32, copy=False)
        self._users: FloatArray = arrays["user_vectors"].astype(np.float32, copy=False)
        self._check_shapes()
        self._mean = float(arrays["mean"])
        self._noise_variance = float(arrays["noise_variance"])
        self._rater_noise_weight = float(arrays["rater_noise_weight"])

    def _check_shapes(self) -> None:
        if self._factors.ndim != 2 or self._users.ndim != 2:
            raise DataError("title_factors and user_vectors must be tables.")
        rows, d = self._factors.shape
        expected = {
            "title_bias": (rows,),
            "title_variances": (rows, d + 1),
            "title_noise": (rows,),
            "title_implicit": (rows, d + 1),
            "user_vectors": (len(self._users), d + 2),
            "prior_mean": (d + 1,),
            "watched_mean": (d + 1,),
            "prior_precision": (d + 1, d + 1),
            "mean": (),
            "noise_variance": (),
            "rater_noise_weight": (),
        }
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
        """float32 [d + 2]: the average rater, for somebody of whom nothing is known."""
        return self._vector(self._arrays["prior_mean"], self._noise_variance)

    def _vector(self, posterior: npt.NDArray[np.float64], noise: float) -> FloatArray:
        """Return a rater's vector [d + 2] from factors and bias [d + 1] and the noise variance."""
        vector = np.append(posterior, np.sqrt(noise))
        vector[-2] += self._mean
        return vector.astype(np.float32)

    def user_vector(self, user_index: int) -> FloatArray:
        """Return a trained rater's vector, float32 [d + 2], a copy.

        Raises:
            DataError: there is no such row.
        """
        vector: FloatArray = self._users[checked_rater(user_index, self.n_users)].copy()
        return vector

    def fold_in(self, item_index: IndexArray, scores: npt.ArrayLike) -> FloatArray:
        """Return the vector of a rater with these watched titles: that of training, all else fixed.

        Vector and noise are found in turn, each in closed form: the mean of the Gaussian
        posterior, and the mean expected square of the errors, drawn towards everybody's.

        Args:
            item_index: rows of the watched titles [n].
            scores: [n], 1 to 10, or 0 for watched without a score.

        Raises:
            DataError: shapes, rows or scores do not fit.
        """
        items, given = checked_history(item_index, scores, self.n_items)
        if not items.size:
            return self.prior_vector
        implicit = self._arrays["title_implicit"][items].sum(axis=0, dtype=np.float64)
        prior_mean = self._arrays["watched_mean"] + implicit / np.sqrt(items.size)
        items, given = items[given > 0], given[given > 0]
        if not items.size:
            return self._vector(prior_mean, self._noise_variance)
        return self._vector(*self._most_probable(items, given, prior_mean))

    def _most_probable(
        self, items: IndexArray, scores: Float64Array, prior_mean: Float64Array
    ) -> tuple[Float64Array, float]:
        """Return a rater's factors and bias [d + 1] and noise variance from scored titles."""
        d = self._factors.shape[1]
        design = np.ones((items.size, d + 1))
        design[:, :d] = self._factors[items]
        targets = scores - self._mean - self._bias[items]
        variances = self._arrays["title_variances"][items].astype(np.float64)
        factor_variances = variances * (np.arange(d + 1) < d)
        title_noise = self._arrays["title_noise"][items].astype(np.float64)
        prior_precision = self._arrays["prior_precision"].astype(np.float64, copy=False)
        weight = self._rater_noise_weight
        noise = self._noise_variance
        for last in range(ROUNDS_OF_FOLD_IN - 1, -1, -1):
            precision = 1 / (noise * title_noise)
            weighted = design * precision[:, None]
            curvature = prior_precision + weighted.T @ design
            curvature[np.diag_indices(d + 1)] += precision @ factor_variances
            covariance = np.linalg.inv(curvature)
            posterior = covariance @ (prior_precision @ prior_mean + weighted.T @ targets)
            if not last:
                break
            expected = (targets - design @ posterior) ** 2
            expected += variances @ np.append(posterior[:d] ** 2, 1.0)
            expected += (design**2 + factor_variances) @ np.diagonal(covariance)
            total = float((expected / title_noise).sum())
            noise = (total + weight * self._noise_variance) / (items.size + weight)
        return posterior, noise

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return one rater's predictions for titles, float32 [n], not clipped; None means all.

        Raises:
            DataError: a shape or a row is out of range.
        """
        vector = checked_vector(user_vector, self._users.shape[1])
        rows = self._title_rows(item_index)
        predictions: FloatArray = self._factors[rows] @ vector[:-2]
        predictions += self._bias[rows]
        predictions += vector[-2]
        return predictions

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the prediction of each pair, float32 [n], not clipped; -1 is the average.

        Raises:
            DataError: lengths differ or a row is out of range.
        """
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)
        predictions = np.empty(users.size, dtype=np.float32)
        for start in range(0, users.size, _CHUNK):
            rows = slice(start, start + _CHUNK)
            vectors = self._vectors(users[rows])
            predictions[rows] = np.einsum("ij,ij->i", vectors[:, :-2], self._factors[items[rows]])
            predictions[rows] += self._bias[items[rows]] + vectors[:, -2]
        return predictions

    def spread(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return the noise's standard deviation around one rater's predictions, float32 [n]."""
        vector = checked_vector(user_vector, self._users.shape[1])
        noise = self._arrays["title_noise"][self._title_rows(item_index)]
        return np.asarray(vector[-1] * np.sqrt(noise), dtype=np.float32)

    def spread_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the noise's standard deviation around each pair's prediction, float32 [n]."""
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)
        noise = self._arrays["title_noise"][items]
        of_raters = np.append(self._users[:, -1], self.prior_vector[-1])[users]
        return np.asarray(of_raters * np.sqrt(noise), dtype=np.float32)

    def _title_rows(self, item_index: IndexArray | None) -> slice | npt.NDArray[np.int64]:
        if item_index is None:
            return slice(self.n_items)
        return checked_rows("title", item_index, self.n_items)

    def _vectors(self, users: npt.NDArray[np.int64]) -> FloatArray:
        """Return raters' vectors [n, d + 2], the prior's for -1."""
        vectors = (
            np.take(self._users, users, axis=0, mode="wrap")
            if self.n_users
            else (np.empty((users.size, self._users.shape[1]), dtype=np.float32))
        )
        vectors[users < 0] = self.prior_vector
        return vectors
