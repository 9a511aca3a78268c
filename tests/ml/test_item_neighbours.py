"""Neighbours are the titles with the highest shrunk cosine."""

import numpy as np
import pytest

from ml.errors import ConfigError
from ml.histories import Histories
from ml.item_neighbours import ItemNeighbours, ItemNeighboursConfig
from tests.ml import samples


def test_likeness_is_the_shrunk_cosine() -> None:
    rows = [(0, 0, 9), (0, 1, 7), (1, 0, 0), (1, 1, 5), (2, 0, 3), (2, 2, 8)]
    config = ItemNeighboursConfig(weighting="watched", shrinkage=2.0)
    model = ItemNeighbours.fit(samples.ratings(rows, n_users=3, n_items=3), config)
    relevance = model.relevance(Histories.of_one([0], [9], 3))[0]
    assert relevance == pytest.approx([0, 2 / (np.sqrt(6) + 2), 1 / (np.sqrt(3) + 2)])


def test_only_the_nearest_are_kept() -> None:
    config = ItemNeighboursConfig(neighbours_per_title=3)
    model = ItemNeighbours.fit(samples.random_ratings(500), config)
    assert np.bincount(model.weights.target, minlength=40).tolist() == [3] * 40


@pytest.mark.parametrize("change", [{"shrinkage": -1.0}, {"neighbours_per_title": 0}])
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        ItemNeighboursConfig.from_dict(change)
