"""Figures of one model: how it learned, and how its predicted scores lie beside the true ones.

They come as SVG text (:mod:`ml.svg_figure`). Only a worker imports this.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from ml.bootstrap import Estimate
from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError, NonFiniteData, TooLittleData
from ml.history import EpochResult
from ml.metrics import CalibrationBin, expected_calibration_error
from ml.svg_figure import COLOURS, check_estimates, grouped_bars, legend_below, new_figure, svg_text

_SCORES = np.arange(LOWEST_SCORE, HIGHEST_SCORE + 1)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def learning_curve(history: Sequence[EpochResult]) -> str:
    """Return the training and validation RMSE of each epoch as SVG.

    Raises:
        TooLittleData: there is no epoch.
        NonFiniteData: an error is NaN or infinite.
    """
    if not history:
        raise TooLittleData("There is no epoch to draw.")
    epochs = [result.epoch for result in history]
    train = [result.train_rmse for result in history]
    measured = [(r.epoch, r.validation_rmse) for r in history if r.validation_rmse is not None]
    validation = [error for _, error in measured]
    if not np.isfinite([*train, *validation]).all():
        raise NonFiniteData("An error of the learning curve is NaN or infinite.")
    figure, (axes,) = new_figure("Learning curve", "Epoch (number)", "RMSE (score points)")
    axes.plot(epochs, train, marker="o", label="Training (dropout on)")
    description = (
        f"Root mean square error over {len(epochs)} epochs. Training goes from {train[0]:.3f} "
        f"to {train[-1]:.3f}."
    )
    if measured:
        axes.plot([epoch for epoch, _ in measured], validation, marker="s", label="Validation")
        best_epoch, best = min(measured, key=lambda each: each[1])
        description += f" Validation is lowest, {best:.3f}, after epoch {best_epoch}."
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, alpha=0.3)
    legend_below(figure, axes)
    return svg_text(figure, description)


def confusion_matrix(counts: npt.NDArray[np.integer]) -> str:
    """Return one confusion matrix as SVG, as :func:`confusion_matrices` draws several."""
    return confusion_matrices({"": counts})


def confusion_matrices(matrices: Mapping[str, npt.NDArray[np.integer]]) -> str:
    """Return confusion matrices side by side as SVG.

    Colour says which share of a true score it is; the numbers are counts.

    Args:
        matrices: by heading, int [10, 10] from :func:`ml.metrics.confusion_matrix`.

    Raises:
        TooLittleData: there is no matrix.
        DataError: a shape is another one.
    """
    if not matrices:
        raise TooLittleData("There is no confusion matrix to draw.")
    for counts in matrices.values():
        if counts.shape != (HIGHEST_SCORE, HIGHEST_SCORE):
            raise DataError(f"A confusion matrix is 10 by 10, not {counts.shape}.")
    figure, row = new_figure(
        "Predicted against true scores",
        "Predicted score (rounded, points)",
        "True score (points)",
        columns=len(matrices),
        height=6.6,
    )
    images = [
        _draw_confusion(axes, name, counts)
        for axes, (name, counts) in zip(row, matrices.items(), strict=True)
    ]
    figure.colorbar(images[-1], ax=row, label="Share of the true score (fraction)")
    right = (
        f"{f'{name}: ' if name else ''}{np.trace(counts):,} of {counts.sum():,} predictions "
        "are right once rounded."
        for name, counts in matrices.items()
    )
    return svg_text(
        figure, " ".join(["Rows are true scores, columns predicted scores, 1 to 10.", *right])
    )


def _draw_confusion(axes: Axes, name: str, counts: npt.NDArray[np.integer]) -> AxesImage:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    edges = (LOWEST_SCORE - 0.5, HIGHEST_SCORE + 0.5)
    image = axes.imshow(
        shares, cmap="Blues", vmin=0, vmax=1, origin="lower", extent=(*edges, *edges)
    )
    for row, true in enumerate(_SCORES):
        for column, predicted in enumerate(_SCORES):
            axes.text(
                float(predicted),
                float(true),
                f"{int(counts[row, column]):,}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[row, column] > 0.5 else "black",
            )
    axes.set_title(name, fontsize=11)
    axes.set_xticks(_SCORES)
    axes.set_yticks(_SCORES)
    return image


def score_distribution(
    counts: npt.NDArray[np.integer],
    predicted: Mapping[str, npt.NDArray[np.integer]] | None = None,
) -> str:
    """Return how often each score was given, and predicted, as SVG.

    Args:
        counts: [10], number of ratings with score 1, 2, …, 10.
        predicted: by the name in the legend, number of predictions of 1, 2, …, 10. With any, bars
            are shares instead of numbers, since there are fewer predictions than ratings.

    Raises:
        DataError: there are not ten counts.
    """
    for each in (counts, *(predicted or {}).values()):
        if each.shape != (HIGHEST_SCORE,):
            raise DataError(f"Expected the counts of ten scores, not {each.shape}.")
    most = int(_SCORES[int(np.argmax(counts))])
    description = f"Of {int(counts.sum()):,} training scores {most} is the most frequent."
    if not predicted:
        figure, (axes,) = new_figure(
            "Distribution of the scores", "Score (points)", "Ratings (number)"
        )
        axes.bar(_SCORES, counts, color=COLOURS[0])
        axes.set_xticks(_SCORES)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        return svg_text(figure, description)
    figure, (axes,) = new_figure(
        "Training scores beside predictions", "Score (points)", "Share (fraction)"
    )
    series = {"Training scores": counts, **predicted}
    width = 0.8 / len(series)
    for number, (name, each) in enumerate(series.items()):
        shares = each / max(1, int(each.sum()))
        axes.bar(_SCORES + (number + 0.5) * width - 0.4, shares, width, label=name)
        if number:
            description += f" {name} has {shares[:4].sum():.1%} of its predictions at 4 or below"
            description += f", the training scores {(counts[:4].sum() / max(1, counts.sum())):.1%}."
    axes.set_xticks(_SCORES)
    axes.grid(visible=True, axis="y", alpha=0.3)
    legend_below(figure, axes)
    return svg_text(figure, description)


def calibration_curve(tables: Mapping[str, Sequence[CalibrationBin]]) -> str:
    """Return mean true scores against mean predictions as SVG; larger marks hold more ratings.

    Args:
        tables: by the name in the legend, what :func:`ml.metrics.calibration` returns.

    Raises:
        TooLittleData: there is no bin.
    """
    if not any(tables.values()):
        raise TooLittleData("There is no calibration to draw.")
    figure, (axes,) = new_figure(
        "Calibration", "Mean prediction (score points)", "Mean true score (score points)"
    )
    ends = (LOWEST_SCORE, HIGHEST_SCORE)
    axes.plot(ends, ends, color="#777777", linestyle="--", label="As predicted")
    description = "Mean true score of the ratings with about the same prediction."
    for number, (name, bins) in enumerate(tables.items()):
        predicted = np.array([each.mean_prediction for each in bins])
        given = np.array([each.mean_score for each in bins])
        sizes = np.array([each.n_ratings for each in bins])
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(predicted, given, color=colour, alpha=0.6)
        axes.scatter(
            predicted,
            given,
            s=12 + 120 * np.sqrt(sizes / max(1, sizes.max(initial=0))),
            color=colour,
            marker=_MARKERS[number % len(_MARKERS)],
            alpha=0.8,
            label=name,
        )
        if len(bins):
            off = expected_calibration_error(bins)
            description += f" On average {name} is off by {off:.2f} points."
    axes.set_xticks(_SCORES)
    axes.set_yticks(_SCORES)
    axes.grid(visible=True, alpha=0.3)
    legend_below(figure, axes)
    return svg_text(figure, description)


def recall_by_score(recalls: Mapping[str, Sequence[Estimate | None]]) -> str:
    """Return the recall of each true score as SVG bars with their intervals.

    Args:
        recalls: by the name in the legend, recall of score 1, 2, …, 10.

    Raises:
        TooLittleData, DataError, NonFiniteData: as :func:`ml.svg_figure.grouped_bars`.
    """
    scores = [str(score) for score in _SCORES]
    check_estimates(scores, recalls)
    figure, (axes,) = new_figure(
        "Recall of each true score", "True score (points)", "Right once rounded (fraction)"
    )
    grouped_bars(axes, scores, recalls)
    axes.set_ylim(0, 1)
    legend_below(figure, axes)
    shown = (
        f"{name}: "
        + ", ".join(
            f"{each.value:.2f} of {score}"
            for score, each in zip(scores, values, strict=True)
            if each is not None
        )
        + "."
        for name, values in recalls.items()
    )
    return svg_text(figure, " ".join(["Share of each true score that is predicted right.", *shown]))
