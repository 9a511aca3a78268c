import json

import numpy as np
import pytest

from ml.breakdowns import Groupings, by_activity, by_popularity
from ml.data import Split
from ml.errors import DataError
from ml.held_out import HeldOut
from ml.list_report import ListReport, measure_lists
from tests.ml.samples import divided_ratings

RATINGS, SPLIT = divided_ratings()
# Rater 0 is looking for title 3 and finds it third; rater 1 for title 5 and finds it first.
LISTS = np.full((2, 50), -1, dtype=np.int64)
LISTS[0, :3] = [5, 4, 3]
LISTS[1, :5] = [5, 4, 3, 2, 1]


def _measure(lists: np.ndarray, split: Split = SPLIT) -> tuple[ListReport, np.ndarray]:
    held_out = HeldOut.of(RATINGS, split)
    groupings = Groupings(
        by_activity(held_out.n_watched, np.unique(held_out.ratings.user_index)),
        by_popularity(held_out.n_watchers),
    )
    return measure_lists(lists, held_out, groupings)


def test_means_over_raters_lie_in_their_intervals() -> None:
    report, ndcg = _measure(LISTS)
    assert ndcg.tolist() == [0.5, 1]
    third = np.log2(3)  # a title that one of three raters has watched, or none
    expected = {
        "ndcg_at_10": 0.75,
        "recall_at_10": 1,
        "precision_at_10": 0.1,
        "hit_rate_at_10": 1,
        "ndcg_at_50": 0.75,
        "recall_at_50": 1,
        "precision_at_50": 0.02,
        "novelty_at_10": (third + (4 * third + np.log2(1.5)) / 5) / 2,
        "popularity_at_10": (1 / 3 + (4 / 3 + 5 / 6) / 5) / 2,
        "popularity_bias_at_10": (1 / 3 + (4 / 3 + 5 / 6) / 5) / 2 - 5 / 6,
    }
    for name, value in expected.items():
        estimate = getattr(report, name)
        assert estimate.value == pytest.approx(value), name
        assert estimate.low <= estimate.value <= estimate.high, name


def test_titles_are_counted_over_all_lists() -> None:
    report, _ = _measure(LISTS)
    assert report.n_different_titles == 5
    assert report.coverage_at_10 == pytest.approx(5 / 6)
    # Counts 0, 1, 1, 2, 2, 2 in ascending order.
    assert report.gini_at_10 == pytest.approx((-3 - 1 + 2 * 1 + 2 * 3 + 2 * 5) / (6 * 8))


def test_lists_are_broken_down() -> None:
    report, _ = _measure(LISTS)
    shown = [
        (group.label, group.n_members, group.n_raters, group.ndcg_at_10 and group.ndcg_at_10.value)
        for group in (*report.by_activity, *report.by_popularity)
    ]
    assert shown == [
        ("1 title", 2, 1, 1),
        ("2 titles", 1, 1, 0.5),
        ("head", 2, 0, None),
        ("tail", 4, 2, 0.75),
    ]


def test_short_lists_are_not_measured_as_if_they_were_long() -> None:
    report, _ = _measure(LISTS[:, :10])
    assert report.ndcg_at_10 == _measure(LISTS)[0].ndcg_at_10
    assert (report.ndcg_at_50, report.recall_at_50, report.precision_at_50) == (None, None, None)
    with pytest.raises(DataError, match="room for 10"):
        _measure(LISTS[:, :9])


def test_empty_lists_are_misses_and_say_nothing_of_titles() -> None:
    lists = LISTS.copy()
    lists[0] = -1
    report, ndcg = _measure(lists)
    assert ndcg.tolist() == [0, 1]
    assert report.popularity_at_10 is not None
    assert report.popularity_at_10.value == pytest.approx((4 / 3 + 5 / 6) / 5)
    nothing, _ = _measure(np.full((2, 10), -1))
    assert nothing.ndcg_at_10 is not None
    assert nothing.ndcg_at_10.value == 0
    assert (nothing.novelty_at_10, nothing.gini_at_10, nothing.n_different_titles) == (
        None,
        None,
        0,
    )


def test_it_survives_json() -> None:
    report, _ = _measure(LISTS)
    assert ListReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_nobody_ranked_says_so() -> None:
    report, ndcg = _measure(LISTS[:0], Split(np.zeros(len(RATINGS), dtype=np.int8)))
    assert (report.n_raters, report.ndcg_at_10, report.by_popularity) == (0, None, ())
    assert ndcg.size == 0
    assert ListReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
