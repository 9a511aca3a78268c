"""Scored rows of any size in which there is something to learn.

As many rows a rater as real ones have, rescaled; titles drawn by real frequencies; and a score that
is the sum of a mean, a rater's and a title's own level, a few shared tastes, and noise, rounded to
1 to 10. The scores spread by about 1.54 points, of whose square noise is a little less than half.
The rows of :mod:`benchmarks.simulated_ratings` are good for timing only.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.simulated_ratings import rescaled
from ml.data import Ratings

MEAN: Final = 7.8
RATER_LEVEL: Final = 0.75  # standard deviations, in score points
TITLE_LEVEL: Final = 0.7
NOISE: Final = 1.05
TASTE: Final = 0.45
N_TASTES: Final = 10
TASTE_FADES: Final = 0.75  # each taste matters by this factor less than the one before
_MOST_OF_ALL_TITLES: Final = 0.25
_REPEATS_LEFT: Final = 1e-3


def simulated_scores(
    real: Path, *, n_rows: int, n_raters: int, n_titles: int, rng: np.random.Generator
) -> Ratings:
    """Return about ``n_rows`` scored rows (a thousandth may be missing), by rater.

    Args:
        real: a file of ratings whose histograms are taken.
        n_rows: rows wanted.
        n_raters: all of them have rows.
        n_titles: some may have none.
        rng: draws everything.
    """
    rows = np.loadtxt(real, delimiter=",", skiprows=1, dtype=np.int64)
    rows = rows[rows[:, 2] > 0]
    _, activity = np.unique(rows[:, 0], return_counts=True)
    _, frequency = np.unique(rows[:, 1], return_counts=True)
    sizes = rescaled(
        activity, total=n_rows, size=n_raters, most=int(n_titles * _MOST_OF_ALL_TITLES), rng=rng
    )
    user = np.repeat(np.arange(n_raters), sizes)
    user, item = _titles(user, np.sort(rng.choice(frequency, n_titles)), rng)
    score = _scores(user, item, n_raters, n_titles, rng)
    return Ratings(
        user.astype(np.int32), item.astype(np.int32), score, n_users=n_raters, n_items=n_titles
    )


def _titles(
    user: npt.NDArray[np.int64], frequency: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draw a title for each row, again for those that repeat one of the same rater."""
    reaches = np.cumsum(frequency / frequency.sum())
    item = np.zeros_like(user)
    again = np.ones(len(user), dtype=bool)
    while again.sum() > _REPEATS_LEFT * len(user):
        drawn = np.searchsorted(reaches, rng.random(int(again.sum())))
        item[again] = np.minimum(drawn, len(frequency) - 1)
        pairs = user * len(frequency) + item
        order = np.argsort(pairs, kind="stable")
        again = np.zeros(len(user), dtype=bool)
        again[order[1:]] = np.diff(pairs[order]) == 0
    return user[~again], item[~again]


def _scores(
    user: npt.NDArray[np.int64],
    item: npt.NDArray[np.int64],
    n_raters: int,
    n_titles: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int8]:
    score = MEAN + NOISE * rng.standard_normal(len(user))
    score += RATER_LEVEL * rng.standard_normal(n_raters)[user]
    score += TITLE_LEVEL * rng.standard_normal(n_titles)[item]
    for number in range(N_TASTES):
        weight = TASTE * TASTE_FADES**number
        liking, having = rng.standard_normal(n_raters), rng.standard_normal(n_titles)
        score += weight * liking[user] * having[item]
    return np.clip(np.rint(score), 1, 10).astype(np.int8)
