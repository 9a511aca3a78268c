"""Writes a ratings file of the size of the published data set, which nobody may hand on.

Each simulated rater has as many rows as a real one drawn at random, rescaled to the wanted total;
the titles of a rater are drawn without replacement with their real frequencies (the Gumbel top-k
trick), the scores from their real histogram, -1 included. So sizes, locality and text are those of
the real file; what anybody likes is not, so these rows are good for timing only.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

PUBLISHED_ROWS: Final = 7_813_737
PUBLISHED_RATERS: Final = 73_515
PUBLISHED_TITLES: Final = 11_200
_TITLE_NOBODY_RATED_HERE: Final = 0.5  # ratings: titles of the full set that the sample lacks
_RATERS_A_BLOCK = 500

Ints = npt.NDArray[np.int64]


def write_simulated(
    target: Path,
    *,
    real: Path,
    n_rows: int,
    n_raters: int,
    rng: np.random.Generator,
    more_titles: Ints | None = None,
) -> None:
    """Write ``n_rows`` rows of ``n_raters`` raters in the order of user_id and anime_id.

    ``more_titles`` are ids that the real file lacks; each is half as frequent as one of its rows.
    """
    rows = np.loadtxt(real, delimiter=",", skiprows=1, dtype=np.int64)
    titles, frequency = np.unique(rows[:, 1], return_counts=True)
    if more_titles is not None:
        shares = np.concatenate([frequency, np.full(len(more_titles), _TITLE_NOBODY_RATED_HERE)])
        titles = np.concatenate([titles, more_titles])
        order = np.argsort(titles)
        titles, frequency = titles[order], shares[order]
    scores, score_counts = np.unique(rows[:, 2], return_counts=True)
    _, activity = np.unique(rows[:, 0], return_counts=True)
    sizes = rescaled(activity, total=n_rows, size=n_raters, most=len(titles) - 1, rng=rng)
    log_share = np.log(frequency / frequency.sum())
    with target.open("wb") as file:
        file.write(b"user_id,anime_id,rating\n")
        for start in range(0, n_raters, _RATERS_A_BLOCK):
            block = sizes[start : start + _RATERS_A_BLOCK]
            user_id = np.repeat(np.arange(start + 1, start + 1 + len(block)), block)
            chosen = [draw_titles(log_share, int(size), rng) for size in block]
            score = rng.choice(scores, len(user_id), p=score_counts / score_counts.sum())
            table = np.column_stack([user_id, titles[np.concatenate(chosen)], score])
            np.savetxt(file, table, fmt="%d", delimiter=",")


def rescaled(activity: Ints, *, total: int, size: int, most: int, rng: np.random.Generator) -> Ints:
    """``size`` numbers of rows from 1 to ``most``, drawn from ``activity``, ``total`` in sum."""
    drawn = rng.choice(activity, size).astype(np.float64)
    sizes: Ints = np.clip(np.rint(drawn * total / drawn.sum()), 1, most).astype(np.int64)
    while difference := total - int(sizes.sum()):
        free = np.flatnonzero(sizes < most if difference > 0 else sizes > 1)
        chosen = rng.choice(free, min(abs(difference), len(free)), replace=False)
        sizes[chosen] += np.sign(difference)
    return sizes


def draw_titles(log_share: npt.NDArray[np.float64], size: int, rng: np.random.Generator) -> Ints:
    """The ascending rows of ``size`` different titles, drawn by the logarithm of their shares."""
    keys = log_share + rng.gumbel(size=len(log_share))
    return np.sort(np.argpartition(-keys, size)[:size])
