"""What neighbours add; test_predictors.py holds what every predictor must do."""

from typing import Any

import numpy as np
import pytest

from ml import matrix_factorisation_fit
from ml.data import Ratings
from ml.errors import Cancelled, ConfigError, DataError
from ml.matrix_factorisation import MatrixFactorisation
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.metrics import rmse
from ml.score_neighbours import ScoreNeighbours, ScoreNeighboursConfig
from ml.score_neighbours_fit import fit
from tests.ml import samples

CONFIG = ScoreNeighboursConfig(n_neighbours=3, shrinkage=2.0)


def seasons(seed: int = 0) -> Ratings:
    """40 series of two seasons, 2i and 2i + 1; a rater scores both alike, each series anew."""
    generator = np.random.default_rng(seed)
    user, series = (grid.ravel() for grid in np.mgrid[:120, :40])
    kept = generator.random(user.size) < 0.5
    user, series = user[kept], series[kept]
    points = np.clip(np.rint(generator.normal(6, 2, user.size)), 1, 10)
    both = np.concatenate([points, points])
    return Ratings(
        np.tile(user, 2).astype(np.int32),
        np.concatenate([2 * series, 2 * series + 1]).astype(np.int32),
        both.astype(np.int8),
        120,
        80,
    )


def factorised(ratings: Ratings) -> MatrixFactorisation:
    config = MatrixFactorisationConfig(n_factors=2, n_implicit=4, n_epochs=5)
    return matrix_factorisation_fit.fit(ratings, None, config).model


@pytest.fixture(scope="module")
def parts() -> tuple[Ratings, Ratings]:
    ratings = seasons()
    held_out = np.random.default_rng(1).random(len(ratings)) < 0.2
    return ratings.take(~held_out), ratings.take(held_out)


@pytest.fixture(scope="module")
def base(parts: tuple[Ratings, Ratings]) -> MatrixFactorisation:
    return factorised(parts[0])


@pytest.fixture(scope="module")
def model(parts: tuple[Ratings, Ratings], base: MatrixFactorisation) -> ScoreNeighbours:
    return fit(*parts, base, CONFIG)


def test_the_other_season_is_the_nearest_title(model: ScoreNeighbours) -> None:
    arrays = model.arrays()
    best = np.argmax(arrays["neighbour_weight"], axis=1)
    nearest = arrays["neighbour_index"][np.arange(80), best]
    assert nearest.tolist() == [title ^ 1 for title in range(80)]
    assert np.all(arrays["neighbour_weight"] >= 0)


def test_it_corrects_what_factors_cannot_tell(
    parts: tuple[Ratings, Ratings], base: MatrixFactorisation, model: ScoreNeighbours
) -> None:
    validation = parts[1]
    pairs = validation.user_index, validation.item_index
    without = rmse(base.predict_pairs(*pairs), validation.score)
    assert rmse(model.predict_pairs(*pairs), validation.score) < without - 0.4
    assert model.gain > 0.5


def test_a_score_moves_the_other_season(model: ScoreNeighbours) -> None:
    low = model.predict(model.fold_in(np.array([4]), [2]), np.array([5, 30]))
    high = model.predict(model.fold_in(np.array([4]), [10]), np.array([5, 30]))
    assert high[0] - low[0] > 2
    assert abs(high[1] - low[1]) < 1


def test_the_correction_is_the_damped_mean_error(model: ScoreNeighbours) -> None:
    arrays = model.arrays()
    vector = model.user_vector(7)
    errors = vector[-80:]
    title = 10
    near = [
        (float(weight), float(errors[other]))
        for other, weight in zip(
            arrays["neighbour_index"][title], arrays["neighbour_weight"][title], strict=True
        )
        if errors[other] != 0
    ]
    total = sum(weight for weight, _ in near) + float(arrays["damping"])
    correction = model.gain * sum(weight * error for weight, error in near) / total
    expected = model.base.predict(vector[:-80], np.array([title]))[0] + correction
    assert model.predict(vector, np.array([title]))[0] == pytest.approx(expected, abs=1e-5)


def test_the_gain_is_given_where_nothing_is_held_out(
    parts: tuple[Ratings, Ratings], base: MatrixFactorisation, model: ScoreNeighbours
) -> None:
    given = fit(parts[0], None, base, CONFIG, gain=model.gain)
    assert given.gain == model.gain
    other = given.arrays()
    assert all(array.tobytes() == other[name].tobytes() for name, array in model.arrays().items())
    vector = given.user_vector(0)
    without = given.with_gain(0.0).predict(vector)
    assert without.tolist() == base.predict(vector[:-80]).tolist()


def test_the_spread_is_the_factorisations(
    base: MatrixFactorisation, model: ScoreNeighbours
) -> None:
    pairs = np.array([0, 3]), np.array([2, -1])
    assert model.spread_pairs(*pairs).tolist() == base.spread_pairs(*pairs).tolist()
    assert model.spread(model.user_vector(3)).tolist() == base.spread(base.user_vector(3)).tolist()


def test_what_does_not_fit_is_refused(
    parts: tuple[Ratings, Ratings], base: MatrixFactorisation, model: ScoreNeighbours
) -> None:
    with pytest.raises(DataError, match="raters and titles"):
        fit(samples.random_ratings(50), None, base, CONFIG)
    with pytest.raises(Cancelled, match="title 0 of 80"):
        fit(parts[0], None, base, CONFIG, should_stop=lambda: True)
    arrays = model.arrays()
    with pytest.raises(DataError, match="row for each title"):
        ScoreNeighbours(base, {**arrays, "neighbour_index": arrays["neighbour_index"][1:]})
    with pytest.raises(DataError, match="errors"):
        ScoreNeighbours(base, {**arrays, "error": arrays["error"][1:]})
    changes: tuple[tuple[str, Any], ...] = (
        ("n_neighbours", 0),
        ("shrinkage", -1.0),
        ("power", 0.0),
        ("damping", 0.0),
    )
    for field, value in changes:
        with pytest.raises(ConfigError, match=field):
            ScoreNeighboursConfig(**{field: value})
