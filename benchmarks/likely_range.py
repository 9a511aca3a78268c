"""How often a score lies within its likely range: on the test part, with the fit that is held out.

    python -m benchmarks.likely_range FOLDER

FOLDER is an artifact's, such as var/artifacts/<name>. Measured for the raters whom the fit knows,
and for five hundred of them as if it did not: folded in from their training rows.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.artifacts import load_arrays
from ml.data import Ratings, split
from ml.histories import Histories
from ml.ordinal import OrdinalOutput
from ml.pipeline import SPLIT_SEED
from ml.score_blend import ScoreBlend
from ml.suite import Suite

FOLDED_IN: Final = 500
SHARE: Final = 0.8

IntArray = npt.NDArray[np.integer]


def main() -> None:
    """Load, measure, print."""
    parser = argparse.ArgumentParser(description="Coverage of the likely ranges.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="an artifact")
    folder = parser.parse_args().folder
    suite = Suite.load(folder, held_out=True)
    if suite.best is None or suite.ordinal is None:
        raise SystemExit(f"{folder} has no best predictor with an ordinal output.")
    train, test = parts_of(folder)
    points = suite.best.predict_pairs(test.user_index, test.item_index)
    spreads = suite.best.spread_pairs(test.user_index, test.item_index)
    ranges = suite.ordinal.likely_range(points, spreads, share=SHARE)
    show("raters whom the fit knows", ranges, test.score)
    show("raters folded in", *folded_in(suite.best, suite.ordinal, train, test))


def parts_of(folder: Path) -> tuple[Ratings, Ratings]:
    """The rows that the held-out fit has seen, and the scored rows of the test part."""
    arrays = load_arrays(folder, "dataset")
    ratings = Ratings(
        user_index=arrays["user_index"],
        item_index=arrays["item_index"],
        score=arrays["score"],
        n_users=len(arrays["user_ids"]),
        n_items=len(arrays["item_ids"]),
    )
    parts = split(
        ratings, user_keys=arrays["user_keys"], item_ids=arrays["item_ids"], seed=SPLIT_SEED
    )
    return ratings.take(parts.train), ratings.take(parts.test)


def folded_in(
    best: ScoreBlend, ordinal: OrdinalOutput, train: Ratings, test: Ratings
) -> tuple[npt.NDArray[np.int8], IntArray]:
    """The ranges [n, 2] and the scores [n] of some raters who are treated as unknown."""
    raters = np.unique(test.user_index)[:: max(1, len(np.unique(test.user_index)) // FOLDED_IN)]
    histories = Histories.of_ratings(train, raters.astype(np.int64))
    ranges, scores = [], []
    for position, rater in enumerate(raters.tolist()):
        rows = np.flatnonzero(test.user_index == rater)
        vector = best.fold_in(*histories.one(position))
        items = test.item_index[rows]
        points, spreads = best.predict(vector, items), best.spread(vector, items)
        ranges.append(ordinal.likely_range(points, spreads, share=SHARE))
        scores.append(test.score[rows])
    return np.concatenate(ranges), np.concatenate(scores)


def show(name: str, ranges: npt.NDArray[np.int8], scores: IntArray) -> None:
    """Print how often the score lies within, and how many scores the ranges have."""
    low, high = ranges.T.astype(np.int64)
    within = float(np.mean((low <= scores) & (scores <= high)))
    width = float(np.mean(high - low + 1))
    print(f"{name}: {within:.1%} of {len(scores):,} scores within, {width:.2f} scores wide")
    for lowest, highest in ((1, 4), (5, 6), (7, 8), (9, 10)):
        of_these = (scores >= lowest) & (scores <= highest)
        inside = ((low <= scores) & (scores <= high))[of_these]
        if len(inside):
            print(f"  of scores {lowest}-{highest}: {inside.mean():.1%} of {len(inside):,}")


if __name__ == "__main__":
    main()
