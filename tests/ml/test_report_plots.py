from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml import report_plots
from ml.bootstrap import Estimate
from ml.data import Split
from ml.errors import DataError, TooLittleData
from ml.history import EpochResult
from ml.report import EvaluationReport, evaluate
from tests.ml.samples import divided_ratings

RATINGS, SPLIT = divided_ratings()
SCORE_FIGURES = [
    "confusion_matrices",
    "calibration",
    "score_distribution",
    "recall_by_score",
    "rmse_by_activity",
    "rmse_by_popularity",
]
LIST_FIGURES = ["ndcg_at_10", "ndcg_by_activity", "ndcg_by_popularity"]


def _report(parts: Split = SPLIT) -> EvaluationReport:
    return evaluate(
        RATINGS,
        parts,
        predictors={
            "net": {
                "default": lambda users, items: 2.0 + items,
                "balanced": lambda users, items: 3.0 + items,
            }
        },
        rankers={"ascending": lambda histories: np.tile(np.arange(6.0), (len(histories), 1))},
    )


@pytest.fixture(scope="module")
def figures() -> dict[str, str]:
    history = [EpochResult(1, 1, 1.5, 1.4, seconds=1.0, rows_per_second=1.0)]
    return report_plots.report_figures(_report(), predictor="net", history=history)


def _texts(svg: str) -> list[str]:
    elements = ET.fromstring(svg).iter()  # noqa: S314 - our own figure
    return ["".join(each.itertext()) for each in elements if each.tag.endswith("}text")]


def test_a_report_has_all_its_figures(figures: dict[str, str]) -> None:
    assert list(figures) == ["learning_curve", *SCORE_FIGURES, *LIST_FIGURES]


def test_the_figures_of_one_model_show_its_decodings(figures: dict[str, str]) -> None:
    for name in SCORE_FIGURES[:4]:
        assert {"default", "balanced"} <= set(_texts(figures[name])), name


def test_models_are_broken_down_beside_the_baselines(figures: dict[str, str]) -> None:
    expected = {
        "rmse_by_activity": {"net", "global-mean", "1 title", "2 titles", "RMSE (score points)"},
        "rmse_by_popularity": {"net", "global-mean", "head (2)", "tail (0)"},
        "ndcg_by_activity": {"ascending", "popular", "1 title", "2 titles"},
        "ndcg_by_popularity": {"ascending", "popular", "head (2)", "tail (0)"},
    }
    for name, words in expected.items():
        assert words <= set(_texts(figures[name])), name


def test_rankers_are_in_the_order_of_their_value() -> None:
    estimates = {
        "middle": Estimate(0.2, 0.15, 0.25),
        "worst": Estimate(0.0, 0.0, 0.0),
        "best": Estimate(0.3, 0.25, 0.35),
    }
    svg = report_plots.ranker_bars(estimates)
    texts = _texts(svg)
    assert [each for each in texts if each in estimates] == ["worst", "middle", "best"]
    assert {"0.200", "0.000", "0.300", "NDCG@10 of each ranker"} <= set(texts)
    assert "best: 0.300 (0.250 to 0.350). middle: 0.200 (0.150 to 0.250). worst" in svg


def test_many_models_can_be_told_apart() -> None:
    series = {f"model {number}": [Estimate(1.0, 0.9, 1.1)] for number in range(9)}
    svg = report_plots.breakdown_bars(
        "Many", ["all"], series, x_label="Group", y_label="RMSE (score points)"
    )
    assert set(series) <= set(_texts(svg))
    assert "<pattern" in svg  # hatches, where the colours begin anew


def test_nothing_held_out_leaves_nothing_to_draw() -> None:
    nobody = Split(np.zeros(len(RATINGS), dtype=np.int8))
    assert report_plots.report_figures(_report(nobody), predictor="net") == {}


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DataError, match="No predictor 'other'"):
        report_plots.report_figures(_report(), predictor="other")
    with pytest.raises(TooLittleData):
        report_plots.ranker_bars({})
    with pytest.raises(DataError, match="1 estimates for 2 groups"):
        report_plots.breakdown_bars(
            "x", ["a", "b"], {"net": [Estimate(1, 1, 1)]}, x_label="x", y_label="y"
        )


def test_breakdowns_are_of_the_default_decoding_whatever_the_order(
    figures: dict[str, str],
) -> None:
    report = _report()
    turned = {name: dict(reversed(list(each.items()))) for name, each in report.scores.items()}
    again = report_plots.report_figures(replace(report, scores=turned), predictor="net")
    for name in ("rmse_by_activity", "rmse_by_popularity"):
        assert again[name] == figures[name]
