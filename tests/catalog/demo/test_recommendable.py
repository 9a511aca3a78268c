"""The simulated tastes can be learnt: simple models beat popularity and the mean clearly."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from catalog.demo.simulation import DEFAULT_RATERS, simulate
from catalog.demo.titles import load_titles

Matrix = npt.NDArray[np.float64]
LIKED = 8


@dataclass(frozen=True)
class Parts:
    """Dense (raters × titles) scores, 0 where unknown; ``seen`` excludes the held-out pairs."""

    train: Matrix
    test: Matrix
    seen: npt.NDArray[np.bool_]


@cache
def _parts() -> Parts:
    titles = load_titles()
    index = {title.anime_id: i for i, title in enumerate(titles)}
    ratings = simulate(titles, n_raters=DEFAULT_RATERS, rng=np.random.default_rng(11))
    scores = np.zeros((DEFAULT_RATERS, len(titles)))
    seen = np.zeros(scores.shape, dtype=bool)
    columns = [index[anime_id] for anime_id in ratings.anime_id.tolist()]
    scores[ratings.rater - 1, columns] = ratings.score
    seen[ratings.rater - 1, columns] = True
    held_out = (np.random.default_rng(12).random(scores.shape) < 0.15) & (scores > 0)
    return Parts(np.where(held_out, 0, scores), np.where(held_out, scores, 0), seen & ~held_out)


def _recall_of_liked(relevance: Matrix, n: int = 10) -> float:
    """The mean share of held-out liked titles in the first n unseen titles of each list."""
    parts = _parts()
    top = np.argsort(np.where(parts.seen, -np.inf, relevance), axis=1)[:, -n:]
    liked = parts.test >= LIKED
    hits = np.take_along_axis(liked, top, axis=1).sum(axis=1)
    some = liked.any(axis=1)
    return float((hits[some] / np.minimum(liked[some].sum(axis=1), n)).mean())


def test_a_ridge_item_model_finds_twice_as_many_liked_titles_as_popularity() -> None:
    """The ridge model is EASE: Steck 2019, "Embarrassingly Shallow Autoencoders"."""
    seen = _parts().seen.astype(float)
    popularity = np.tile(seen.sum(axis=0), (len(seen), 1))
    inverse = np.linalg.inv(seen.T @ seen + 150 * np.eye(seen.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    assert _recall_of_liked(seen @ weights) > 1.8 * _recall_of_liked(popularity)


def test_biases_and_factors_predict_scores_better_than_means() -> None:
    parts = _parts()
    known, asked = parts.train > 0, parts.test > 0
    mean = parts.train[known].mean()

    def rmse(predicted: Matrix | float) -> float:
        return float(
            np.sqrt(np.mean((np.broadcast_to(predicted, known.shape) - parts.test)[asked] ** 2))
        )

    residual = np.where(known, parts.train - mean, 0)
    rater_bias = residual.sum(axis=1, keepdims=True) / (known.sum(axis=1, keepdims=True) + 4)
    residual = np.where(known, residual - rater_bias, 0)
    title_bias = residual.sum(axis=0) / (known.sum(axis=0) + 4)
    residual = np.where(known, residual - title_bias, 0)
    # Scores not known count as "as expected"; the strongest directions of the rest are tastes.
    u, s, v = np.linalg.svd(residual, full_matrices=False)
    biases = mean + rater_bias + title_bias
    factors = (u[:, :8] * s[:8]) @ v[:8]
    assert rmse(biases) < 0.85 * rmse(mean)
    assert rmse(biases + factors) < 0.98 * rmse(biases)
