"""Titles without ratings get a fixed share of the places."""

import numpy as np
import pytest

from ml.errors import DataError
from ml.exploration import EVERY, interleave


def order(known: int, unknown: int, every: int) -> list[int]:
    merged: list[int] = interleave(np.arange(known), -1 - np.arange(unknown), every).tolist()
    return merged


def test_every_so_many_places_one_is_unknown() -> None:
    assert order(7, 2, 3) == [0, 1, -1, 2, 3, -2, 4, 5, 6]


def test_when_the_known_run_out_the_unknown_follow() -> None:
    assert order(3, 4, 3) == [0, 1, -1, 2, -2, -3, -4]
    assert order(0, 2, 3) == [-1, -2]


def test_without_unknown_nothing_changes() -> None:
    assert order(4, 0, 3) == [0, 1, 2, 3]


def test_the_first_ten_are_all_known() -> None:
    assert min(order(100, 50, EVERY)[: EVERY - 1]) == 0
    assert order(100, 50, EVERY)[EVERY - 1] == -1


def test_no_distance_is_refused() -> None:
    with pytest.raises(DataError, match="at least 1"):
        order(3, 3, 0)
