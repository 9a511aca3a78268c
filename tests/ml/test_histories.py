"""Histories group ratings by rater, in the order that rankers count on."""

import numpy as np
import pytest

from ml.errors import DataError
from ml.histories import Histories
from tests.ml.samples import ratings

ROWS = [(1, 3, 9), (0, 2, 0), (1, 0, 4), (0, 1, 7)]


def test_each_rater_has_their_titles_in_ascending_order() -> None:
    histories = Histories.of_ratings(ratings(ROWS, n_users=3, n_items=4))
    assert len(histories) == 3
    assert [histories.one(rater)[0].tolist() for rater in range(3)] == [[1, 2], [0, 3], []]
    assert [histories.one(rater)[1].tolist() for rater in range(3)] == [[7, 0], [4, 9], []]


def test_some_raters_come_in_the_order_asked_for() -> None:
    histories = Histories.of_ratings(
        ratings(ROWS, n_users=3, n_items=4), np.array([1, 2, 0], dtype=np.int64)
    )
    assert histories.indptr.tolist() == [0, 2, 2, 4]
    assert histories.item_index.tolist() == [0, 3, 1, 2]
    assert histories.take(slice(2, 3)).item_index.tolist() == [1, 2]


def test_one_rater_may_be_given_in_any_order() -> None:
    history = Histories.of_one([3, 1], [5, 0], 4)
    assert history.item_index.tolist() == [1, 3]
    assert history.score.tolist() == [0, 5]
    assert history.matrix().toarray().tolist() == [[0, 1, 0, 1]]
    assert history.matrix(history.score).toarray().tolist() == [[0, 0, 0, 5]]


@pytest.mark.parametrize(
    ("items", "scores", "message"),
    [
        ([1, 1], [5, 6], "comes twice"),
        ([4], [5], "not in"),
        ([1], [11], "from 0"),
        ([1], [float("nan")], "from 0"),
        ([1, 2], [5], "do not make pairs"),
    ],
)
def test_what_cannot_be_a_history_is_refused(
    items: list[int], scores: list[float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Histories.of_one(items, scores, 4)
