from collections.abc import Sequence
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml import plots
from ml.bootstrap import Estimate
from ml.errors import DataError, NonFiniteData, TooLittleData
from ml.history import EpochResult
from ml.metrics import CalibrationBin


def _epoch(number: int, train: float, validation: float | None) -> EpochResult:
    return EpochResult(number, 2, train, validation, seconds=1.0, rows_per_second=10.0)


HISTORY = [_epoch(1, 1.4, 1.3), _epoch(2, 1.2, 1.25)]
COUNTS = np.arange(100).reshape(10, 10) * 11
BINS = [CalibrationBin(1, 1.5, 2, 1.25, 2.25), CalibrationBin(7, 7.5, 6, 7.2, 7.2)]


def _recalls(*values: float | None) -> Sequence[Estimate | None]:
    return [None if value is None else Estimate(value, value - 0.1, value) for value in values]


RECALLS = _recalls(0.25, None, *[0.5] * 8)
FIGURES = {
    "learning curve": lambda: plots.learning_curve(HISTORY),
    "confusion matrix": lambda: plots.confusion_matrix(COUNTS),
    "distribution": lambda: plots.score_distribution(np.arange(10) * 1000),
    "distributions": lambda: plots.score_distribution(COUNTS[3], {"default": COUNTS[0]}),
    "calibration": lambda: plots.calibration_curve({"default": BINS, "even": BINS[:1]}),
    "recall": lambda: plots.recall_by_score({"default": RECALLS, "even": RECALLS}),
}


def _root(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own figure


def _words(svg: str) -> str:
    elements = _root(svg).iter()
    return " ".join("".join(each.itertext()) for each in elements if each.tag.endswith("}text"))


def _description(svg: str) -> str:
    return _root(svg).findtext("{http://www.w3.org/2000/svg}desc") or ""


def test_the_learning_curve_names_its_axes_and_lines() -> None:
    svg = plots.learning_curve(HISTORY)
    for expected in ("Epoch (number)", "RMSE (score points)", "Training", "Validation"):
        assert expected in _words(svg)
    assert "from 1.400 to 1.200" in _description(svg)
    assert "lowest, 1.250, after epoch 2" in _description(svg)


def test_a_curve_without_validation_shows_training_alone() -> None:
    words = _words(plots.learning_curve([_epoch(1, 1.4, None)]))
    assert "Validation" not in words


def test_the_confusion_matrix_shows_every_count() -> None:
    words = _words(plots.confusion_matrix(COUNTS))
    assert "1,089" in words
    for expected in ("Predicted score", "True score (points)", "fraction"):
        assert expected in words


def test_decodings_have_their_matrices_side_by_side() -> None:
    svg = plots.confusion_matrices({"default": np.eye(10, dtype=int) * 3, "balanced": COUNTS})
    words = _words(svg)
    assert "default" in words
    assert "balanced" in words
    assert words.count("Predicted score (rounded, points)") == 2
    assert "default: 30 of 30 predictions are right" in _description(svg)
    assert "balanced: 5,445 of 54,450 predictions are right" in _description(svg)


def test_the_score_distribution_names_its_axes() -> None:
    words = _words(plots.score_distribution(np.arange(10) * 1000))
    assert "Score (points)" in words
    assert "Ratings (number)" in words


def test_predictions_are_set_beside_the_training_scores_as_shares() -> None:
    given, predicted = np.array([1, 0, 0, 0, 0, 0, 0, 3, 0, 0]), np.array([0] * 7 + [5, 0, 0])
    svg = plots.score_distribution(given, {"default": predicted})
    for expected in ("Share (fraction)", "Training scores", "default"):
        assert expected in _words(svg)
    assert "Of 4 training scores 8 is the most frequent" in _description(svg)
    assert "default has 0.0% of its predictions at 4 or below, the training scores 25.0%" in (
        _description(svg)
    )


def test_calibration_shows_each_decoding_and_the_ideal() -> None:
    svg = plots.calibration_curve({"default": BINS, "balanced": BINS[:1]})
    for expected in ("As predicted", "default", "balanced", "Mean prediction (score points)"):
        assert expected in _words(svg)
    assert "default is off by 0.25 points" in _description(svg)
    assert "balanced is off by 1.00 points" in _description(svg)


def test_recall_says_which_scores_are_found() -> None:
    svg = plots.recall_by_score({"default": RECALLS, "balanced": RECALLS})
    for expected in ("True score (points)", "default", "balanced"):
        assert expected in _words(svg)
    assert "default: 0.25 of 1, 0.50 of 3, 0.50 of 4" in _description(svg)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_the_same_each_time_and_can_be_read_without_seeing_it(name: str) -> None:
    svg = FIGURES[name]()
    assert svg == FIGURES[name]()
    assert "<dc:date>" not in svg
    root = _root(svg)
    assert root.get("role") == "img"
    # A reader takes the first child as the name.
    assert [child.tag.partition("}")[2] for child in root][:2] == ["title", "desc"]
    assert (root[0].text or "nothing") in _words(svg)
    assert len(root[1].text or "") > 20


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(TooLittleData):
        plots.learning_curve([])
    with pytest.raises(NonFiniteData):
        plots.learning_curve([_epoch(1, float("nan"), None)])
    with pytest.raises(DataError):
        plots.confusion_matrix(np.zeros((2, 2), dtype=int))
    with pytest.raises(TooLittleData):
        plots.confusion_matrices({})
    with pytest.raises(DataError):
        plots.score_distribution(np.zeros(11, dtype=int))
    with pytest.raises(DataError):
        plots.score_distribution(np.zeros(10, dtype=int), {"default": np.zeros(9, dtype=int)})
    with pytest.raises(TooLittleData):
        plots.calibration_curve({"default": []})
    with pytest.raises(DataError):
        plots.recall_by_score({"default": RECALLS[:9]})
    with pytest.raises(TooLittleData):
        plots.recall_by_score({"default": [None] * 10})
    with pytest.raises(NonFiniteData):
        plots.recall_by_score({"default": [Estimate(np.nan, 0, 1)] * 10})
