"""Small inputs whose right answers are known."""

from dataclasses import replace

import numpy as np

from ml.config import RecommenderNetConfig
from ml.data import TEST, TRAIN, VALIDATION, Ratings, Split, split
from ml.ease import EaseConfig
from ml.implicit_als import ImplicitAlsConfig
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.rank_blend_fit import RankBlendConfig
from ml.score_neighbours import ScoreNeighboursConfig
from ml.suite_config import SuiteConfig
from ml.weights import PARAMETER_NAMES, RecommenderNetWeights


def ratings(rows: list[tuple[int, int, int]], *, n_users: int, n_items: int) -> Ratings:
    """Ratings from (rater, title, score) rows."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Ratings(
        user_index=table[:, 0].astype(np.int32),
        item_index=table[:, 1].astype(np.int32),
        score=table[:, 2].astype(np.int8),
        n_users=n_users,
        n_items=n_items,
    )


def divided_ratings() -> tuple[Ratings, Split]:
    """Three raters and six titles, and a split by hand.

    Rater 0 has two relevant titles held out, one in each part; rater 1 has one, in test; rater 2
    has none.
    """
    rows = [
        (0, 0, 8, TRAIN),
        (0, 1, 0, TRAIN),
        (0, 2, 9, VALIDATION),
        (0, 3, 8, TEST),
        (0, 4, 5, TEST),
        (1, 0, 7, TRAIN),
        (1, 5, 10, TEST),
        (2, 1, 6, TRAIN),
        (2, 3, 4, TEST),
    ]
    parts = np.array([part for *_, part in rows], dtype=np.int8)
    return ratings([row[:3] for row in rows], n_users=3, n_items=6), Split(parts)


def random_ratings(
    n_rows: int, *, n_users: int = 30, n_items: int = 40, seed: int = 0, lowest: int = 1
) -> Ratings:
    """Distinct random pairs with random scores from ``lowest`` to 10."""
    generator = np.random.default_rng(seed)
    cells = generator.choice(n_users * n_items, size=n_rows, replace=False)
    return Ratings(
        user_index=(cells // n_items).astype(np.int32),
        item_index=(cells % n_items).astype(np.int32),
        score=generator.integers(lowest, 11, size=n_rows).astype(np.int8),
        n_users=n_users,
        n_items=n_items,
    )


def checkerboard(size: int = 30) -> Ratings:
    """Every pair; 9 where rater and title are both even or both odd, else 2."""
    user, item = (grid.ravel() for grid in np.mgrid[:size, :size])
    return Ratings(
        user_index=user.astype(np.int32),
        item_index=item.astype(np.int32),
        score=np.where((user + item) % 2 == 0, 9, 2).astype(np.int8),
        n_users=size,
        n_items=size,
    )


def quick_config(**changes: object) -> RecommenderNetConfig:
    """Small layers and few epochs, on the CPU."""
    settings: dict[str, object] = {
        "embedding_dim": 8,
        "hidden": (16, 8),
        "batch_size": 64,
        "min_batches": 1,
        "n_epochs": 3,
        "device": "cpu",
    }
    return RecommenderNetConfig.from_dict({**settings, **changes})


def checkerboard_config() -> RecommenderNetConfig:
    """Settings that learn the checkerboard in a second."""
    return quick_config(
        learning_rate=0.02, embedding_decay=0.3, n_epochs=25, batch_size=32, embedding_scale=0.5
    )


def checkerboard_configs_of_ranks() -> dict[str, RecommenderNetConfig]:
    """The runs that one process and two do alike: as usual, and a short one without dropout."""
    config = replace(checkerboard_config(), precision="float32", patience=0)
    return {"dropout": config, "exact": replace(config, dropout=0.0, n_epochs=10)}


def random_weights(*, n_users: int = 20, n_items: int = 30, seed: int = 0) -> RecommenderNetWeights:
    """An untrained network with embeddings of 6 and layers of 10 and 5 units."""
    generator = np.random.default_rng(seed)
    shapes = ((n_users, 6), (n_items, 6), (10, 12), (10,), (5, 10), (5,), (1, 5), (1,))
    parameters = {
        name: generator.normal(size=shape).astype(np.float32)
        for name, shape in zip(PARAMETER_NAMES, shapes, strict=True)
    }
    return RecommenderNetWeights(
        parameters=parameters,
        user_count=np.ones(n_users, dtype=np.int64),
        item_count=np.ones(n_items, dtype=np.int64),
        residual_variance=1.0,
    )


def thinned_checkerboard() -> tuple[Ratings, Split]:
    """A checkerboard that a fifth of the pairs are missing from, and its split.

    A few of the pairs are watched without a score, and the scores are a point off here and there.
    """
    board, generator = checkerboard(), np.random.default_rng(4)
    noisy = np.clip(board.score + generator.integers(-1, 2, len(board)), 1, 10)
    score = np.where(generator.random(len(board)) < 0.05, 0, noisy).astype(np.int8)
    rows = replace(board, score=score).take(generator.random(len(board)) < 0.8)
    return rows, split_of(rows)


def split_of(rows: Ratings) -> Split:
    """The split of ratings whose ids are their rows."""
    users, items = np.arange(rows.n_users, dtype=np.uint64), np.arange(rows.n_items)
    return split(rows, user_keys=users, item_ids=items, seed=3)


def colours(n_items: int) -> np.ndarray:
    """The colour of each title of a checkerboard, and a feature that says nothing."""
    item = np.arange(n_items)
    return np.stack([item % 2 == 0, item % 2 == 1, item // 2 % 2 == 0], axis=1).astype(np.float32)


def quick_suite_config(**changes: object) -> SuiteConfig:
    """Small models that are fitted in a second."""
    settings: dict[str, object] = {
        "net": quick_config(),
        "factorisation": MatrixFactorisationConfig(n_factors=2, n_implicit=4, n_epochs=4),
        "neighbours": ScoreNeighboursConfig(n_neighbours=8, shrinkage=1.0),
        "ease": EaseConfig(regularisation=5.0, weights_per_title=8),
        "ease_broad": EaseConfig(regularisation=5.0, weights_per_title=30, learn_from="watched"),
        "als": ImplicitAlsConfig(factors=4, regularisation=1.0, n_iterations=4),
        "blend": RankBlendConfig(n_candidates=12),
    }
    return SuiteConfig(**{**settings, **changes})  # type: ignore[arg-type]
