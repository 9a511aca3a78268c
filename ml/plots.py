"""The evaluation's figures as SVG text; only a worker imports this, since matplotlib is heavy.

Figures are made without pyplot, so there is no global state and no display is asked for. The same
numbers give the same text.
"""

from collections.abc import Sequence
from io import StringIO

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError, NonFiniteData, TooLittleData
from ml.history import EpochResult

_SCORES = np.arange(LOWEST_SCORE, HIGHEST_SCORE + 1)


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
    measured = [r for r in history if r.validation_rmse is not None]
    validation = [r.validation_rmse for r in measured if r.validation_rmse is not None]
    if not np.isfinite([*train, *validation]).all():
        raise NonFiniteData("An error of the learning curve is NaN or infinite.")
    figure, axes = _figure("Learning curve", "Epoch (number)", "RMSE (score points)")
    axes.plot(epochs, train, marker="o", label="Training (dropout on)")
    if measured:
        axes.plot([r.epoch for r in measured], validation, marker="s", label="Validation")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    return _svg(figure)


def confusion_matrix(counts: npt.NDArray[np.integer]) -> str:
    """Return a confusion matrix as SVG: each row's shares as colour, the counts as numbers.

    Args:
        counts: [10, 10] from :func:`ml.metrics.confusion_matrix`.

    Raises:
        DataError: the shape is another one.
    """
    if counts.shape != (HIGHEST_SCORE, HIGHEST_SCORE):
        raise DataError(f"A confusion matrix is 10 by 10, not {counts.shape}.")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure(
        "Predicted against true scores", "Predicted score (rounded, points)", "True score (points)"
    )
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
                fontsize=6,
                color="white" if shares[row, column] > 0.5 else "black",
            )
    axes.set_xticks(_SCORES)
    axes.set_yticks(_SCORES)
    figure.colorbar(image, ax=axes, label="Share of the true score (fraction)")
    return _svg(figure)


def score_distribution(counts: npt.NDArray[np.integer]) -> str:
    """Return how often each score was given as SVG.

    Args:
        counts: [10], number of ratings with score 1, 2, …, 10.

    Raises:
        DataError: there are not ten counts.
    """
    if counts.shape != (HIGHEST_SCORE,):
        raise DataError(f"Expected the counts of ten scores, not {counts.shape}.")
    figure, axes = _figure("Distribution of the scores", "Score (points)", "Ratings (number)")
    axes.bar(_SCORES, counts)
    axes.set_xticks(_SCORES)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    return _svg(figure)


def _figure(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def _svg(figure: Figure) -> str:
    """Return the figure as SVG text that can be searched and is the same each time."""
    stream = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "osusume"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()
