"""Weights between titles: kept, added up and divided again."""

from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import load_arrays, write_artifact
from ml.errors import DataError
from ml.histories import Histories
from ml.item_weights import ItemWeights, gram_matrix
from tests.ml import samples

FULL = np.array([[0, 3, -4], [1, 0, 0], [5, -2, 0]], dtype=np.float32)  # row by target
EVEN = np.ones(3, dtype=np.float32)


def strongest(per_title: int, favour: np.ndarray = EVEN) -> ItemWeights:
    return ItemWeights.strongest(iter([FULL[:2], FULL[2:]]), 3, per_title, favour)


def test_rows_are_those_of_the_watched_titles() -> None:
    weights = strongest(3)
    assert weights.indptr.tolist() == [0, 2, 4, 5]
    assert weights.target.tolist() == [1, 2, 0, 2, 0]
    assert weights.weight.tolist() == [1, 5, 3, -2, -4]
    assert [weights.arrays()[name].dtype for name in ("indptr", "target", "weight")] == [
        np.int32,
        np.int32,
        np.float32,
    ]


def test_strength_is_the_size_in_favour_of_its_source() -> None:
    assert strongest(1).weight.tolist() == [1, 5, -4]
    favoured = strongest(1, np.array([1, 3, 1], dtype=np.float32))
    assert (favoured.target.tolist(), favoured.weight.tolist()) == ([1, 0, 2], [1, 3, -2])


def test_totals_add_up_rows_and_shares_take_them_apart() -> None:
    weights, values = strongest(3), np.array([1, 2], dtype=np.float32)
    totals = weights.totals(Histories.of_one([0, 2], [9, 9], 3), values)
    assert totals.tolist() == [[-8, 1, 5]]
    shares = weights.shares(np.array([2, 0]), values[::-1].copy(), np.array([2, 0, 0]))
    assert shares.tolist() == [[0, -8, -8], [5, 0, 0]]


def test_arrays_of_a_memory_map_are_computed_with_as_they_lie(tmp_path: Path) -> None:
    path = write_artifact(tmp_path, "w", arrays={"w": strongest(3).arrays()}, manifest={})
    mapped = load_arrays(path, "w")
    matrix = ItemWeights.from_arrays(mapped)._matrix()
    assert np.shares_memory(matrix.data, mapped["weight"])
    assert np.shares_memory(matrix.indices, mapped["target"])
    assert np.shares_memory(matrix.indptr, mapped["indptr"])


def test_the_gram_matrix_is_whole() -> None:
    ratings = samples.random_ratings(6000, n_users=20, n_items=700)
    histories = Histories.of_ratings(ratings)
    entries = np.zeros((20, 700))
    entries[ratings.user_index, ratings.item_index] = ratings.score
    assert np.array_equal(gram_matrix(histories, histories.score), entries.T @ entries)


@pytest.mark.parametrize(
    "change",
    [
        {"indptr": np.array([0, 2, 4, 6], dtype=np.int32)},
        {"indptr": np.array([0, 4, 2, 5], dtype=np.int32)},
        {"target": np.array([1, 2, 0, 3, 0], dtype=np.int32)},
        {"weight": np.ones(4, dtype=np.float32)},
    ],
)
def test_damaged_arrays_are_refused(change: dict[str, np.ndarray]) -> None:
    with pytest.raises(DataError):
        ItemWeights.from_arrays({**strongest(3).arrays(), **change})
