from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse

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


@pytest.mark.parametrize(
    "metric",
    [
        metrics.rmse,
        metrics.mae,
        metrics.macro_mae,
        metrics.accuracy,
        metrics.recall_at_or_below,
        metrics.confusion_matrix,
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


RELEVANT = sparse.csr_array(
    np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [1, 1, 1, 0, 0]], dtype=bool)
)
RANKED = np.array([[0, 1, 3], [2, 3, 4], [2, 1, -1]])


def test_ndcg_is_divided_by_the_best_possible_list() -> None:
    first = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    third = (1 + 1 / np.log2(3)) / (1 + 1 / np.log2(3) + 1 / np.log2(4))
    assert metrics.ndcg_at_k(RANKED, RELEVANT, 3) == pytest.approx([first, 0, third])


def test_ndcg_ideal_is_cut_at_k() -> None:
    assert metrics.ndcg_at_k(RANKED, RELEVANT, 1) == pytest.approx([1, 0, 1])


def test_recall_and_precision() -> None:
    assert metrics.recall_at_k(RANKED, RELEVANT, 3) == pytest.approx([1, 0, 2 / 3])
    assert metrics.precision_at_k(RANKED, RELEVANT, 3) == pytest.approx([2 / 3, 0, 2 / 3])


def test_places_beyond_a_short_list_are_misses() -> None:
    assert metrics.precision_at_k(RANKED, RELEVANT, 10) == pytest.approx([0.2, 0, 0.2])


def test_a_rater_without_relevant_titles_is_refused() -> None:
    nobody = sparse.csr_array(np.zeros((1, 5), dtype=bool))
    with pytest.raises(TooLittleData):
        metrics.ndcg_at_k(RANKED[:1], nobody, 3)


def test_a_ranked_title_out_of_range_is_refused() -> None:
    with pytest.raises(DataError):
        metrics.ndcg_at_k(RANKED + 3, RELEVANT, 3)


def test_the_bootstrap_interval_holds_the_mean_and_repeats() -> None:
    values = np.random.default_rng(0).normal(5, 1, size=400)
    low, high = metrics.bootstrap_interval(values, generator=np.random.default_rng(1))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.2)
    again = metrics.bootstrap_interval(values, generator=np.random.default_rng(1))
    assert again == (low, high)


def test_the_bootstrap_weighs_raters() -> None:
    low, high = metrics.bootstrap_interval(
        [1.0, 1.0], weights=[1, 9], generator=np.random.default_rng(0)
    )
    assert (low, high) == pytest.approx((1.0, 1.0))


def test_the_bootstrap_refuses_a_missing_value() -> None:
    with pytest.raises(MissingPrediction):
        metrics.bootstrap_interval([1.0, np.nan], generator=np.random.default_rng(0))
    with pytest.raises(TooLittleData):
        metrics.bootstrap_interval([], generator=np.random.default_rng(0))
