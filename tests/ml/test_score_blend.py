"""How parts are chosen and weighed; test_predictors.py holds what every predictor must do."""

import numpy as np
import numpy.typing as npt
import pytest

from ml.biases import Biases
from ml.data import Ratings
from ml.errors import DataError, TooLittleData
from ml.protocols import ScorePredictor
from ml.score_blend import ScoreBlend
from ml.serving import RecommenderNetScorer
from tests.ml import samples

NET = RecommenderNetScorer.from_weights(samples.random_weights(n_users=40, n_items=50))


def biases(seed: int) -> Biases:
    """A predictor that knows nothing of any rows."""
    generator = np.random.default_rng(seed)
    return Biases(
        {
            "user_bias": generator.normal(size=40).astype(np.float32),
            "item_bias": generator.normal(size=50).astype(np.float32),
            "mean": np.asarray(6.0),
            "rater_damping": np.asarray(5.0),
        }
    )


def every_pair() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return np.repeat(np.arange(40), 50), np.tile(np.arange(50), 40)


def truth(of_biases: float, of_net: float) -> Ratings:
    """Scores that are a known sum of both parts, rounded."""
    user, item = every_pair()
    net = NET.predict_pairs(user, item)
    net = (net - net.mean()) / net.std()
    points = 6 + of_biases * (biases(0).predict_pairs(user, item) - 6) + of_net * net
    score = np.clip(np.rint(points), 1, 10).astype(np.int8)
    return Ratings(user.astype(np.int32), item.astype(np.int32), score, 40, 50)


PARTS: dict[str, ScorePredictor] = {"recommender_net": NET, "biases": biases(0)}


def test_the_weights_of_a_known_sum_are_found() -> None:
    net = NET.predict_pairs(*every_pair())
    blend = ScoreBlend.fit(PARTS, truth(0.8, 1.0))
    assert list(blend.parts) == ["biases", "recommender_net"]
    assert blend.weights["biases"] == pytest.approx(0.8, abs=0.05)
    assert blend.weights["recommender_net"] == pytest.approx(1 / net.std(), rel=0.05)


def test_a_part_that_adds_nothing_is_left_out() -> None:
    blend = ScoreBlend.fit(PARTS, truth(0.8, 0.0))
    assert list(blend.parts) == ["biases"]
    assert blend.weights["biases"] == pytest.approx(0.8, abs=0.05)
    assert blend.intercept == pytest.approx(6 * 0.2, abs=0.3)


def test_it_is_the_weighted_sum() -> None:
    blend = ScoreBlend(PARTS, {"biases": 0.25, "recommender_net": 0.5}, -1.5)
    pairs = np.array([3, -1, 39]), np.array([0, 7, -1])
    expected = 0.25 * biases(0).predict_pairs(*pairs) + 0.5 * NET.predict_pairs(*pairs) - 1.5
    assert blend.predict_pairs(*pairs) == pytest.approx(expected, abs=1e-5)
    vector = np.concatenate([biases(0).user_vector(3), NET.user_vector(3)])
    assert blend.user_vector(3).tolist() == vector.tolist()
    history = np.array([1, 5]), [9, 0]
    folded = np.concatenate([biases(0).fold_in(*history), NET.fold_in(*history)])
    assert blend.fold_in(*history).tolist() == folded.tolist()


def test_where_no_part_knows_a_spread_it_is_one() -> None:
    blend = ScoreBlend(PARTS, {"biases": 0.25, "recommender_net": 0.5}, -1.5)
    assert blend.spread(blend.prior_vector).tolist() == [1.0] * 50
    assert blend.spread(blend.prior_vector, np.array([3])).tolist() == [1.0]
    assert blend.spread_pairs(np.array([3, 4]), np.array([3, 4])).tolist() == [1.0, 1.0]


def test_weights_carry_over_to_other_fits() -> None:
    blend = ScoreBlend(PARTS, {"biases": 0.25, "recommender_net": 0.5}, -1.5)
    refit = blend.with_parts({**PARTS, "biases": biases(1)})
    assert (refit.weights, refit.intercept) == (blend.weights, blend.intercept)
    assert refit.parts["biases"].user_vector(0).tolist() == biases(1).user_vector(0).tolist()
    with pytest.raises(DataError, match="do not fit"):
        blend.with_parts({"biases": biases(1)})


def test_arrays_name_the_parts() -> None:
    blend = ScoreBlend(PARTS, {"biases": 0.25, "recommender_net": 0.5}, -1.5)
    arrays = blend.arrays()
    assert float(arrays["weight.biases"]) == 0.25
    assert arrays["biases.user_bias"].tolist() == biases(0).arrays()["user_bias"].tolist()
    again = ScoreBlend.from_arrays(arrays)
    assert (again.weights, again.intercept) == (blend.weights, -1.5)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        ScoreBlend({}, {}, 0.0)
    with pytest.raises(DataError, match="weights"):
        ScoreBlend(PARTS, {"biases": 1.0}, 0.0)
    with pytest.raises(DataError, match="no part of a blend"):
        ScoreBlend({"oracle": biases(0)}, {"oracle": 1.0}, 0.0)
    with pytest.raises(DataError, match="no part of a blend"):
        ScoreBlend({"biases": NET}, {"biases": 1.0}, 0.0)
    with pytest.raises(DataError, match="finite"):
        ScoreBlend({"biases": biases(0)}, {"biases": float("nan")}, 0.0)
    other = RecommenderNetScorer.from_weights(samples.random_weights())
    with pytest.raises(DataError, match="same raters"):
        ScoreBlend(
            {"biases": biases(0), "recommender_net": other},
            {"biases": 1.0, "recommender_net": 1.0},
            0.0,
        )
    with pytest.raises(TooLittleData):
        ScoreBlend.fit(PARTS, truth(1.0, 0.0).take(np.zeros(2000, dtype=bool)))
