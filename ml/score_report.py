"""What is measured of predicted scores, each measure with its interval over raters."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml import metrics
from ml.bootstrap import N_RESAMPLES, Estimate, estimate, optional_estimate, resampled_ratios
from ml.breakdowns import Group, Grouping, Groupings
from ml.data import HIGHEST_SCORE, LOWEST_SCORE, Ratings
from ml.errors import DataError
from ml.metrics import CalibrationBin

FloatArray = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]

_N_SCORES: Final = HIGHEST_SCORE - LOWEST_SCORE + 1


@dataclass(frozen=True)
class ScoreGroup(Group):
    """A group's errors.

    Attributes:
        n_ratings: number of held-out ratings by its raters, or of its titles.
        rmse: as :func:`ml.metrics.rmse`; None without ratings.
        mae: as :func:`ml.metrics.mae`; None without ratings.
    """

    n_ratings: int
    rmse: Estimate | None
    mae: Estimate | None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a group from its JSON form."""
        errors = {name: optional_estimate(values[name]) for name in ("rmse", "mae")}
        return cls(**{**values, **errors})


@dataclass(frozen=True)
class ScoreReport:
    """How far predictions are off; everything is None or empty when there are no ratings.

    Predictions are measured within 1 to 10; what is shown as a whole number is rounded.

    Attributes:
        n_ratings: number of held-out ratings.
        n_raters: number of raters who gave them.
        rmse: as :func:`ml.metrics.rmse`.
        mae: as :func:`ml.metrics.mae`.
        macro_mae: as :func:`ml.metrics.macro_mae`.
        accuracy: as :func:`ml.metrics.accuracy`.
        recall_low: as :func:`ml.metrics.recall_at_or_below`; None when no score is that low.
        recall_by_score: of true score 1, 2, …, 10; None for those that do not occur.
        calibration: as :func:`ml.metrics.calibration`.
        calibration_error: as :func:`ml.metrics.expected_calibration_error`. It has no interval:
            being made of absolute values, it is larger in resamples than on all raters.
        confusion_matrix: ten rows, true scores; ten columns, rounded predictions.
        by_activity: raters in quarters by their number of training ratings.
        by_popularity: titles in thirds by their share of the training ratings.
    """

    n_ratings: int
    n_raters: int
    rmse: Estimate | None = None
    mae: Estimate | None = None
    macro_mae: Estimate | None = None
    accuracy: Estimate | None = None
    recall_low: Estimate | None = None
    recall_by_score: tuple[Estimate | None, ...] = (None,) * _N_SCORES
    calibration: tuple[CalibrationBin, ...] = ()
    calibration_error: float | None = None
    confusion_matrix: tuple[tuple[int, ...], ...] = ((0,) * _N_SCORES,) * _N_SCORES
    by_activity: tuple[ScoreGroup, ...] = ()
    by_popularity: tuple[ScoreGroup, ...] = ()

    @property
    def prediction_counts(self) -> tuple[int, ...]:
        """How often 1, 2, …, 10 is predicted once rounded."""
        return tuple(sum(column) for column in zip(*self.confusion_matrix, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it; :meth:`from_dict` takes it back."""
        return {
            **asdict(self),
            "recall_by_score": [
                None if each is None else each.to_dict() for each in self.recall_by_score
            ],
            "calibration": [asdict(each) for each in self.calibration],
            "confusion_matrix": [list(row) for row in self.confusion_matrix],
            "by_activity": [asdict(each) for each in self.by_activity],
            "by_popularity": [asdict(each) for each in self.by_popularity],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a report from :meth:`to_dict`'s form.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        single = ("rmse", "mae", "macro_mae", "accuracy", "recall_low")
        return cls(
            **{
                **values,
                **{name: optional_estimate(values[name]) for name in single},
                "recall_by_score": tuple(
                    optional_estimate(each) for each in values["recall_by_score"]
                ),
                "calibration": tuple(CalibrationBin(**each) for each in values["calibration"]),
                "confusion_matrix": tuple(tuple(row) for row in values["confusion_matrix"]),
                **{
                    name: tuple(ScoreGroup.from_dict(each) for each in values[name])
                    for name in ("by_activity", "by_popularity")
                },
            }
        )


def measure_scores(
    predictions: npt.ArrayLike,
    ratings: Ratings,
    groupings: Groupings,
    *,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
) -> ScoreReport:
    """Measure predictions of held-out ratings.

    Args:
        predictions: [n], in score points, clipped here to 1 to 10.
        ratings: the n held-out ratings, all of them scored.
        groupings: how to break errors down.
        seed: of the resamples.
        n_resamples: number of resamples.

    Raises:
        MissingPrediction: a prediction is NaN.
        DataError: there are not n predictions, or a rating has no score.
    """
    predicted = np.clip(np.asarray(predictions, dtype=np.float64), LOWEST_SCORE, HIGHEST_SCORE)
    if predicted.shape != (len(ratings),):
        raise DataError(f"{predicted.shape} predictions for {len(ratings)} held-out ratings.")
    raters, rater = np.unique(ratings.user_index, return_inverse=True)
    if not len(ratings):
        return ScoreReport(n_ratings=0, n_raters=0)
    bins = metrics.calibration(predicted, ratings.score)
    sums = _Sums(predicted, ratings, rater, len(raters), groupings)
    values, drawn = resampled_ratios(
        np.hstack(sums.numerators),
        np.hstack(sums.denominators),
        generator=np.random.default_rng(seed),
        n_resamples=n_resamples,
    )
    columns = iter(zip(values, drawn.T, strict=True))
    rmse = _root(*next(columns))
    mae, accuracy, recall_low = (estimate(*next(columns)) for _ in range(3))
    class_errors = [next(columns) for _ in range(_N_SCORES)]
    recalls = tuple(estimate(*next(columns)) for _ in range(_N_SCORES))
    return ScoreReport(
        n_ratings=len(ratings),
        n_raters=len(raters),
        rmse=rmse,
        mae=mae,
        macro_mae=_mean_of_classes(class_errors),
        accuracy=accuracy,
        recall_low=recall_low,
        recall_by_score=recalls,
        calibration=bins,
        calibration_error=metrics.expected_calibration_error(bins),
        confusion_matrix=tuple(
            tuple(row) for row in metrics.confusion_matrix(predicted, ratings.score).tolist()
        ),
        by_activity=_groups(groupings.activity, ratings.user_index, columns),
        by_popularity=_groups(groupings.popularity, ratings.item_index, columns),
    )


class _Sums:
    """Each rater's sums, as blocks of columns in the order in which they are read again."""

    def __init__(
        self,
        predicted: FloatArray,
        ratings: Ratings,
        rater: Int64Array,
        n_raters: int,
        groupings: Groupings,
    ) -> None:
        self._rater, self._n_raters = rater, n_raters
        self.numerators: list[FloatArray] = []
        self.denominators: list[FloatArray] = []
        true = ratings.score.astype(np.int64)
        whole = metrics.rounded(predicted)
        off = predicted - true
        everything = np.zeros(true.size, dtype=np.int64)
        self._add(everything, 1, off**2, np.abs(off), whole == true)
        low = np.where(true <= metrics.LOW_SCORE, 0, -1)
        self._add(low, 1, whole <= metrics.LOW_SCORE)
        self._add(true - LOWEST_SCORE, _N_SCORES, np.abs(whole - true), whole == true)
        for grouping, index in (
            (groupings.activity, ratings.user_index),
            (groupings.popularity, ratings.item_index),
        ):
            self._add(grouping.member_of[index], len(grouping.groups), off**2, np.abs(off))

    def _add(self, group: Int64Array, n_groups: int, *values: npt.NDArray[Any]) -> None:
        """Add, for each of the values, a column for each group; -1 is in no group."""
        inside = group >= 0
        cells = self._rater[inside] * n_groups + group[inside]
        counts = self._counted(cells, n_groups, None)
        for each in values:
            self.numerators.append(self._counted(cells, n_groups, each[inside]))
            self.denominators.append(counts)

    def _counted(
        self, cells: Int64Array, n_groups: int, weights: npt.NDArray[Any] | None
    ) -> FloatArray:
        size = self._n_raters * n_groups
        counted = np.bincount(cells, weights=weights, minlength=size)
        return counted.astype(np.float64).reshape(self._n_raters, n_groups)


def _root(value: float, drawn: FloatArray) -> Estimate | None:
    return estimate(float(np.sqrt(value)), np.sqrt(drawn))


def _mean_of_classes(columns: list[tuple[float, FloatArray]]) -> Estimate | None:
    """Return the mean over the true scores that occur, in each resample those that occur there."""
    value = float(np.nanmean([value for value, _ in columns]))
    return estimate(value, np.nanmean([drawn for _, drawn in columns], axis=0))


def _groups(
    grouping: Grouping, index: npt.NDArray[np.integer], columns: Iterator[tuple[float, FloatArray]]
) -> tuple[ScoreGroup, ...]:
    """Return the groups, whose columns come next: first all squares, then all absolute errors."""
    squares = [next(columns) for _ in grouping.groups]
    absolutes = [next(columns) for _ in grouping.groups]
    counts = [int(np.sum(grouping.member_of[index] == place)) for place in range(len(squares))]
    return tuple(
        ScoreGroup(
            **asdict(group), n_ratings=n_ratings, rmse=_root(*square), mae=estimate(*absolute)
        )
        for group, n_ratings, square, absolute in zip(
            grouping.groups, counts, squares, absolutes, strict=True
        )
    )
