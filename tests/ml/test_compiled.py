import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from ml.compiled import compiled


def total(values: Any) -> float:
    result = 0.0
    for value in values:
        result += value
    return result


def test_it_computes_the_same() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    assert compiled()(total)(values) == total(values)
    assert compiled(fastmath=True)(total)(values) == pytest.approx(total(values))


def test_it_works_where_no_folder_can_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    original = numba.njit

    def without_folders(*functions: Any, cache: bool = False, **options: Any) -> Callable[..., Any]:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        made: Callable[..., Any] = original(*functions, **options)
        return made

    monkeypatch.setattr(numba, "njit", without_folders)
    summed = compiled()(total)
    assert asked == [True, False]
    assert math.isclose(summed(np.ones(7)), 7.0)
