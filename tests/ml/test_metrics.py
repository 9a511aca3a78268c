from collections.abc import Callable

import numpy as np
import pytest

from ml import metrics
from ml.errors import DataError, MissingPrediction, TooLittleData

Metric = Callable[[object, object], object]

TRUE = np.array([1, 1, 4, 10])
PREDICTED = np.array([1.4, 3.0, 4.5, 12.0])


def test_errors_of_unrounded_predictions() -> None:
    assert metrics.rmse(PREDICTED, TRUE) == pytest.approx(np.sqrt((0.16 + 4 + 0.25 + 4) / 4))
    assert metrics.mae(PREDICTED, TRUE) == pytest.approx((0.4 + 2 + 0.5 + 2) / 4)


def test_rounding_goes_to_the_nearest_score_halves_up() -> None:
    assert metrics.rounded([0.2, 1.5, 2.5, 4.4999, 12.0]).tolist() == [1, 2, 3, 4, 10]


def test_macro_mae_counts_every_true_score_the_same() -> None:
    # Rounded: 1, 3, 5, 10. Mean error for score 1 is 1, for 4 it is 1, for 10 it is 0.
    assert metrics.macro_mae(PREDICTED, TRUE) == pytest.approx(2 / 3)


def test_accuracy_is_of_rounded_predictions() -> None:
    assert metrics.accuracy(PREDICTED, TRUE) == 0.5


def test_recall_of_low_scores() -> None:
    assert metrics.recall_at_or_below(PREDICTED, TRUE) == pytest.approx(2 / 3)
    with pytest.raises(TooLittleData):
        metrics.recall_at_or_below([9.0], [9])


def test_confusion_has_true_rows_and_predicted_columns() -> None:
    matrix = metrics.confusion_matrix(PREDICTED, TRUE)
    assert matrix.shape == (10, 10)
    filled = {
        (int(row) + 1, int(column) + 1): int(matrix[row, column])
        for row, column in np.argwhere(matrix)
    }
    assert filled == {(1, 1): 1, (1, 3): 1, (4, 5): 1, (10, 10): 1}


def test_recall_of_each_score() -> None:
    recall = metrics.recall_by_score([1.4, 3.0, 4.0, 12.0], [1, 1, 4, 10])
    assert recall[[0, 3, 9]].tolist() == [0.5, 1, 1]
    assert np.isnan(np.delete(recall, [0, 3, 9])).all()


def test_calibration_sets_predictions_beside_what_was_given() -> None:
    # Three bins of three points: from 1, from 4, from 7.
    bins = metrics.calibration([0.5, 2.0, 4.0, 9.0, 11.0], [3, 2, 5, 9, 10], n_bins=3)
    assert bins == (
        metrics.CalibrationBin(1, 4, 2, mean_prediction=1.25, mean_score=2.5),
        metrics.CalibrationBin(4, 7, 1, mean_prediction=4, mean_score=5),
        metrics.CalibrationBin(7, 10, 2, mean_prediction=10, mean_score=9.5),
    )
    assert metrics.expected_calibration_error(bins) == pytest.approx((2.5 + 1 + 1) / 5)


def test_bins_without_predictions_are_left_out() -> None:
    bins = metrics.calibration([5.5, 5.5], [5, 6])
    assert [(each.lowest, each.highest, each.n_ratings) for each in bins] == [(5.5, 6, 2)]
    assert metrics.expected_calibration_error(bins) == 0


def test_calibration_needs_bins() -> None:
    with pytest.raises(DataError):
        metrics.calibration([5.0], [5], n_bins=0)
    with pytest.raises(TooLittleData):
        metrics.expected_calibration_error([])


@pytest.mark.parametrize(
    "metric",
    [
        metrics.rmse,
        metrics.mae,
        metrics.macro_mae,
        metrics.accuracy,
        metrics.recall_at_or_below,
        metrics.confusion_matrix,
        metrics.recall_by_score,
        metrics.calibration,
    ],
)
class TestRefusals:
    def test_a_missing_prediction(self, metric: Metric) -> None:
        with pytest.raises(MissingPrediction):
            metric(np.array([1.0, np.nan]), np.array([1, 2]))

    def test_different_lengths(self, metric: Metric) -> None:
        with pytest.raises(DataError):
            metric(np.array([1.0]), np.array([1, 2]))

    def test_swapped_arguments(self, metric: Metric) -> None:
        with pytest.raises(DataError):
            metric(np.array([1, 2]), np.array([1.5, 2.0]))

    def test_nothing_to_measure(self, metric: Metric) -> None:
        with pytest.raises(TooLittleData):
            metric(np.array([]), np.array([], dtype=int))
