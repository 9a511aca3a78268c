"""The fit by gradient steps; test_predictors.py holds what every predictor must do."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from ml.data import Ratings
from ml.errors import Cancelled, ConfigError, DataError, Diverged, TooLittleData
from ml.history import EpochResult
from ml.metrics import rmse
from ml.sgd_factorisation import SgdFactorisation
from ml.sgd_factorisation_config import SgdFactorisationConfig
from ml.sgd_factorisation_fit import fit
from ml.sgd_factorisation_state import N_PARTS, SgdState
from ml.sgd_steps import N_FACTORS, RATER_BIAS, TITLE_BIAS, WIDTH, sweep
from tests.ml import samples


def quick(**changes: Any) -> SgdFactorisationConfig:
    settings = {"rater_weight_decay": 0.03, "title_weight_decay": 0.03, "n_epochs": 40}
    return SgdFactorisationConfig(**{**settings, **changes})


def parted(ratings: Ratings) -> tuple[Ratings, Ratings]:
    held_out = np.random.default_rng(1).random(len(ratings)) < 0.2
    return ratings.take(~held_out), ratings.take(held_out)


def same(first: SgdFactorisation, second: SgdFactorisation) -> bool:
    other = second.arrays()
    return all(array.tobytes() == other[name].tobytes() for name, array in first.arrays().items())


def test_the_checkerboard_is_found_again_in_rows_held_out() -> None:
    train, validation = parted(samples.checkerboard())
    result = fit(train, validation, quick(rate_decay=0.99, n_epochs=300))
    predictions = result.model.predict_pairs(validation.user_index, validation.item_index)
    assert rmse(predictions, validation.score) < 0.5
    errors = [float(entry.validation_rmse or 0) for entry in result.history]
    assert errors[0] > 2
    assert rmse(predictions, validation.score) == pytest.approx(min(errors), abs=1e-3)


def test_a_step_is_that_of_the_formula() -> None:
    """Two rows of one rater against the same arithmetic, written plainly."""
    generator = np.random.default_rng(0)
    raters, titles, *steps = (
        generator.normal(0, 0.3, (n, WIDTH)).astype(np.float32) for n in (1, 2, 1, 1, 1, 1)
    )
    keep_u, rate_u, keep_v, rate_v = (step[0] for step in steps)
    u, v = raters[0].astype(float), titles.astype(float)
    squares = 0.0
    for title, score in ((1, 9), (0, 4)):
        error = score - 7.5 - u @ v[title]
        squares += error**2
        u, v[title] = (
            u * keep_u + error * rate_u * v[title],
            v[title] * keep_v + error * rate_v * u,
        )
    found = sweep(
        raters,
        titles,
        np.array([0, 2]),
        np.array([1, 0], dtype=np.uint16),
        np.array([9, 4], dtype=np.int8),
        np.float32(7.5),
        keep_u,
        rate_u,
        keep_v,
        rate_v,
    )
    assert found == pytest.approx(squares, rel=1e-5)
    assert raters[0] == pytest.approx(u, abs=1e-4)
    assert titles == pytest.approx(v, abs=1e-4)


def test_every_row_is_in_one_block_and_the_ones_stay_ones() -> None:
    ratings = samples.random_ratings(600, lowest=0)
    state = SgdState(ratings.scored(), quick())
    raters, titles = state._raters, state._titles
    found = []
    for part in range(N_PARTS):
        for block in state._blocks[part]:
            user = np.repeat(
                np.arange(block.raters.start, block.raters.stop), np.diff(block.starts)
            )
            item = block.titles.start + block.item.astype(int)
            assert np.all(item < block.titles.stop)
            found += list(zip(user.tolist(), item.tolist(), block.score.tolist(), strict=True))
    scored = ratings.scored()
    wanted = raters.place[scored.user_index], titles.place[scored.item_index], scored.score
    assert sorted(found) == sorted(zip(*(values.tolist() for values in wanted), strict=True))
    with ThreadPoolExecutor(1) as pool:
        state.epoch(0, pool, lambda: None)
    assert np.all(raters.table[:, RATER_BIAS] != 0)
    assert np.all(raters.table[:, TITLE_BIAS] == 1)
    assert np.all(titles.table[:, RATER_BIAS] == 1)


def test_threads_do_not_change_the_bits() -> None:
    train, validation = parted(samples.random_ratings(600))
    one, two = (fit(train, validation, quick(threads=threads)) for threads in (1, 2))
    assert same(one.model, two.model)
    assert not same(one.model, fit(train, validation, quick(seed=1)).model)


def test_the_curve_has_every_epoch_and_the_best_is_kept() -> None:
    train, validation = parted(samples.random_ratings(600))  # noise: only overfitting to be had
    seen: list[EpochResult] = []
    settings = {"factor_rate": 0.1, "patience": 3, "n_epochs": 500}
    result = fit(train, validation, quick(**settings), on_epoch=seen.append)
    assert seen == result.history
    assert [entry.epoch for entry in seen] == list(range(1, len(seen) + 1))
    assert 3 <= len(seen) < 500
    errors = [float(entry.validation_rmse or 0) for entry in seen]
    assert result.best_epoch == int(np.argmin(errors)) + 1
    refit = fit(train, None, quick(**{**settings, "n_epochs": result.best_epoch}))
    assert same(refit.model, result.model)
    assert refit.best_epoch == result.best_epoch
    assert [entry.validation_rmse for entry in refit.history] == [None] * result.best_epoch


def test_fold_in_is_the_minimum_of_its_objective() -> None:
    model = fit(samples.checkerboard(), None, quick()).model
    arrays, items, scores = model.arrays(), np.array([1, 5, 8]), np.array([9.0, 3.0, 6.0])
    vector = model.fold_in(items, scores).astype(np.float64)
    design = np.column_stack([np.ones(3), arrays["title_factors"][items]])
    errors = scores - arrays["mean"] - arrays["title_bias"][items] - design @ vector
    pulls = np.array([0.005] + [0.03] * N_FACTORS) * (3 + 10)
    assert np.abs(design.T @ errors - pulls * vector).max() < 1e-4


def test_it_stops_when_told_to() -> None:
    with pytest.raises(Cancelled, match="epoch 1"):
        fit(samples.checkerboard(), None, quick(), should_stop=lambda: True)
    answers = iter([False] * (N_PARTS + 1) + [True])
    done: list[EpochResult] = []
    with pytest.raises(Cancelled, match="epoch 2"):
        fit(
            samples.checkerboard(),
            None,
            quick(),
            on_epoch=done.append,
            should_stop=lambda: next(answers),
        )
    assert len(done) == 1


def test_rows_that_do_not_fit_are_refused() -> None:
    ratings = samples.checkerboard()
    unscored = samples.ratings([(0, 0, 0)], n_users=ratings.n_users, n_items=ratings.n_items)
    with pytest.raises(TooLittleData):
        fit(unscored, None, quick())
    with pytest.raises(DataError, match="validation"):
        fit(ratings, unscored, quick())
    nobody = ratings.take(np.zeros(len(ratings), dtype=bool))
    assert fit(ratings, nobody, quick(n_epochs=1)).history[0].validation_rmse is None


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_number_that_is_not_finite_is_told() -> None:
    with pytest.raises(Diverged, match="factor_rate"):
        fit(samples.checkerboard(), None, quick(factor_rate=50.0, bias_rate=50.0, rate_decay=1.0))


@pytest.mark.parametrize(
    "changes",
    [
        {"factor_rate": 0.0},
        {"bias_rate": -1.0},
        {"rate_decay": 1.1},
        {"rater_weight_decay": 0.0},
        {"title_weight_decay": float("nan")},
        {"bias_weight_decay": 101.0},
        {"first_spread": 0.0},
        {"fold_in_rows": -1.0},
        {"n_epochs": 0},
        {"min_gain": -1.0},
        {"patience": 0},
        {"seed": -1},
        {"threads": 0},
    ],
)
def test_a_setting_out_of_range_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(changes))):
        SgdFactorisationConfig(**changes)


def test_settings_go_to_json_and_back() -> None:
    config = quick(seed=3)
    assert SgdFactorisationConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="n_factors"):
        SgdFactorisationConfig.from_dict({"n_factors": 3})
