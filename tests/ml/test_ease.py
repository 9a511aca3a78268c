"""EASE is its closed form, pruned to what matters."""

import numpy as np
import pytest

from ml.ease import Ease, EaseConfig, invert
from ml.errors import ConfigError, DataError
from ml.histories import Histories
from tests.ml import samples


def dense(model: Ease) -> np.ndarray:
    """All weights, row by the watched title."""
    n_items = model.n_items
    return np.concatenate([model.weights.totals(_only(i, n_items), _ONE) for i in range(n_items)])


_ONE = np.ones(1, dtype=np.float32)


def _only(item: int, n_items: int) -> Histories:
    return Histories.of_one([item], [8], n_items)


def test_it_is_the_closed_form() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    config = EaseConfig(regularisation=3.0, diagonal_share=0.25, weights_per_title=40)
    entries = np.zeros((30, 40))
    entries[ratings.user_index, ratings.item_index] = config.weight_of_score()[ratings.score]
    gram = entries.T @ entries
    inverse = np.linalg.inv(gram + np.diag(0.25 * np.diag(gram) + 3.0))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.allclose(dense(Ease.fit(ratings, config)), expected, atol=1e-5)


def test_only_the_strongest_sources_of_a_title_are_kept() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    whole = dense(Ease.fit(ratings))
    pruned = dense(Ease.fit(ratings, EaseConfig(weights_per_title=5)))
    watched = np.bincount(ratings.item_index, minlength=40)
    strength = np.abs(whole) * np.sqrt(watched)[:, None]
    for target in range(40):
        kept = np.flatnonzero(pruned[:, target])
        assert set(kept) == set(np.argsort(-strength[:, target])[:5])
        assert np.array_equal(pruned[kept, target], whole[kept, target])


def test_a_low_score_speaks_against_what_a_high_one_speaks_for() -> None:
    model = Ease.fit(samples.checkerboard(), EaseConfig(regularisation=5.0))
    target = np.array([20])
    for score, sign in ((10, 1), (1, -1), (0, 1)):
        assert np.sign(model.contributions(np.array([4]), [score], target)).item() == sign


def test_what_cannot_be_inverted_is_refused() -> None:
    with pytest.raises(DataError, match="raise the regularisation"):
        invert(np.array([[1, 2], [2, 1]], dtype=np.float32))


@pytest.mark.parametrize(
    "change",
    [
        {"regularisation": 0.0},
        {"diagonal_share": -0.1},
        {"weights_per_title": 0},
        {"weighting": "loved"},
        {"score_slope": float("nan")},
        {"unscored_weight": -1.0},
        {"no_setting": 1},
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        EaseConfig.from_dict(change)


def test_settings_come_back_from_their_dictionary() -> None:
    config = EaseConfig(regularisation=7.0, weighting="watched")
    assert EaseConfig.from_dict(config.to_dict()) == config
