from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml import plots
from ml.errors import DataError, NonFiniteData, TooLittleData
from ml.history import EpochResult


def _epoch(number: int, train: float, validation: float | None) -> EpochResult:
    return EpochResult(number, 2, train, validation, seconds=1.0, rows_per_second=10.0)


HISTORY = [_epoch(1, 1.4, 1.3), _epoch(2, 1.2, 1.25)]


def _words(svg: str) -> str:
    root = ET.fromstring(svg)  # noqa: S314 - our own figure
    return " ".join("".join(element.itertext()) for element in root.iter() if "text" in element.tag)


def test_the_learning_curve_names_its_axes_and_lines() -> None:
    words = _words(plots.learning_curve(HISTORY))
    for expected in ("Epoch (number)", "RMSE (score points)", "Training", "Validation"):
        assert expected in words


def test_a_curve_without_validation_shows_training_alone() -> None:
    words = _words(plots.learning_curve([_epoch(1, 1.4, None)]))
    assert "Validation" not in words


def test_the_confusion_matrix_shows_every_count() -> None:
    counts = np.arange(100).reshape(10, 10) * 11
    words = _words(plots.confusion_matrix(counts))
    assert "1,089" in words
    for expected in ("Predicted score", "True score (points)", "fraction"):
        assert expected in words


def test_the_score_distribution_names_its_axes() -> None:
    words = _words(plots.score_distribution(np.arange(10) * 1000))
    assert "Score (points)" in words
    assert "Ratings (number)" in words


def test_the_same_numbers_give_the_same_text() -> None:
    assert plots.learning_curve(HISTORY) == plots.learning_curve(HISTORY)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(TooLittleData):
        plots.learning_curve([])
    with pytest.raises(NonFiniteData):
        plots.learning_curve([_epoch(1, float("nan"), None)])
    with pytest.raises(DataError):
        plots.confusion_matrix(np.zeros((2, 2), dtype=int))
    with pytest.raises(DataError):
        plots.score_distribution(np.zeros(11, dtype=int))
