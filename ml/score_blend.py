"""The best score predictor there is: a weighted sum of several, as far as each one helps."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.biases import Biases
from ml.data import Ratings
from ml.errors import DataError, TooLittleData
from ml.matrix_factorisation import MatrixFactorisation
from ml.metrics import rmse
from ml.predictor_inputs import checked_history, checked_pairs, checked_rater, checked_vector
from ml.protocols import ScorePredictor
from ml.score_neighbours import ScoreNeighbours
from ml.serving import RecommenderNetScorer, clip_score

FloatArray = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.integer]

KINDS: Final[Mapping[str, Any]] = {
    "biases": Biases,
    "matrix_factorisation": MatrixFactorisation,
    "recommender_net": RecommenderNetScorer,
    "score_neighbours": ScoreNeighbours,
}
"""What a part may be, by the name it has in a blend and in an artifact."""

MIN_GAIN: Final = 5e-4
"""A part has to lower the validation RMSE by this much to be worth its time and space."""

_RIDGE: Final = 1.0


class ScoreBlend:
    """Predicts ``intercept + sum of weight · prediction`` over its parts.

    A rater's vector is the parts' vectors, one after the other in the order of :attr:`parts`.
    See :class:`ml.protocols.ScorePredictor`.

    Args:
        parts: predictors of the same raters and titles, named as in :data:`KINDS`.
        weights: the weight of each, by name.
        intercept: in points.

    Raises:
        DataError: no part, a name that is none of :data:`KINDS` or that has no weight, or sizes
            that differ.
    """

    def __init__(
        self, parts: Mapping[str, ScorePredictor], weights: Mapping[str, float], intercept: float
    ) -> None:
        if not parts:
            raise DataError("A blend needs at least one part.")
        if set(parts) != set(weights):
            raise DataError(f"Parts {sorted(parts)} and weights {sorted(weights)} do not fit.")
        for name, part in parts.items():
            if not isinstance(part, KINDS.get(name, ())):
                raise DataError(f"{name!r} is no part of a blend; there are {', '.join(KINDS)}.")
        sizes = {(part.n_users, part.n_items) for part in parts.values()}
        if len(sizes) > 1:
            raise DataError("The parts must be of the same raters and titles.")
        if not np.isfinite([intercept, *weights.values()]).all():
            raise DataError("Weights must be finite.")
        self.parts = dict(sorted(parts.items()))
        self.weights = {name: float(weights[name]) for name in self.parts}
        self.intercept = float(intercept)
        self._n_users, self._n_items = sizes.pop()

    @classmethod
    def fit(
        cls,
        parts: Mapping[str, ScorePredictor],
        validation: Ratings,
        *,
        min_gain: float = MIN_GAIN,
    ) -> Self:
        """Choose parts one at a time and weigh them by ridge regression on validation rows.

        The best part comes first; another joins while it lowers the RMSE by ``min_gain``, measured
        on each half of the raters with weights from the other half.

        Args:
            parts: predictors that have not learnt from the validation rows.
            validation: scored rows.
            min_gain: in points of RMSE.

        Raises:
            TooLittleData: no validation rows.
            DataError: see the class.
        """
        if not len(validation):
            raise TooLittleData("There are no validation rows to weigh the parts by.")
        rest = {
            name: part.predict_pairs(validation.user_index, validation.item_index)
            for name, part in sorted(parts.items())
        }
        scores = validation.score.astype(np.float64)
        half = validation.user_index % 2 == 0
        chosen: dict[str, FloatArray] = {}
        reached = np.inf
        while rest:
            errors = {
                name: _held_out_rmse([*chosen.values(), added], scores, half)
                for name, added in rest.items()
            }
            best = min(errors, key=lambda name: errors[name])
            if chosen and errors[best] > reached - min_gain:
                break
            reached = errors[best]
            chosen[best] = rest.pop(best)
        solved = _weights(np.column_stack(list(chosen.values())), scores)
        return cls(
            {name: parts[name] for name in chosen},
            dict(zip(chosen, solved[1:].tolist(), strict=True)),
            float(solved[0]),
        )

    def with_parts(self, parts: Mapping[str, ScorePredictor]) -> Self:
        """Return the same weights over other fits of the parts, such as those on all rows."""
        return type(self)(
            {name: parts[name] for name in self.parts if name in parts},
            self.weights,
            self.intercept,
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, for example from a loaded artifact.

        Raises:
            DataError: arrays are missing or do not fit.
        """
        of_parts: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for key in arrays:
            name, _, of_part = key.partition(".")
            if name in KINDS and of_part:
                of_parts.setdefault(name, {})[of_part] = arrays[key]
        missing = [
            name
            for name in ("intercept", *(f"weight.{part}" for part in of_parts))
            if name not in arrays
        ]
        if missing:
            raise DataError(f"Arrays of the blend are missing: {', '.join(missing)}.")
        return cls(
            {name: KINDS[name].from_arrays(found) for name, found in of_parts.items()},
            {name: float(arrays[f"weight.{name}"]) for name in of_parts},
            float(arrays["intercept"]),
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores: each part's as ``part.array``, and the weights."""
        stored: dict[str, npt.NDArray[Any]] = {"intercept": np.asarray(self.intercept)}
        for name, part in self.parts.items():
            stored[f"weight.{name}"] = np.asarray(self.weights[name])
            stored.update({f"{name}.{key}": array for key, array in part.arrays().items()})
        return stored

    @property
    def n_users(self) -> int:
        """Number of raters with a row."""
        return self._n_users

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return self._n_items

    @property
    def prior_vector(self) -> FloatArray:
        """float32 [sum of the parts' lengths]: the average rater."""
        return np.concatenate([part.prior_vector for part in self.parts.values()])

    def user_vector(self, user_index: int) -> FloatArray:
        """Return a trained rater's vector, float32 [sum of the parts' lengths].

        Raises:
            DataError: there is no such row.
        """
        row = checked_rater(user_index, self.n_users)
        return np.concatenate([part.user_vector(row) for part in self.parts.values()])

    def fold_in(self, item_index: IndexArray, scores: npt.ArrayLike) -> FloatArray:
        """Return the vector of a rater with these watched titles (score 0: not scored).

        Raises:
            DataError: shapes, rows or scores do not fit.
        """
        items, given = checked_history(item_index, scores, self.n_items)
        return np.concatenate([part.fold_in(items, given) for part in self.parts.values()])

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return one rater's predictions for titles, float32 [n], not clipped; None means all.

        Raises:
            DataError: a shape or a row is out of range.
        """
        return self._sum(
            part.predict(vector, item_index) for part, vector in self._parted(user_vector)
        )

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the prediction of each pair, float32 [n], not clipped; -1 is the average.

        Raises:
            DataError: lengths differ or a row is out of range.
        """
        users, items = checked_pairs(user_index, item_index, self.n_users, self.n_items)
        return self._sum(part.predict_pairs(users, items) for part in self.parts.values())

    def spread(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return the noise around one rater's predictions, float32 [n]; 1 if no part knows it."""
        for part, vector in self._parted(user_vector):
            if isinstance(part, MatrixFactorisation | ScoreNeighbours):
                return part.spread(vector, item_index)
        size = self.n_items if item_index is None else len(item_index)
        return np.ones(size, dtype=np.float32)

    def spread_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the noise around each pair's prediction, float32 [n]; 1 if no part knows it."""
        for part in self.parts.values():
            if isinstance(part, MatrixFactorisation | ScoreNeighbours):
                return part.spread_pairs(user_index, item_index)
        return np.ones(len(user_index), dtype=np.float32)

    def _parted(self, user_vector: FloatArray) -> Iterator[tuple[ScorePredictor, FloatArray]]:
        """Yield each part with its own stretch of a rater's vector."""
        sizes = [part.prior_vector.size for part in self.parts.values()]
        vector = checked_vector(user_vector, sum(sizes))
        stretches = np.split(vector, np.cumsum(sizes)[:-1])
        yield from zip(self.parts.values(), stretches, strict=True)

    def _sum(self, predictions: Iterator[FloatArray]) -> FloatArray:
        total: FloatArray | None = None
        for weight, predicted in zip(self.weights.values(), predictions, strict=True):
            weighted = np.float32(weight) * predicted
            total = weighted + np.float32(self.intercept) if total is None else total + weighted
        if total is None:
            raise DataError("A blend needs at least one part.")
        return np.asarray(total, dtype=np.float32)


def _weights(predictions: Float64Array | FloatArray, scores: Float64Array) -> Float64Array:
    """Return intercept and weights [1 + k]; the ridge draws them to the parts' mean."""
    k = predictions.shape[1]
    start = np.full(k, 1 / k)
    design = np.column_stack([np.ones(len(scores)), predictions]).astype(np.float64)
    targets = scores - predictions.astype(np.float64) @ start
    found = np.linalg.solve(design.T @ design + _RIDGE * np.eye(k + 1), design.T @ targets)
    found[1:] += start
    return np.asarray(found, dtype=np.float64)


def _held_out_rmse(
    predictions: list[FloatArray], scores: Float64Array, half: npt.NDArray[np.bool_]
) -> float:
    """Return the RMSE with the weights of each half used on the other one."""
    columns = np.column_stack(predictions)
    blended = np.empty(len(scores))
    for part in (half, ~half):
        solved = _weights(columns[~part], scores[~part])
        blended[part] = solved[0] + columns[part] @ solved[1:]
    return rmse(clip_score(blended), scores)
