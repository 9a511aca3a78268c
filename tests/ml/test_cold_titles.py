"""Titles without ratings are ranked by what their features let one guess."""

import numpy as np
import pytest

from ml.cold_titles import (
    ColdTitles,
    ColdTitlesConfig,
    VectorGuess,
    frequent_pairs,
    with_pairs,
)
from ml.errors import ConfigError, DataError, TooLittleData
from ml.histories import Histories
from ml.implicit_als import ImplicitAls, ImplicitAlsConfig
from tests.ml import samples

ALS = ImplicitAlsConfig(factors=4, regularisation=1.0)


def test_a_title_that_nobody_rated_is_ranked_by_its_colour() -> None:
    board = samples.checkerboard()
    train = board.take(board.item_index < 20)
    colour = np.arange(30) % 2
    features = np.stack([colour == 0, colour == 1], axis=1)
    n_raters = np.bincount(train.item_index, minlength=30)
    ranker = ColdTitles.fit(ImplicitAls.fit(train, ALS), features, n_raters)
    items = np.arange(10)
    for liked in (0, 1):
        scores = np.where(items % 2 == liked, 9, 2)
        relevance = ranker.relevance(Histories.of_one(items, scores, 30))[0, 20:]
        same = colour[20:] == liked
        assert relevance[same].min() > relevance[~same].max()


def test_pairs_are_those_that_enough_titles_have() -> None:
    features = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 0]])
    assert with_pairs(features, frequent_pairs(features, 2)).tolist() == [
        [1, 1, 1, 0, 1],
        [1, 1, 1, 1, 1],
        [1, 0, 1, 0, 0],
    ]
    assert frequent_pairs(features, 3).tolist() == []


def test_what_does_not_fit_is_refused() -> None:
    factors = ImplicitAls.fit(samples.random_ratings(500), ALS)
    raters, features = np.ones(40, dtype=np.int64), np.ones((40, 2))
    with pytest.raises(DataError, match="features of 40 titles"):
        ColdTitles.fit(factors, features[1:], raters)
    with pytest.raises(DataError, match="0 or 1"):
        ColdTitles.fit(factors, features * 2, raters)
    with pytest.raises(DataError, match="number of raters"):
        ColdTitles.fit(factors, features, raters[1:])
    with pytest.raises(TooLittleData):
        ColdTitles.fit(factors, features, raters * 0)
    guess = VectorGuess(np.ones((3, 4), np.float32), np.zeros((0, 2), np.int32))
    with pytest.raises(DataError, match="guessed vector"):
        ColdTitles(factors, guess, factors.item_vectors[1:])
    with pytest.raises(DataError, match="Expected 2 features"):
        guess.vectors(np.ones((1, 3)))
    with pytest.raises(DataError, match="pair is of features"):
        VectorGuess(np.ones((4, 4), np.float32), np.array([[0, 9]], np.int32))


@pytest.mark.parametrize("change", [{"regularisation": 0.0}, {"titles_per_pair": 0}])
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        ColdTitlesConfig(**change)  # type: ignore[arg-type]
