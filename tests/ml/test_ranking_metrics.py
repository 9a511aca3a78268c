import numpy as np
import pytest
from scipy import sparse

from ml import ranking_metrics as metrics
from ml.errors import DataError, TooLittleData

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


def test_places_are_looked_up_in_their_own_row() -> None:
    # A place without a title is in no row, though its number would be the end of the one before.
    cells = sparse.csr_array(np.array([[0, 0, 0, 0, 1], [1, 0, 1, 0, 0]], dtype=bool))
    ranked = np.array([[0, 4, -1], [2, 4, -1]])
    assert metrics.listed_in(ranked, cells).tolist() == [[False, True, False], [True, False, False]]
    nothing = sparse.csr_array((2, 5), dtype=bool)
    assert not metrics.listed_in(ranked, nothing).any()


def test_one_hit_is_enough_for_the_hit_rate() -> None:
    assert metrics.hit_rate_at_k(RANKED, RELEVANT, 3).tolist() == [1, 0, 1]
    assert metrics.hit_rate_at_k(RANKED[:, 1:], RELEVANT, 1).tolist() == [0, 0, 1]


def test_recommendations_are_counted_within_k() -> None:
    assert metrics.recommendation_counts(RANKED, 5, 3).tolist() == [1, 2, 2, 2, 1]
    assert metrics.recommendation_counts(RANKED, 5, 1).tolist() == [1, 0, 2, 0, 0]
    assert metrics.catalogue_coverage_at_k(RANKED, 5, 3) == 1
    assert metrics.catalogue_coverage_at_k(RANKED, 5, 1) == 0.4


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([2, 2, 2, 2], 0), ([0, 0, 0, 8], 0.75), ([3, 1], 0.25), ([1, 2, 3], 2 / 9)],
)
def test_gini(counts: list[int], expected: float) -> None:
    # Half the mean difference of two titles over the mean: of 1, 2, 3 it is (8 / 9) / 2 / 2.
    assert metrics.gini(counts) == pytest.approx(expected)


def test_a_property_is_averaged_over_the_places_that_are_filled() -> None:
    means = metrics.list_mean_at_k(RANKED, [1.0, 2.0, 4.0, 8.0, 16.0], 3)
    assert means == pytest.approx([11 / 3, 28 / 3, 3])
    assert metrics.list_mean_at_k(RANKED, [1.0, 2.0, 4.0, 8.0, 16.0], 1).tolist() == [1, 4, 4]


def test_rare_titles_are_novel() -> None:
    bits = metrics.self_information([8, 4, 1, 0], n_raters=8)
    assert bits.tolist() == [0, 1, 3, 3]


def test_percentiles_of_popularity() -> None:
    # One title has fewer watchers than the two in the middle, three fewer than the most watched.
    percentile = metrics.popularity_percentile([5, 0, 9, 5])
    assert percentile.tolist() == [0.5, 0.125, 0.875, 0.5]
    assert metrics.popularity_percentile([7, 7]).tolist() == [0.5, 0.5]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(TooLittleData):
        metrics.gini([0, 0])
    with pytest.raises(DataError):
        metrics.gini([1, -1])
    with pytest.raises(DataError):
        metrics.gini([1, np.nan])
    with pytest.raises(TooLittleData, match="list is empty"):
        metrics.list_mean_at_k(np.array([[-1, -1]]), [1.0], 2)
    with pytest.raises(DataError, match="finite"):
        metrics.list_mean_at_k(np.array([[0]]), [np.nan], 1)
    with pytest.raises(TooLittleData):
        metrics.self_information([0], n_raters=0)
    with pytest.raises(DataError):
        metrics.self_information([3], n_raters=2)
    with pytest.raises(TooLittleData):
        metrics.popularity_percentile([])
    with pytest.raises(TooLittleData):
        metrics.catalogue_coverage_at_k(np.zeros((0, 3), dtype=int), 0, 1)
    with pytest.raises(DataError):
        metrics.recommendation_counts(RANKED, 4, 3)
    with pytest.raises(DataError):
        metrics.recommendation_counts(RANKED, 5, 0)
    with pytest.raises(DataError):
        metrics.hit_rate_at_k(RANKED[:2], RELEVANT, 3)
