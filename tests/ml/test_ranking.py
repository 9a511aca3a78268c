import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from ml import ranking
from ml.errors import DataError, NonFiniteData
from ml.histories import Histories
from ml.ranking import Popularity, top_k_rows, top_n
from tests.ml import samples


def test_the_best_come_first() -> None:
    assert top_n([1.0, 5.0, 3.0], n=2).tolist() == [1, 2]


def test_equal_scores_go_by_the_tie_break_then_by_row() -> None:
    scores = np.array([2.0, 2.0, 2.0, 1.0])
    assert top_n(scores, n=2).tolist() == [0, 1]
    assert top_n(scores, n=2, tie_break=np.array([30, 20, 10, 0])).tolist() == [2, 1]
    assert top_n(scores, n=2, tie_break=np.array([9, 7, 7, 0])).tolist() == [1, 2]


@pytest.mark.parametrize("exclude", [np.array([1, 1]), np.array([False, True, False])])
def test_excluded_rows_stay_out(exclude: np.ndarray) -> None:
    assert top_n([1.0, 5.0, 3.0], n=3, exclude=exclude).tolist() == [2, 0]


def test_nothing_left_is_an_empty_list() -> None:
    assert top_n([1.0], n=5, exclude=np.array([0])).tolist() == []
    assert top_n([], n=5).tolist() == []
    assert top_n([1.0], n=0).tolist() == []


def test_a_missing_score_is_refused() -> None:
    with pytest.raises(NonFiniteData):
        top_n([1.0, np.nan], n=1)


def test_infinities_are_ranked() -> None:
    assert top_n([0.0, -np.inf, np.inf], n=3).tolist() == [2, 0, 1]


def test_what_does_not_fit_is_refused() -> None:
    for arguments in (
        {"exclude": np.array([5])},
        {"exclude": np.array([True])},
        {"exclude": np.array([0.5])},
        {"tie_break": np.array([1])},
    ):
        with pytest.raises(DataError):
            top_n([1.0, 2.0], n=1, **arguments)
    with pytest.raises(DataError):
        top_n([1.0], n=-1)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 45))
def test_it_is_the_head_of_the_full_sort(values: list[int], n: int) -> None:
    expected = sorted(range(len(values)), key=lambda row: (-values[row], row))[:n]
    assert top_n(np.array(values, dtype=float), n=n).tolist() == expected


def _one_by_one(values: np.ndarray, excluded: sparse.csr_array, k: int) -> list[list[int]]:
    lists = []
    for row, own in enumerate(excluded.toarray()):
        best = top_n(values[row], exclude=own, n=k).tolist()
        lists.append(best + [-1] * (k - len(best)))
    return lists


@pytest.mark.parametrize("k", [0, 1, 3, 20, 60, 300])
@pytest.mark.parametrize("levels", [1, 3, 40, 10**9])
def test_lists_of_many_are_those_of_one_by_one(
    levels: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "_BATCH_CELLS", 7 * 211)  # several batches, the last one short
    generator = np.random.default_rng(levels + k)
    values = generator.integers(0, levels, size=(30, 211)).astype(np.float32)
    values[generator.random(values.shape) < 0.05] = -np.inf
    values[3] = -np.inf
    values[4, 10] = np.inf
    share = generator.random((30, 1)) * 1.2  # some raters have watched everything
    excluded = sparse.csr_array(generator.random(values.shape) < share)
    before = values.copy()
    assert top_k_rows(values, excluded, k).tolist() == _one_by_one(values, excluded, k)
    assert np.array_equal(values, before)


def test_histories_are_left_out_like_a_matrix() -> None:
    rows = samples.random_ratings(300, lowest=0)
    values = np.random.default_rng(0).integers(0, 5, size=(rows.n_users, rows.n_items))
    expected = _one_by_one(values, rows.seen_matrix(), 6)
    assert top_k_rows(values, Histories.of_ratings(rows), 6).tolist() == expected
    assert top_k_rows(values, rows.seen_matrix(), 6).tolist() == expected


def test_nothing_need_be_left_out() -> None:
    assert top_k_rows(np.array([[1.0, 3.0, 3.0]]), None, 4).tolist() == [[1, 2, 0, -1]]
    assert top_k_rows(np.zeros((0, 3)), None, 2).shape == (0, 2)
    assert top_k_rows(np.zeros((2, 0)), None, 1).tolist() == [[-1], [-1]]


def test_lists_of_what_does_not_fit_are_refused() -> None:
    with pytest.raises(NonFiniteData):
        top_k_rows(np.array([[1.0, np.nan]]), None, 1)
    with pytest.raises(DataError):
        top_k_rows(np.zeros((2, 3)), sparse.csr_array(np.ones((2, 4), dtype=bool)), 1)
    with pytest.raises(DataError):
        top_k_rows(np.zeros(3), None, 1)
    with pytest.raises(DataError):
        top_k_rows(np.zeros((2, 3)), None, -1)


def test_popularity_counts_watchers_scored_or_not() -> None:
    rows = samples.ratings([(0, 1, 0), (1, 1, 8), (1, 2, 9)], n_users=2, n_items=4)
    popularity = Popularity.fit(rows)
    assert popularity.scores().tolist() == [0, 2, 1, 0]
    assert Popularity.from_arrays(popularity.arrays()).scores().tolist() == [0, 2, 1, 0]
