"""The figures of an evaluation: models beside one another, and every figure of one of them.

They come as SVG text (:mod:`ml.svg_figure`). Only a worker imports this.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ml import plots
from ml.bootstrap import Estimate
from ml.errors import DataError
from ml.history import EpochResult
from ml.report import DEFAULT_DECODING, EvaluationReport
from ml.score_report import ScoreReport
from ml.svg_figure import (
    COLOURS,
    HEIGHT,
    check_estimates,
    grouped_bars,
    interval_lengths,
    legend_below,
    new_figure,
    svg_text,
)


def ranker_bars(estimates: Mapping[str, Estimate], *, measure: str = "NDCG@10") -> str:
    """Return a bar with its interval for each ranker as SVG, the best on top.

    Args:
        estimates: by ranker.
        measure: what was measured, for the heading and the axis.

    Raises:
        TooLittleData: there is no ranker.
        NonFiniteData: an estimate is NaN or infinite.
    """
    check_estimates([measure], {name: [each] for name, each in estimates.items()})
    best_last = sorted(estimates.items(), key=lambda each: each[1].value)
    values = np.array([each.value for _, each in best_last])
    ends = np.array([[each.low, each.high] for _, each in best_last])
    figure, (axes,) = new_figure(
        f"{measure} of each ranker",
        f"{measure} (from 0 to 1), with 95 % interval",
        "",
        height=max(HEIGHT / 2, 1.4 + 0.4 * len(best_last)),
    )
    axes.barh(
        np.arange(len(best_last)),
        values,
        color=COLOURS[0],
        xerr=interval_lengths(values, ends),
        error_kw={"ecolor": "#444444", "capsize": 3},
    )
    for place, (value, high) in enumerate(zip(values, ends[:, 1], strict=True)):
        axes.annotate(
            f"{value:.3f}",
            (max(value, high), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    axes.set_yticks(np.arange(len(best_last)), [name for name, _ in best_last])
    axes.set_xlim(0, max(1e-9, 1.15 * float(ends[:, 1].max())))
    axes.grid(visible=True, axis="x", alpha=0.3)
    shown = (
        f"{name}: {each.value:.3f} ({each.low:.3f} to {each.high:.3f})."
        for name, each in reversed(best_last)
    )
    return svg_text(figure, " ".join(["The best ranker first.", *shown]))


def breakdown_bars(
    title: str,
    groups: Sequence[str],
    series: Mapping[str, Sequence[Estimate | None]],
    *,
    x_label: str,
    y_label: str,
) -> str:
    """Return a bar for each model in each group as SVG.

    Args:
        title: the heading.
        groups: labels of the groups.
        series: by model, an estimate for each group, None for nothing to measure.
        x_label: what the groups are.
        y_label: what was measured, with its unit.

    Raises:
        TooLittleData, DataError, NonFiniteData: as :func:`ml.svg_figure.grouped_bars`.
    """
    check_estimates(groups, series)
    figure, (axes,) = new_figure(title, x_label, y_label)
    grouped_bars(axes, groups, series)
    legend_below(figure, axes)
    shown = (
        f"{name}: "
        + ", ".join(
            f"{each.value:.3f} ({group})"
            for group, each in zip(groups, values, strict=True)
            if each is not None
        )
        + "."
        for name, values in series.items()
    )
    return svg_text(figure, " ".join(shown))


def report_figures(
    report: EvaluationReport, *, predictor: str, history: Sequence[EpochResult] = ()
) -> dict[str, str]:
    """Return every figure that a report has the numbers for, as SVG by name.

    Args:
        report: the evaluation.
        predictor: whose decodings are drawn in the figures of one model.
        history: that model's epochs; none leave the learning curve out.

    Raises:
        DataError: there is no such predictor.
    """
    if predictor not in report.scores:
        raise DataError(
            f"No predictor {predictor!r} was measured, only {', '.join(report.scores)}."
        )
    figures = {"learning_curve": plots.learning_curve(history)} if history else {}
    if report.n_test_ratings:
        figures |= _score_figures(report, report.scores[predictor])
    if report.n_ranked_raters:
        figures |= _list_figures(report)
    return figures


def _score_figures(
    report: EvaluationReport, decodings: Mapping[str, ScoreReport]
) -> dict[str, str]:
    # A report that a database has held may have lost the order of its decodings.
    first = {
        name: each.get(DEFAULT_DECODING) or next(iter(each.values()))
        for name, each in report.scores.items()
    }
    figures = {
        "confusion_matrices": plots.confusion_matrices(
            {name: np.array(each.confusion_matrix) for name, each in decodings.items()}
        ),
        "calibration": plots.calibration_curve(
            {name: each.calibration for name, each in decodings.items()}
        ),
        "score_distribution": plots.score_distribution(
            np.array(report.train_score_counts),
            {name: np.array(each.prediction_counts) for name, each in decodings.items()},
        ),
        "recall_by_score": plots.recall_by_score(
            {name: each.recall_by_score for name, each in decodings.items()}
        ),
    }
    for kind, (heading, x_label) in _KINDS.items():
        groups = {
            name: each.by_activity if kind == "activity" else each.by_popularity
            for name, each in first.items()
        }
        figures[f"rmse_by_{kind}"] = breakdown_bars(
            f"RMSE {heading}",
            [group.heading for group in next(iter(groups.values()))],
            {name: [group.rmse for group in own] for name, own in groups.items()},
            x_label=x_label,
            y_label="RMSE (score points)",
        )
    return figures


def _list_figures(report: EvaluationReport) -> dict[str, str]:
    ndcg = {name: each.ndcg_at_10 for name, each in report.lists.items()}
    figures = {
        "ndcg_at_10": ranker_bars({name: each for name, each in ndcg.items() if each is not None})
    }
    for kind, (heading, x_label) in _KINDS.items():
        groups = {
            name: each.by_activity if kind == "activity" else each.by_popularity
            for name, each in report.lists.items()
        }
        figures[f"ndcg_by_{kind}"] = breakdown_bars(
            f"NDCG@10 {heading}",
            [group.heading for group in next(iter(groups.values()))],
            {name: [group.ndcg_at_10 for group in own] for name, own in groups.items()},
            x_label=x_label,
            y_label="NDCG@10 (from 0 to 1)",
        )
    return figures


_KINDS = {
    "activity": ("by the rater's activity", "Training titles of the rater"),
    "popularity": (
        "by the title's popularity",
        "Titles with a third of the training ratings each (ratings of a title)",
    ),
}
