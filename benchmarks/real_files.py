"""Reads the real files as the platform does: the same rows, the same parts, the same features."""

import csv
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.content import item_features
from ml.data import HIGHEST_SCORE, IdMap, Ratings, Split, split
from ml.pipeline import SPLIT_SEED
from ml.rating_files import read_ratings

IMPORTED = np.uint64(1) << np.uint64(56)  # what the platform puts before an imported rater's id
RARE = 20


@dataclass(frozen=True, eq=False)
class RealFiles:
    """What is in ``rating.csv`` and ``anime.csv``.

    Attributes:
        ratings: every row, sorted by rater and title.
        parts: the division into train, validation and test.
        features: float32 [n_items, n_features], genres and types; 0 for a title that the
            catalogue lacks.
    """

    ratings: Ratings
    parts: Split
    features: npt.NDArray[np.float32]


def folder_of_data() -> Path:
    """The folder that RECOMMENDER_DATA names; without it the program ends with a hint."""
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    return Path(os.environ["RECOMMENDER_DATA"]).resolve()


def read_real_files(folder: Path) -> RealFiles:
    """Read both files."""
    ratings, parts, items = read_real_ratings(folder)
    with (folder / "anime.csv").open(encoding="utf-8", newline="") as source:
        rows = {int(row["anime_id"]): row for row in csv.DictReader(source)}
    found = [rows.get(anime_id, {"genre": "", "type": ""}) for anime_id in items.ids.tolist()]
    genres = [[name.strip() for name in row["genre"].split(",") if name.strip()] for row in found]
    return RealFiles(ratings, parts, item_features(genres, [row["type"] for row in found])[1])


def read_real_ratings(folder: Path) -> tuple[Ratings, Split, IdMap]:
    """Read ``rating.csv``: its rows, their parts, and the ids of its titles."""
    table = read_ratings(folder / "rating.csv")
    users, items = IdMap.of(table.user_id), IdMap.of(table.anime_id)
    ratings = table.indexed(users, items)
    ratings = ratings.take(np.lexsort((ratings.item_index, ratings.user_index)))
    keys = IMPORTED | users.ids.astype(np.uint64)
    return ratings, split(ratings, user_keys=keys, item_ids=items.ids, seed=SPLIT_SEED), items


def described(files: RealFiles) -> str:
    """What there is to learn from and to measure on, as text."""
    ratings, parts = files.ratings, files.parts
    scored = ratings.scored()
    train = ratings.take(parts.train)
    shares = np.bincount(scored.score, minlength=HIGHEST_SCORE + 1)[1:] / len(scored)
    of_title = np.bincount(ratings.item_index, minlength=ratings.n_items)
    most = np.sort(of_title)[::-1][: ratings.n_items // 10]
    rare, rare_in_train = (
        np.count_nonzero(counts < RARE)
        for counts in (of_title, np.bincount(train.item_index, minlength=ratings.n_items))
    )
    of_rater = np.bincount(ratings.user_index, minlength=ratings.n_users)
    sizes: dict[str, object] = {
        "ratings": len(ratings),
        "of them without a score": len(ratings) - len(scored),
        "raters": ratings.n_users,
        "of them without any score": ratings.n_users - len(np.unique(scored.user_index)),
        "ratings of a rater, median": np.median(of_rater),
        "titles": ratings.n_items,
        f"of them with fewer than {RARE} ratings": rare,
        f"of them with fewer than {RARE} in train": rare_in_train,
        "share of ratings of the top tenth, %": round(100 * most.sum() / len(ratings), 1),
        "scores 1 to 10, %": np.round(100 * shares, 1).tolist(),
        "scores from 1 to 4, %": round(100 * shares[:4].sum(), 2),
        "mean score": round(float(scored.score.mean()), 3),
        "train rows": len(train),
        "of them scored": len(train.scored()),
        "validation rows": np.count_nonzero(parts.validation),
        "test rows": np.count_nonzero(parts.test),
    }
    return "\n".join(["Data", *(f"  {name:<40}{value}" for name, value in sizes.items())])
