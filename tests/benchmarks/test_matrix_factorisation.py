"""What the comparison with Surprise hands over, counts and times is what it says."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.matrix_factorisation import error_ratio, squared_errors
from benchmarks.matrix_factorisation_steps import (
    bare_loops,
    dots,
    read_rows,
    steps,
    timed_epochs,
    write_rows,
)
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from tests.ml import samples


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    train = samples.ratings([(0, 2, 8), (1, 0, 0), (1, 2, 10)], n_users=3, n_items=4)
    test = samples.ratings([(0, 3, 1)], n_users=3, n_items=4)
    write_rows(tmp_path / "rows.npz", {"train": train, "test": test})
    parts = read_rows(tmp_path / "rows.npz")
    assert list(parts) == ["train", "test"]
    assert (parts["test"].n_users, parts["test"].n_items) == (3, 4)
    assert parts["train"].user_index.tolist() == [0, 1, 1]
    assert parts["train"].item_index.tolist() == [2, 0, 2]
    assert parts["train"].score.tolist() == [8, 0, 10]
    assert parts["test"].score.tolist() == [1]


def test_errors_of_several_seeds_are_taken_together() -> None:
    scores = np.array([5, 8])
    assert squared_errors(np.array([4.0, 8.0]), scores).tolist() == [1, 0]
    assert squared_errors(np.array([[4.0, 8.0], [5.0, 6.0]]), scores).tolist() == [0.5, 2]


def test_ratio_of_errors() -> None:
    test = samples.ratings([(0, 0, 5), (0, 1, 5), (2, 0, 5)], n_users=3, n_items=2)
    peers = np.array([[7.0, 3.0, 7.0], [3.0, 7.0, 3.0]])
    every = error_ratio(np.array([6.0, 4.0, 6.0]), peers, test)
    assert (every.value, every.low, every.high) == (0.5, 0.5, 0.5)
    some = error_ratio(np.array([6.0, 4.0, 7.0]), peers, test)
    assert some.value == pytest.approx(np.sqrt(6 / 12))
    assert (some.low, some.high) == (0.5, 1.0)


def test_only_the_epochs_after_the_first_are_timed() -> None:
    rows = samples.random_ratings(200)
    figures = timed_epochs(rows, MatrixFactorisationConfig(n_factors=2, n_implicit=2), 3)
    assert {name: len(values) for name, values in figures.items()} == {"seconds": 3, "busy": 3}


def test_bare_loops_do_what_they_are_named_for() -> None:
    users, items = np.array([0, 1]), np.array([1, 1])
    raters = np.array([[1, 2], [0, 1]], dtype=np.float32)
    titles = np.array([[9, 9], [3, 1]], dtype=np.float32)
    scores = np.array([6, 3], dtype=np.float32)
    assert dots(users, items, scores, raters, titles) == 5
    steps(users[:1], items[:1], scores[:1], raters, titles)
    assert raters.ravel().tolist() == pytest.approx([1.0149, 2.0048, 0, 1])
    assert titles.ravel().tolist() == pytest.approx([9, 9, 3.0047, 1.0099])
    figures = bare_loops(samples.random_ratings(50), 3, 2)
    assert list(figures) == ["dots", "dots_busy", "steps", "steps_busy"]
    assert [len(values) for values in figures.values()] == [2] * 4
