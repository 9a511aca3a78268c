"""Implicit factors solve the weighted least squares of the paper."""

import numpy as np
import pytest

from ml.errors import ConfigError
from ml.histories import Histories
from ml.implicit_als import ImplicitAls, ImplicitAlsConfig
from tests.ml import samples

RATINGS = samples.random_ratings(500, lowest=0)
CONFIG = ImplicitAlsConfig(factors=5, regularisation=2.0, confidence=3.0)


def loss(config: ImplicitAlsConfig) -> float:
    """What is minimised: every cell of the matrix, watched or not, and the regularisation."""
    model = ImplicitAls.fit(RATINGS, config)
    users = model.user_vectors(Histories.of_ratings(RATINGS)).astype(np.float64)
    items = model.item_vectors.astype(np.float64)
    wanted, weight = np.zeros((30, 40)), np.ones((30, 40))
    cells = RATINGS.user_index, RATINGS.item_index
    wanted[cells] = config.weight_of_score()[RATINGS.score]
    weight[cells] += config.confidence
    errors = weight * (wanted - users @ items.T) ** 2
    penalty = config.regularisation * ((users**2).sum() + (items**2).sum())
    return float(errors.sum() + penalty)


def test_a_rater_is_the_solution_over_all_titles() -> None:
    model = ImplicitAls.fit(RATINGS, CONFIG)
    items, scores = Histories.of_ratings(RATINGS).one(4)
    wanted, weight = np.zeros(40), np.ones(40)
    wanted[items] = CONFIG.weight_of_score()[scores.astype(int)]
    weight[items] += 3
    vectors = model.item_vectors.astype(np.float64)
    left = vectors.T @ (weight[:, None] * vectors) + 2 * np.eye(5)
    expected = np.linalg.solve(left, vectors.T @ (weight * wanted))
    found = model.user_vectors(Histories.of_one(items, scores, 40))[0]
    assert np.allclose(found, expected, atol=1e-4)


def test_every_pass_brings_the_loss_down() -> None:
    losses = [
        loss(ImplicitAlsConfig.from_dict({**CONFIG.to_dict(), "n_iterations": n}))
        for n in (1, 2, 4, 8)
    ]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_another_seed_starts_elsewhere() -> None:
    other = ImplicitAlsConfig.from_dict({**CONFIG.to_dict(), "seed": 1})
    first, second = ImplicitAls.fit(RATINGS, CONFIG), ImplicitAls.fit(RATINGS, other)
    assert not np.allclose(first.item_vectors, second.item_vectors, atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"factors": 0},
        {"confidence": 0.0},
        {"regularisation": -1.0},
        {"n_iterations": 0},
        {"seed": -1},
        {"weighting": "loved"},
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        ImplicitAlsConfig.from_dict(change)
