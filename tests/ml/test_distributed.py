import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from ml.artifacts import verify_artifact
from ml.distributed import Ranks, is_first_process, join, n_processes
from ml.train import fit
from ml.weights import PARAMETER_NAMES
from tests.ml import samples
from tests.ml.test_train import halves

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
Arrays = Mapping[str, npt.NDArray[Any]]


def torchrun(*command: str) -> None:
    """Run a module in two processes, which meet on the loopback interface."""
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone")
    done = subprocess.run(
        [*torchrun, "--nproc-per-node=2", "-m", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Arrays]]:
    """What each of two ranks ends with, by the name of the run."""
    folder = tmp_path_factory.mktemp("ranks")
    torchrun("tests.ml.fit_as_a_rank", str(folder))
    return {
        name: [np.load(folder / f"{name}-{rank}.npz") for rank in range(2)]
        for name in ("dropout", "exact")
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dropout", "exact"])
def test_all_ranks_end_with_the_same_weights(runs: dict[str, list[Arrays]], name: str) -> None:
    first, second = runs[name]
    for key in PARAMETER_NAMES:
        assert first[key].tobytes() == second[key].tobytes(), key
    assert first["validation_rmse"].tolist() == second["validation_rmse"].tolist()


@pytest.mark.slow
def test_only_the_first_rank_reports(runs: dict[str, list[Arrays]]) -> None:
    first, second = runs["exact"]
    assert first["reported"].tolist() == list(range(1, 11))
    assert second["reported"].tolist() == []


@pytest.mark.slow
def test_without_dropout_two_ranks_take_the_steps_of_one(runs: dict[str, list[Arrays]]) -> None:
    train, validation = halves(samples.checkerboard())
    alone = fit(train, validation, samples.checkerboard_configs_of_ranks()["exact"])
    errors = [epoch.validation_rmse for epoch in alone.history]
    together = runs["exact"][0]
    # Single precision rounds sums in another order, which the steps of an epoch add up.
    assert together["validation_rmse"] == pytest.approx(errors, abs=0.01)
    assert together["validation_rmse"][0] > 2 * together["validation_rmse"][-1]
    for name, array in alone.weights.parameters.items():
        assert together[name] == pytest.approx(array, abs=0.02), name


@pytest.mark.slow
def test_two_ranks_learn_as_well_as_one(runs: dict[str, list[Arrays]]) -> None:
    """Their dropout masks are others, so only the quality is the same."""
    train, validation = halves(samples.checkerboard())
    alone = fit(train, validation, samples.checkerboard_configs_of_ranks()["dropout"])
    error = alone.weights.residual_variance**0.5
    assert error < 1.0  # the mean alone is off by 3.5
    assert runs["dropout"][0]["validation_rmse"].min() == pytest.approx(error, abs=0.5)


@pytest.mark.slow
def test_the_command_trains_one_model_with_two_processes(tmp_path: Path) -> None:
    rows = samples.random_ratings(800, lowest=0)
    table = np.column_stack(
        [rows.user_index, rows.item_index, np.where(rows.score, rows.score, -1)]
    )
    file = tmp_path / "ratings.csv"
    np.savetxt(file, table, "%d", ",", header="user_id,anime_id,rating", comments="")
    command = ("ml", "train", str(file), "--output", str(tmp_path / "model"))
    options = ("--model", "recommender-net", "--no-comparisons", "--device", "cpu")
    torchrun(*command, *options, "--epochs", "2")
    manifest = verify_artifact(tmp_path / "model")
    assert manifest["served_epochs"]["recommender-net"] in {1, 2}
    assert list(manifest["metrics"]["scores"]) == ["recommender-net", "global-mean"]


def test_without_torchrun_a_process_is_alone() -> None:
    assert join("cpu") == Ranks(0, 1, CPU)
    assert is_first_process()
    assert n_processes() == 1


def test_torchrun_says_how_many_processes_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert n_processes() == 1  # somebody else's variable
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    assert n_processes() == 3


@pytest.mark.parametrize("n_rows", [0, 1, 2, 7, 9])
def test_every_row_is_of_one_rank(n_rows: int) -> None:
    shares = [Ranks(rank, 3, CPU).share(n_rows) for rank in range(3)]
    rows = [list(range(n_rows))[share] for share in shares]
    assert [row for share in rows for row in share] == list(range(n_rows))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1


def test_alone_nothing_is_exchanged() -> None:
    alone = Ranks(0, 1, CPU)
    assert alone.sum(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert alone.any(lambda: True)
    assert not alone.any(lambda: False)
