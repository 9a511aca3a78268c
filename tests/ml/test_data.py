import numpy as np
import pytest

from ml.data import IdMap, Ratings
from ml.errors import DataError, NonFiniteData, UnknownId
from tests.ml import samples


def test_ids_become_rows_and_back() -> None:
    ids = IdMap.of([30, 10, 20, 10])
    assert ids.ids.tolist() == [10, 20, 30]
    assert ids.index([30, 10]).tolist() == [2, 0]
    assert (len(ids), ids.get(20), ids.get(25)) == (3, 1, None)
    assert ids.contains([5, 10, 35]).tolist() == [False, True, False]


def test_unknown_ids_are_named() -> None:
    with pytest.raises(UnknownId, match=r"7, 99"):
        IdMap([10, 20]).index([10, 99, 7])


def test_an_empty_map_knows_nothing() -> None:
    empty = IdMap(np.array([], dtype=np.int64))
    assert (len(empty), empty.get(1), empty.contains([1]).tolist()) == (0, None, [False])
    assert empty.index(np.array([], dtype=np.int64)).tolist() == []
    with pytest.raises(UnknownId):
        empty.index([1])


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [[1, 2]], [1.5, 2.5]])
def test_ids_that_are_no_ascending_row_are_refused(ids: list[object]) -> None:
    with pytest.raises(DataError):
        IdMap(np.array(ids))


def test_ids_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        IdMap([1, 2]).ids[0] = 5


def _ratings(user: object, item: object, score: object) -> Ratings:
    return Ratings(np.asarray(user), np.asarray(item), np.asarray(score), n_users=2, n_items=3)


def test_ratings_take_the_stated_types() -> None:
    rows = _ratings([0, 1], [2, 0], [10.0, 0.0])
    dtypes = [str(column.dtype) for column in (rows.user_index, rows.item_index, rows.score)]
    assert dtypes == ["int32", "int32", "int8"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(NonFiniteData, match="score"):
        _ratings([0], [0], [value])


@pytest.mark.parametrize(
    ("user", "item", "score"),
    [
        ([2], [0], [5]),
        ([-1], [0], [5]),
        ([0], [3], [5]),
        ([0], [0], [11]),
        ([0], [0], [-1]),
        ([0], [0], [7.5]),
        ([0, 1], [0], [5]),
        ([[0]], [[0]], [[5]]),
        ([0], [0], ["9"]),
    ],
)
def test_rows_that_do_not_fit_are_refused(user: object, item: object, score: object) -> None:
    with pytest.raises(DataError):
        _ratings(user, item, score)


def test_scored_rows_leave_out_what_was_only_watched() -> None:
    rows = samples.ratings([(0, 0, 5), (0, 1, 0), (1, 2, 10)], n_users=2, n_items=3)
    scored = rows.scored()
    assert scored.score.tolist() == [5, 10]
    assert (scored.n_users, scored.n_items, len(rows)) == (2, 3, 3)


def test_what_was_only_watched_is_seen() -> None:
    rows = samples.ratings([(0, 0, 5), (0, 1, 0)], n_users=2, n_items=3)
    assert rows.seen_matrix().toarray().tolist() == [[True, True, False], [False, False, False]]


def test_rows_can_be_taken_by_mask_and_by_index() -> None:
    rows = samples.ratings([(0, 0, 1), (0, 1, 2), (1, 2, 3)], n_users=2, n_items=3)
    assert rows.take(np.array([True, False, True])).score.tolist() == [1, 3]
    assert rows.take(np.array([2, 0])).score.tolist() == [3, 1]


def test_no_rows_are_ratings_too() -> None:
    empty = samples.ratings([], n_users=0, n_items=0)
    assert (len(empty), len(empty.scored())) == (0, 0)


def test_the_fingerprint_follows_every_part() -> None:
    base = samples.ratings([(0, 0, 5), (1, 1, 6)], n_users=2, n_items=3)
    others = [
        samples.ratings([(0, 0, 5), (1, 1, 7)], n_users=2, n_items=3),
        samples.ratings([(1, 1, 6), (0, 0, 5)], n_users=2, n_items=3),
        samples.ratings([(0, 0, 5), (1, 1, 6)], n_users=3, n_items=3),
        base.take(np.array([0])),
    ]
    assert len({base.fingerprint(), *(other.fingerprint() for other in others)}) == 5
    assert base.fingerprint() == base.take(np.arange(2)).fingerprint()
