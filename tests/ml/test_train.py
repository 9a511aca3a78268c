from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.batches import Batch
from ml.config import PrecisionName
from ml.data import Ratings
from ml.errors import (
    Cancelled,
    DataError,
    DeviceUnavailable,
    Diverged,
    TooLittleData,
)
from ml.history import EpochResult
from ml.metrics import rmse
from ml.serving import RecommenderNetScorer
from ml.train import FitResult, fit, predict
from ml.training_state import TrainingState
from tests.ml import samples

pytestmark = pytest.mark.usefixtures("one_thread")


def same_weights(first: FitResult, second: FitResult) -> bool:
    return all(
        array.tobytes() == second.weights[name].tobytes()
        for name, array in first.weights.parameters.items()
    )


def halves(rows: Ratings) -> tuple[Ratings, Ratings]:
    chosen = np.random.default_rng(0).random(len(rows)) < 0.7
    return rows.take(chosen), rows.take(~chosen)


def test_it_learns_a_checkerboard_it_has_seen_part_of() -> None:
    train, rest = halves(samples.checkerboard())
    result = fit(train, None, samples.checkerboard_config())
    predictions = predict(result.weights, rest.user_index, rest.item_index)
    assert rmse(predictions, rest.score) < 1.0  # the mean alone is off by 3.5


def test_it_overfits_a_handful_of_rows() -> None:
    rows = samples.random_ratings(12, n_users=4, n_items=5)
    config = samples.quick_config(
        dropout=0.0,
        embedding_decay=0.0,
        learning_rate=0.02,
        embedding_learning_rate=0.02,
        n_epochs=200,
        batch_size=12,
    )
    assert fit(rows, None, config).history[-1].train_rmse < 0.1


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    rows = samples.random_ratings(300)
    first, second = (fit(rows, None, samples.quick_config(seed=5)) for _ in range(2))
    other = fit(rows, None, samples.quick_config(seed=6))
    assert same_weights(first, second)
    assert not same_weights(first, other)
    assert [r.train_rmse for r in first.history] == [r.train_rmse for r in second.history]


def test_the_global_generator_is_neither_read_nor_moved() -> None:
    rows = samples.random_ratings(100)
    state = torch.random.get_rng_state()
    first = fit(rows, None, samples.quick_config())
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(3)
    assert same_weights(first, fit(rows, None, samples.quick_config()))


def test_the_number_of_threads_is_the_configured_one_and_put_back() -> None:
    seen: list[int] = []

    def ask() -> bool:
        seen.append(torch.get_num_threads())
        return False

    before = torch.get_num_threads()
    fit(samples.random_ratings(50), None, samples.quick_config(threads=2), should_stop=ask)
    assert set(seen) == {2}
    assert torch.get_num_threads() == before


def test_unscored_rows_are_no_labels() -> None:
    rows = samples.random_ratings(50, lowest=0)
    assert (rows.score == 0).any()
    with pytest.raises(DataError, match="training"):
        fit(rows, None, samples.quick_config())
    with pytest.raises(DataError, match="validation"):
        fit(rows.scored(), rows, samples.quick_config())


def test_no_rows_are_too_little() -> None:
    empty = samples.ratings([], n_users=3, n_items=3)
    with pytest.raises(TooLittleData):
        fit(empty, None, samples.quick_config())


def test_no_validation_rows_are_as_none() -> None:
    rows = samples.random_ratings(50)
    without = fit(rows, None, samples.quick_config())
    empty = fit(rows, rows.take(np.array([], dtype=int)), samples.quick_config())
    assert same_weights(without, empty)
    assert empty.history[-1].validation_rmse is None


def test_validation_must_be_of_the_same_raters_and_titles() -> None:
    with pytest.raises(DataError, match="same raters"):
        fit(
            samples.random_ratings(50),
            samples.random_ratings(50, n_items=41),
            samples.quick_config(),
        )


@pytest.mark.parametrize(
    "rows", [[(0, item, item % 10 + 1) for item in range(8)], [(user, 0, 7) for user in range(8)]]
)
def test_one_rater_or_one_title_is_enough(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows)
    n_users, n_items = table[:, 0].max() + 1, table[:, 1].max() + 1
    ratings = samples.ratings(rows, n_users=int(n_users), n_items=int(n_items))
    result = fit(ratings, None, samples.quick_config())
    assert np.isfinite(predict(result.weights, ratings.user_index, ratings.item_index)).all()


def test_a_loss_that_is_no_number_is_a_typed_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(state: TrainingState, batch: Batch) -> Tensor:
        return torch.tensor(float("nan"))

    monkeypatch.setattr(TrainingState, "step", step)
    with pytest.raises(Diverged, match="learning rate"):
        fit(samples.random_ratings(300), None, samples.quick_config())


def test_the_best_epoch_is_kept() -> None:
    train, validation = halves(samples.random_ratings(600))
    config = samples.quick_config(learning_rate=0.02, embedding_decay=0.0, n_epochs=8)
    result = fit(train, validation, config)
    errors = [epoch.validation_rmse for epoch in result.history]
    assert result.best_epoch == int(np.argmin(np.array(errors, dtype=float))) + 1 < 8
    predictions = predict(result.weights, validation.user_index, validation.item_index)
    best = errors[result.best_epoch - 1]
    assert rmse(predictions, validation.score) == pytest.approx(best, abs=1e-5)
    assert result.weights.residual_variance == pytest.approx(float(best or 0) ** 2)


def test_it_stops_early_when_patience_is_at_an_end() -> None:
    train, validation = halves(samples.random_ratings(600))
    settings = {"learning_rate": 0.02, "embedding_decay": 0.0, "n_epochs": 40}
    patient = fit(train, validation, samples.quick_config(**settings, patience=0))
    assert len(patient.history) == 40
    result = fit(train, validation, samples.quick_config(**settings, patience=2))
    errors = [float(epoch.validation_rmse or 0) for epoch in result.history]
    assert len(errors) == result.best_epoch + 2 < 40
    assert min(errors) == errors[result.best_epoch - 1]
    assert errors == [epoch.validation_rmse for epoch in patient.history[: len(errors)]]


def test_without_validation_rows_patience_has_no_end() -> None:
    rows = samples.random_ratings(60)
    assert len(fit(rows, None, samples.quick_config(n_epochs=6, patience=1)).history) == 6


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_precision_learns_the_board(precision: PrecisionName) -> None:
    train, rest = halves(samples.checkerboard())
    config = replace(samples.checkerboard_config(), precision=precision)
    weights = fit(train, None, config).weights
    assert rmse(predict(weights, rest.user_index, rest.item_index), rest.score) < 1.0
    assert weights["hl2.weight"].dtype == np.float32


def test_each_epoch_is_reported() -> None:
    train, validation = halves(samples.random_ratings(200))
    seen: list[EpochResult] = []
    result = fit(train, validation, samples.quick_config(), on_epoch=seen.append)
    assert seen == result.history
    assert [(epoch.epoch, epoch.n_epochs) for epoch in seen] == [(1, 3), (2, 3), (3, 3)]
    assert all(epoch.rows_per_second > 0 and epoch.seconds > 0 for epoch in seen)
    assert EpochResult.from_dict(seen[0].to_dict()) == seen[0]


def test_it_stops_when_asked() -> None:
    answers = iter([False, False, True])
    with pytest.raises(Cancelled, match="epoch 2"):
        fit(
            samples.random_ratings(1000),
            None,
            samples.quick_config(batch_size=32),
            should_stop=lambda: next(answers),
        )


def test_rows_without_labels_have_the_mean_vector() -> None:
    rows = samples.random_ratings(60, n_users=10, n_items=10)
    wider = Ratings(rows.user_index, rows.item_index, rows.score, n_users=12, n_items=11)
    weights = fit(wider, None, samples.quick_config()).weights
    users, items = weights["user_embedding.weight"], weights["item_embedding.weight"]
    assert users[11] == pytest.approx(users[:10].mean(axis=0), abs=1e-6)
    assert items[10] == pytest.approx(items[:10].mean(axis=0), abs=1e-6)
    assert weights.user_count.tolist() == np.bincount(rows.user_index, minlength=12).tolist()


def test_numpy_and_torch_predict_the_same() -> None:
    rows = samples.random_ratings(400)
    weights = fit(rows, None, samples.quick_config()).weights
    scorer = RecommenderNetScorer.from_weights(weights)
    expected = predict(weights, rows.user_index, rows.item_index)
    assert scorer.predict_pairs(rows.user_index, rows.item_index) == pytest.approx(
        expected, abs=1e-4
    )
    user = 3
    every = np.arange(rows.n_items)
    alone = scorer.predict(scorer.user_vector(user))
    assert alone == pytest.approx(predict(weights, np.full(every.size, user), every), abs=1e-4)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a card")
def test_a_card_that_is_not_there_is_a_typed_failure() -> None:
    with pytest.raises(DeviceUnavailable, match="CUDA"):
        fit(samples.random_ratings(10), None, samples.quick_config(device="cuda"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_card_learns_the_same_board(precision: PrecisionName) -> None:
    train, rest = halves(samples.checkerboard())
    config = replace(samples.checkerboard_config(), device="cuda", precision=precision)
    result = fit(train, None, config)
    assert result.device == "cuda"
    assert rmse(predict(result.weights, rest.user_index, rest.item_index), rest.score) < 1.0
