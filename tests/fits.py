"""Trainings of the same small data, whose fits are made once in a process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ml.data import Ratings
from recommender.services import training

_fitted: dict[tuple[str, bytes, bytes], Any] = {}


@contextmanager
def fits_made_once() -> Iterator[None]:
    """Let each step of a training give its earlier result for the same ratings and titles."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("fit_held_out", "evaluate_suite", "refit"):
            _make_once(patched, name)
        yield


def _make_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    original: Callable[..., Any] = getattr(training, name)

    def remembered(*arguments: Any, **options: Any) -> Any:
        ratings: Ratings = options["ratings"] if "ratings" in options else arguments[0]
        features = options["features"]
        key = (name, ratings.score.tobytes() + ratings.item_index.tobytes(), features.tobytes())
        if key not in _fitted:
            _fitted[key] = original(*arguments, **options)
        return _fitted[key]

    monkeypatch.setattr(training, name, remembered)
