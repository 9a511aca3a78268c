"""Figures as SVG text that everybody can read: colours, fonts, a title and a description.

Figures are made without pyplot, so there is no global state and no display is asked for. The same
numbers give the same text. The background is opaque white, so that they can be read on a dark page
too. Only a worker imports this, since matplotlib is heavy.
"""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Final
from xml.sax.saxutils import escape

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ml.bootstrap import Estimate
from ml.errors import DataError, NonFiniteData, TooLittleData

FloatArray = npt.NDArray[np.float64]

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart with every kind of colour blindness (Okabe & Ito 2008), without their yellow, which
is too pale on white."""
HATCHES: Final = ("", "//", "..", "xx")
"""Tell apart the series that have the same colour."""
WIDTH: Final = 7.5
HEIGHT: Final = 4.8


def new_figure(
    title: str, x_label: str, y_label: str, *, columns: int = 1, height: float = HEIGHT
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a row of axes that have the same labels."""
    figure = Figure(figsize=(WIDTH * (1 + (columns - 1) * 0.8), height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=13)
    row = [figure.add_subplot(1, columns, place + 1) for place in range(columns)]
    for axes in row:
        axes.set_xlabel(x_label, fontsize=11)
        axes.set_ylabel(y_label, fontsize=11)
        axes.tick_params(labelsize=10)
        axes.set_prop_cycle(color=COLOURS)
        axes.set_axisbelow(True)
    return figure, row


def legend_below(figure: Figure, axes: Axes) -> None:
    """Name what is drawn below the axes, where it hides nothing; one name needs no legend."""
    handles, names = axes.get_legend_handles_labels()
    if len(names) > 1:
        figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize=10)


def svg_text(figure: Figure, description: str) -> str:
    """Return the figure as SVG text with its title and a description for screen readers.

    Args:
        figure: what to draw; its heading becomes the title.
        description: what the figure shows, in a sentence or two.
    """
    stream = StringIO()
    title = figure.get_suptitle()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "osusume"}):
        figure.savefig(
            stream, format="svg", facecolor="white", metadata={"Date": None, "Title": title}
        )
    head, end_of_title, rest = stream.getvalue().partition("</title>")
    head = head.replace("<svg ", '<svg role="img" ', 1)
    return f"{head}{end_of_title}\n <desc>{escape(description)}</desc>{rest}"


def grouped_bars(
    axes: Axes, groups: Sequence[str], series: Mapping[str, Sequence[Estimate | None]]
) -> None:
    """Draw a bar with its interval for each series in each group; None leaves its place empty.

    Args:
        axes: where to.
        groups: labels below the groups, left to right.
        series: by the name in the legend, an estimate for each group.

    Raises:
        TooLittleData: there is nothing to draw.
        DataError: a series has another number of estimates.
        NonFiniteData: an estimate is NaN or infinite.
    """
    check_estimates(groups, series)
    width = 0.8 / len(series)
    for number, (name, estimates) in enumerate(series.items()):
        drawn = [(place, each) for place, each in enumerate(estimates) if each is not None]
        if not drawn:
            continue
        values = np.array([each.value for _, each in drawn])
        ends = np.array([[each.low, each.high] for _, each in drawn])
        axes.bar(
            np.array([place for place, _ in drawn]) + (number + 0.5) * width - 0.4,
            values,
            width,
            label=name,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number // len(COLOURS) % len(HATCHES)],
            edgecolor="white",
            yerr=interval_lengths(values, ends),
            error_kw={"ecolor": "#444444", "capsize": 2, "elinewidth": 1},
        )
    axes.set_xticks(np.arange(len(groups)), groups)
    axes.grid(visible=True, axis="y", alpha=0.3)


def interval_lengths(values: FloatArray, ends: FloatArray) -> FloatArray:
    """Return how far the intervals reach below and above [2, n], as matplotlib wants them."""
    lengths = np.stack([values - ends[:, 0], ends[:, 1] - values])
    return np.asarray(np.maximum(lengths, 0), dtype=np.float64)


def check_estimates(groups: Sequence[str], series: Mapping[str, Sequence[Estimate | None]]) -> None:
    """Refuse what cannot be drawn. Raises as :func:`grouped_bars`."""
    for name, estimates in series.items():
        if len(estimates) != len(groups):
            raise DataError(f"{name} has {len(estimates)} estimates for {len(groups)} groups.")
    given = [each for estimates in series.values() for each in estimates if each is not None]
    if not given:
        raise TooLittleData("There is no estimate to draw.")
    if not np.isfinite([[each.value, each.low, each.high] for each in given]).all():
        raise NonFiniteData("An estimate is NaN or infinite.")
