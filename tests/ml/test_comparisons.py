"""The rankers that are only compared with are what they are said to be."""

from dataclasses import replace

import numpy as np

from ml.comparisons import plain_ease, unpruned_ease
from ml.ease import Ease, EaseConfig
from ml.histories import Histories
from tests.ml import samples


def test_plain_ease_is_the_closed_form() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    entries = np.zeros((30, 40))
    entries[ratings.user_index, ratings.item_index] = 1
    inverse = np.linalg.inv(entries.T @ entries + 100 * np.eye(40))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    relevance = plain_ease(ratings)(Histories.of_ratings(ratings))
    assert np.allclose(relevance, entries @ weights, atol=1e-5)


def test_unpruned_ease_is_ease_with_all_of_its_weights() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    histories = Histories.of_ratings(ratings)
    config = EaseConfig(regularisation=3.0)
    relevance = unpruned_ease(ratings, config)(histories)
    kept = Ease.fit(ratings, replace(config, weights_per_title=40)).relevance(histories)
    assert np.allclose(relevance, kept, atol=1e-5)
    pruned = Ease.fit(ratings, replace(config, weights_per_title=5)).relevance(histories)
    assert not np.allclose(relevance, pruned, atol=1e-2)
