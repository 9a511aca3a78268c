"""The fit of the factorisation; test_predictors.py holds what every predictor must do."""

from typing import Any

import numpy as np
import pytest

from ml.data import Ratings
from ml.errors import Cancelled, ConfigError, DataError, Diverged, TooLittleData
from ml.history import EpochResult
from ml.implicit_features import implicit_features
from ml.matrix_factorisation import MatrixFactorisation
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.matrix_factorisation_fit import fit
from ml.matrix_factorisation_state import FactorisationState
from ml.metrics import rmse
from ml.serving import clip_score
from tests.ml import samples


def quick(**changes: Any) -> MatrixFactorisationConfig:
    return MatrixFactorisationConfig(**{"n_factors": 3, "n_implicit": 4, "n_epochs": 6, **changes})


def tastes(seed: int = 0, *, n_users: int = 150, n_items: int = 60) -> Ratings:
    """Scores from two hidden tastes with noise; a third of the pairs."""
    generator = np.random.default_rng(seed)
    of_users, of_items = generator.normal(size=(n_users, 2)), generator.normal(size=(n_items, 2))
    user, item = np.nonzero(generator.random((n_users, n_items)) < 1 / 3)
    points = (
        6 + np.sum(of_users[user] * of_items[item], axis=1) + generator.normal(0, 0.5, len(user))
    )
    return Ratings(
        user.astype(np.int32),
        item.astype(np.int32),
        np.clip(np.rint(points), 1, 10).astype(np.int8),
        n_users,
        n_items,
    )


def parted(ratings: Ratings, seed: int = 1) -> tuple[Ratings, Ratings]:
    held_out = np.random.default_rng(seed).random(len(ratings)) < 0.2
    return ratings.take(~held_out), ratings.take(held_out)


def same(first: MatrixFactorisation, second: MatrixFactorisation) -> bool:
    other = second.arrays()
    return all(array.tobytes() == other[name].tobytes() for name, array in first.arrays().items())


def test_tastes_are_found_again_in_rows_held_out() -> None:
    train, validation = parted(tastes())
    result = fit(train, validation, quick(n_epochs=20))
    predictions = result.model.predict_pairs(validation.user_index, validation.item_index)
    assert rmse(clip_score(predictions), validation.score) < 0.85
    assert validation.score.std() > 1.3


def test_the_curve_has_every_epoch_and_the_best_is_kept() -> None:
    train, validation = parted(samples.random_ratings(600))  # noise: only overfitting to be had
    seen: list[EpochResult] = []
    result = fit(train, validation, quick(n_epochs=8, patience=8), on_epoch=seen.append)
    assert seen == result.history
    assert [entry.epoch for entry in seen] == list(range(1, 9))
    errors = [float(entry.validation_rmse or 0) for entry in seen]
    assert result.best_epoch == int(np.argmin(errors)) + 1
    refit = fit(train, None, quick(n_epochs=result.best_epoch))
    assert same(refit.model, result.model)
    assert refit.best_epoch == result.best_epoch
    assert [entry.validation_rmse for entry in refit.history] == [None] * result.best_epoch


def test_it_stops_when_nothing_is_gained_any_more() -> None:
    train, validation = parted(tastes())
    result = fit(train, validation, quick(n_epochs=500, min_gain=0.01, patience=2))
    assert 2 < len(result.history) < 100
    errors = [float(entry.validation_rmse or 0) for entry in result.history]
    assert errors[-3] - min(errors[-2:]) < 0.02


def test_threads_do_not_change_the_bits() -> None:
    train, validation = parted(tastes())
    one, two = (fit(train, validation, quick(threads=threads)) for threads in (1, 3))
    assert same(one.model, two.model)
    another = fit(train, validation, quick(seed=1))
    assert not same(one.model, another.model)


def test_what_was_watched_without_a_score_counts() -> None:
    """Two kinds of raters who watch two kinds of titles, and score theirs high or low."""
    generator = np.random.default_rng(0)
    user, item = np.nonzero(generator.random((200, 40)) < 0.5)
    own = (user % 2) == (item % 2)
    kept = own | (generator.random(len(user)) < 0.1)
    user, item = user[kept], item[kept]
    score = np.where(user % 2 == 0, 9, 4)
    score[generator.random(len(user)) < 0.8] = 0
    ratings = Ratings(user.astype(np.int32), item.astype(np.int32), score.astype(np.int8), 200, 40)
    model = fit(ratings, None, quick()).model
    even, odd = np.arange(0, 40, 2), np.arange(1, 40, 2)
    of_even = model.predict(model.fold_in(even, np.zeros(20)))
    of_odd = model.predict(model.fold_in(odd, np.zeros(20)))
    assert of_even.mean() > of_odd.mean() + 2


def test_erratic_raters_have_a_wider_spread() -> None:
    calm = tastes()
    generator = np.random.default_rng(3)
    erratic = calm.user_index < 20
    score = np.where(erratic, generator.integers(1, 11, len(calm)), calm.score).astype(np.int8)
    ratings = Ratings(calm.user_index, calm.item_index, score, calm.n_users, calm.n_items)
    model = fit(ratings, None, quick(rater_noise_weight=5.0)).model
    spreads = np.array([model.spread(model.user_vector(rater)).mean() for rater in range(150)])
    assert spreads[:20].min() > np.median(spreads[20:]) * 1.3
    pairs = np.array([3, 100, -1]), np.array([5, 5, 5])
    alone = [model.spread(model.user_vector(rater), np.array([5]))[0] for rater in (3, 100)]
    alone.append(model.spread(model.prior_vector, np.array([5]))[0])
    assert model.spread_pairs(*pairs) == pytest.approx(alone)


def test_fold_in_is_the_minimum_of_its_objective() -> None:
    model = fit(tastes(), None, quick()).model
    arrays, items = model.arrays(), np.array([1, 5, 9, 30])
    scores = np.array([9.0, 3.0, 6.0, 8.0])
    vector = model.fold_in(items, scores).astype(np.float64)
    found = np.append(vector[:-2], vector[-2] - float(arrays["mean"]))
    precision = 1 / (vector[-1] ** 2 * arrays["title_noise"][items])
    prior_mean = arrays["watched_mean"] + arrays["title_implicit"][items].sum(axis=0) / 2

    def slope() -> np.ndarray:
        design = np.column_stack([arrays["title_factors"][items], np.ones(4)])
        errors = scores - arrays["mean"] - arrays["title_bias"][items] - design @ found
        uncertain = arrays["title_variances"][items].copy()
        uncertain[:, -1] = 0
        pull = design.T @ (precision * errors) - (precision @ uncertain) * found
        return np.asarray(pull - arrays["prior_precision"] @ (found - prior_mean))

    assert np.abs(slope()).max() < 1e-3


def test_features_span_the_leading_directions() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    features = implicit_features(ratings, 5, np.random.default_rng(0))
    watched = ratings.seen_matrix().toarray().astype(float)
    scaled = watched / np.sqrt(watched.sum(axis=1))[:, None] / np.sqrt(watched.sum(axis=0))
    left, values, _ = np.linalg.svd(scaled)
    exact = left[:, :5] * values[:5]
    # Directions have no sign; the inner products of raters have.
    assert features.of_raters @ features.of_raters.T == pytest.approx(exact @ exact.T, abs=0.02)
    rater = ratings.item_index[ratings.user_index == 7]
    assert features.loadings[rater].sum(axis=0) / np.sqrt(rater.size) == pytest.approx(
        features.of_raters[7], abs=1e-5
    )


def test_it_stops_when_told_to() -> None:
    with pytest.raises(Cancelled, match="epoch 1"):
        fit(tastes(), None, quick(), should_stop=lambda: True)
    answers = iter([False] * 5 + [True])
    done: list[EpochResult] = []
    with pytest.raises(Cancelled, match="epoch 2"):
        fit(tastes(), None, quick(), on_epoch=done.append, should_stop=lambda: next(answers))
    assert len(done) == 1


def test_rows_that_do_not_fit_are_refused() -> None:
    ratings = tastes()
    unscored = samples.ratings([(0, 0, 0)], n_users=150, n_items=60)
    with pytest.raises(TooLittleData):
        fit(unscored, None, quick())
    with pytest.raises(DataError, match="validation"):
        fit(ratings, unscored, quick())
    with pytest.raises(DataError, match="same"):
        fit(ratings, samples.random_ratings(5), quick())
    nobody = ratings.take(np.zeros(len(ratings), dtype=bool))
    assert fit(ratings, nobody, quick()).history[0].validation_rmse is None


def test_a_number_that_is_not_finite_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FactorisationState, "epoch", lambda *_: float("nan"))
    with pytest.raises(Diverged, match="epoch 1"):
        fit(tastes(), None, quick())


def test_settings_go_out_and_in_and_are_checked() -> None:
    config = quick(seed=3)
    assert MatrixFactorisationConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="n_factor"):
        MatrixFactorisationConfig.from_dict({"n_factor": 3})
    for field, value in (
        ("n_factors", 0),
        ("n_implicit", 0),
        ("rater_noise_weight", 0.0),
        ("title_noise_weight", float("nan")),
        ("n_epochs", 1.5),
        ("min_gain", -1.0),
        ("patience", 0),
        ("threads", True),
    ):
        with pytest.raises(ConfigError, match=field):
            quick(**{field: value})


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = fit(tastes(), None, quick()).model.arrays()
    with pytest.raises(DataError, match="title_bias"):
        MatrixFactorisation({**arrays, "title_bias": arrays["title_bias"][1:]})
    with pytest.raises(DataError, match="tables"):
        MatrixFactorisation({**arrays, "user_vectors": arrays["user_vectors"][0]})
