"""What biases are; test_predictors.py holds what every predictor must do."""

import numpy as np
import pytest

from ml.biases import Biases, BiasesConfig
from ml.errors import ConfigError, DataError
from tests.ml import samples


def test_sums_of_biases_are_found_exactly() -> None:
    rows = [(u, i, 2 + u + 2 * i) for u in range(3) for i in range(3)]
    ratings = samples.ratings(rows, n_users=3, n_items=3)
    model = Biases.fit(ratings, BiasesConfig(rater_damping=0, title_damping=0))
    assert model.arrays()["mean"] == pytest.approx(5)
    assert model.arrays()["user_bias"] == pytest.approx([-1, 0, 1], abs=1e-5)
    assert model.arrays()["item_bias"] == pytest.approx([-2, 0, 2], abs=1e-5)
    assert model.predict(model.user_vector(2)) == pytest.approx([4, 6, 8], abs=1e-4)


def test_few_scores_are_drawn_to_the_mean() -> None:
    rows = [(0, i, 8) for i in range(20)] + [(1, 0, 2)]
    ratings = samples.ratings(rows, n_users=2, n_items=20)
    free = Biases.fit(ratings, BiasesConfig(rater_damping=0, title_damping=0, n_passes=200))
    drawn = Biases.fit(ratings, BiasesConfig(rater_damping=5, title_damping=0, n_passes=200))
    assert free.user_vector(1)[0] < drawn.user_vector(1)[0] < 0
    # One score of 2, minus mean and title, over one and the damping.
    residual = 2 - drawn.arrays()["mean"] - drawn.arrays()["item_bias"][0]
    assert drawn.user_vector(1)[0] == pytest.approx(residual / 6, abs=1e-4)
    assert drawn.fold_in(np.array([0]), [2])[0] == pytest.approx(residual / 6, abs=1e-4)


def test_titles_without_a_score_change_nothing() -> None:
    model = Biases.fit(samples.random_ratings(300, lowest=0))
    alone = model.fold_in(np.array([1, 4]), [2, 9])
    assert model.fold_in(np.array([3, 1, 4]), [0, 2, 9]).tobytes() == alone.tobytes()


def test_settings_and_shapes_are_checked() -> None:
    for field, value in (("rater_damping", -1.0), ("title_damping", "a"), ("n_passes", 0)):
        with pytest.raises(ConfigError, match=field):
            BiasesConfig(**{field: value})  # type: ignore[arg-type]
    arrays = Biases.fit(samples.random_ratings(30)).arrays()
    with pytest.raises(DataError, match="mean"):
        Biases({**arrays, "mean": np.zeros(2)})
