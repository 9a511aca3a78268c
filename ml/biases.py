"""Who scores high and what is scored high: the simplest predictor that others must beat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.checks import real_number, whole_number
from ml.data import Ratings
from ml.errors import DataError
from ml.predictor_inputs import (
    checked_history,
    checked_pairs,
    checked_rater,
    checked_rows,
    checked_training_rows,
    checked_vector,
)
from ml.settings import Settings

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.integer]

_ARRAY_NAMES: Final = ("user_bias", "item_bias", "mean", "rater_damping")


@dataclass(frozen=True, kw_only=True)
class BiasesConfig(Settings):
    """How far biases of few scores are drawn towards 0; chosen by validation error.

    Attributes:
        rater_damping: a rater's bias is the sum of residuals over (number of scores + this).
        title_damping: the same for a title's.
        n_passes: how often titles and raters are estimated in turn.
    """

    rater_damping: float = 5.0
    title_damping: float = 5.0
    n_passes: int = 10

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        real_number("rater_damping", self.rater_damping, 0.0, 1e6)
        real_number("title_damping", self.title_damping, 0.0, 1e6)
        whole_number("n_passes", self.n_passes, 1, 1000)


class Biases:
    """Predicts ``mean + bias of the rater + bias of the title``; a rater's vector is the bias [1].

    The arrays may be read-only memory maps. See :class:`ml.protocols.ScorePredictor`.

    Args:
        arrays: ``user_bias`` float32 [n_users], ``item_bias`` float32 [n_items], ``mean`` and
            ``rater_damping`` float64 [].

    Raises:
        DataError: an array is missing or has the wrong shape.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        missing = [name for name in _ARRAY_NAMES if name not in arrays]
        if missing:
            raise DataError(f"Arrays of the biases are missing: {', '.join(missing)}.")
        self._arrays = {name: arrays[name] for name in _ARRAY_NAMES}
        for name, n_dimensions in zip(_ARRAY_NAMES, (1, 1, 0, 0), strict=True):
            if self._arrays[name].ndim != n_dimensions:
                raise DataError(f"{name} must have {n_dimensions} dimensions.")
        self._users: FloatArray = arrays["user_bias"].astype(np.float32, copy=False)
        self._items: FloatArray = arrays["item_bias"].astype(np.float32, copy=False)
        self._mean = float(arrays["mean"])
        self._rater_damping = float(arrays["rater_damping"])

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form."""
        return cls(arrays)

    @classmethod
    def fit(cls, train: Ratings, config: BiasesConfig | None = None) -> Self:
        """Estimate the biases in turn, by damped means of residuals (Koren 2009, section 2.1).

        Args:
            train: rows to learn from; those without a score do not count.
            config: settings; None takes the defaults.

        Raises:
            TooLittleData: there is no scored row.
        """
        config = config or BiasesConfig()
        rows = checked_training_rows(train)
        mean = float(rows.score.mean())
        residual = rows.score - mean
        user_bias = np.zeros(rows.n_users)
        item_bias = np.zeros(rows.n_items)
        for _ in range(config.n_passes):
            item_bias = _damped_means(
                rows.item_index,
                residual - user_bias[rows.user_index],
                rows.n_items,
                config.title_damping,
            )
            user_bias = _damped_means(
                rows.user_index,
                residual - item_bias[rows.item_index],
                rows.n_users,
                config.rater_damping,
            )
        return cls(
            {
                "user_bias": user_bias.astype(np.float32),
                "item_bias": item_bias.astype(np.float32),
                "mean": np.asarray(mean),
                "rater_damping": np.asarray(config.rater_damping),
            }
        )

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
        return len(self._items)

    @property
    def prior_vector(self) -> FloatArray:
        """float32 [1]: no bias."""
        return np.zeros(1, dtype=np.float32)

    def user_vector(self, user_index: int) -> FloatArray:
        """Return a rater's bias, float32 [1]. Raises DataError where there is no such row."""
        row = checked_rater(user_index, self.n_users)
        return self._users[row : row + 1].copy()

    def fold_in(self, item_index: IndexArray, scores: npt.ArrayLike) -> FloatArray:
        """Return the bias [1] that :meth:`fit` would give a rater with these scores (0: none).

        Raises:
            DataError: shapes, rows or scores do not fit.
        """
        items, given = checked_history(item_index, scores, self.n_items)
        items, given = items[given > 0], given[given > 0]
        if not items.size:
            return self.prior_vector
        total = np.sum(given - self._mean - self._item_bias(items))
        return np.array([total / (items.size + self._rater_damping)], dtype=np.float32)

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return one rater's predictions for titles, float32 [n]; None means every title.

        Raises:
            DataError: a shape or a row is out of range.
        """
        bias = checked_vector(user_vector, 1)[0]
        items = None if item_index is None else checked_rows("title", item_index, self.n_items)
        predictions: FloatArray = self._item_bias(items) + np.float32(self._mean + bias)
        return predictions

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the prediction of each (rater, title) pair, float32 [n]; -1 has no bias.

        Raises:
            DataError: lengths differ or a row is out of range.
        """
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)
        bias = np.append(self._users, np.float32(0))[users]
        predictions: FloatArray = self._item_bias(items) + (np.float32(self._mean) + bias)
        return predictions

    def _item_bias(self, items: IndexArray | None) -> FloatArray:
        """Return the titles' biases; a title without a row has none."""
        return self._items if items is None else np.append(self._items, np.float32(0))[items]


def _damped_means(
    rows: IndexArray, residual: npt.NDArray[np.float64], size: int, damping: float
) -> npt.NDArray[np.float64]:
    """Return sum / (number + damping) of the residuals of each row, 0 where there are none."""
    total = np.bincount(rows, weights=residual, minlength=size)
    count = np.bincount(rows, minlength=size)
    return np.asarray(total / np.maximum(count + damping, 1e-12))
