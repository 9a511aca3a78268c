import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.errors import ArtifactDamaged, ArtifactTooNew, Cancelled, CheckpointMismatch
from ml.history import EpochResult
from ml.train import FitResult, fit, remove_checkpoint
from tests.ml import samples
from tests.ml.test_train import halves, same_weights

pytestmark = pytest.mark.usefixtures("one_thread")

TRAIN, VALIDATION = halves(samples.random_ratings(900))
CONFIG = samples.quick_config(n_epochs=5, batch_size=16, learning_rate=0.01)


class _StopIn:
    """Asks for a stop at the n-th question."""

    def __init__(self, n_questions: int) -> None:
        self.left = n_questions

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def _cancelled(folder: Path, *, questions: int) -> None:
    with pytest.raises(Cancelled):
        fit(TRAIN, VALIDATION, CONFIG, checkpoint=folder, should_stop=_StopIn(questions))


def _errors(result: FitResult) -> list[tuple[float, float | None]]:
    return [(epoch.train_rmse, epoch.validation_rmse) for epoch in result.history]


# Three questions an epoch: the first stops before any epoch is done, the others within the second,
# fourth and fifth.
@pytest.mark.parametrize("questions", [2, 5, 11, 15])
def test_a_resumed_run_ends_as_one_never_interrupted(tmp_path: Path, questions: int) -> None:
    whole = fit(TRAIN, VALIDATION, CONFIG)
    _cancelled(tmp_path / "state", questions=questions)
    seen: list[EpochResult] = []
    resumed = fit(
        TRAIN,
        VALIDATION,
        CONFIG,
        checkpoint=tmp_path / "state",
        resume=True,
        on_epoch=seen.append,
    )
    assert same_weights(whole, resumed)
    assert _errors(whole) == _errors(resumed)
    assert whole.best_epoch == resumed.best_epoch
    assert [epoch.epoch for epoch in seen] == list(range((questions - 1) // 3 + 1, 6))


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    whole = fit(TRAIN, VALIDATION, CONFIG, checkpoint=folder)
    seen: list[EpochResult] = []
    again = fit(TRAIN, VALIDATION, CONFIG, checkpoint=folder, resume=True, on_epoch=seen.append)
    assert seen == []
    assert same_weights(whole, again)


@pytest.mark.parametrize("killed_after", [1, 3, 4])
def test_a_resumed_run_ends_as_early(tmp_path: Path, killed_after: int) -> None:
    config = replace(CONFIG, n_epochs=40, patience=2, learning_rate=0.03)
    whole = fit(TRAIN, VALIDATION, config)
    assert killed_after < len(whole.history) == whole.best_epoch + 2 < 40

    def kill(result: EpochResult) -> None:
        if result.epoch == killed_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(TRAIN, VALIDATION, config, checkpoint=tmp_path, on_epoch=kill)
    for _ in range(2):  # the second time nothing is left to do
        resumed = fit(TRAIN, VALIDATION, config, checkpoint=tmp_path, resume=True)
        assert same_weights(whole, resumed)
        assert _errors(whole) == _errors(resumed)


def test_without_resume_a_run_starts_anew(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=folder)
    seen: list[EpochResult] = []
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=folder, on_epoch=seen.append)
    assert len(seen) == 5


def test_only_the_last_epoch_is_kept(tmp_path: Path) -> None:
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-5.safetensors", "state.json"]


def test_other_data_or_settings_are_refused(tmp_path: Path) -> None:
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path)
    other_rows = TRAIN.take(np.arange(len(TRAIN) - 1))
    other_config = samples.quick_config(n_epochs=5, batch_size=16, learning_rate=0.02)
    for train, validation, config in (
        (other_rows, VALIDATION, CONFIG),
        (TRAIN, None, CONFIG),
        (TRAIN, VALIDATION, other_config),
    ):
        with pytest.raises(CheckpointMismatch):
            fit(train, validation, config, checkpoint=tmp_path, resume=True)


def test_a_damaged_byte_is_found(tmp_path: Path) -> None:
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path)
    file = tmp_path / "epoch-5.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path, resume=True)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null"])
def test_a_damaged_state_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(ArtifactDamaged):
        fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path, resume=True)


def test_a_newer_checkpoint_is_refused(tmp_path: Path) -> None:
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path)
    file = tmp_path / "state.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "checkpoint_version": 2}))
    with pytest.raises(ArtifactTooNew):
        fit(TRAIN, VALIDATION, CONFIG, checkpoint=tmp_path, resume=True)


def test_a_checkpoint_can_be_removed_twice(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    fit(TRAIN, VALIDATION, CONFIG, checkpoint=folder)
    remove_checkpoint(folder)
    remove_checkpoint(folder)
    assert not folder.exists()
