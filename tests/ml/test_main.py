import contextlib
import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import ml.train
from ml.__main__ import main
from ml.artifacts import verify_artifact
from ml.errors import Diverged
from tests.ml import samples

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 800 rows, a few of them without a score."""
    rows = samples.random_ratings(800, lowest=0)
    path = tmp_path_factory.mktemp("files") / "ratings.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "anime_id", "rating"])
        for user, item, score in zip(rows.user_index, rows.item_index, rows.score, strict=True):
            writer.writerow([user + 100, item * 3 + 1, score or -1])
    return path


@pytest.fixture(scope="module")
def model(ratings: Path) -> Path:
    """A model trained on that file."""
    path = ratings.parent / "model"
    assert main(["train", str(ratings), "--output", str(path), "--epochs", "2"]) == 0
    return path


def test_train_stores_a_verified_model_with_both_fits(model: Path) -> None:
    manifest = verify_artifact(model)
    assert set(manifest["files"]) == {
        "ids.safetensors",
        "recommender_net.safetensors",
        "recommender_net_held_out.safetensors",
    }
    assert manifest["metrics"]["n_rows"] > 0
    assert 1 <= manifest["served_epochs"] <= 2


def test_evaluate_says_what_training_measured(
    model: Path, ratings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(ratings), "--model", str(model), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    stored = verify_artifact(model)["metrics"]
    assert measured == pytest.approx(stored, abs=1e-5)


def test_evaluate_prints_a_table(
    model: Path, ratings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(ratings), "--model", str(model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "n_rows",
        "rmse",
        "mae",
        "macro_mae",
        "accuracy",
        "recall_of_low_scores",
    ]


def test_predict_has_a_row_for_each_pair_unknown_ones_too(
    model: Path, ratings: Path, tmp_path: Path
) -> None:
    pairs = [(100, 1), (999_999, 1), (100, 999_999), (999_999, 999_999), (100, 1)]
    source, target = tmp_path / "pairs.csv", tmp_path / "out.csv"
    source.write_text("user_id,anime_id\n" + "".join(f"{u},{a}\n" for u, a in pairs))
    assert main(["predict", str(source), "--model", str(model), "--output", str(target)]) == 0
    with target.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(int(row["user_id"]), int(row["anime_id"])) for row in rows] == pairs
    predictions = np.array([float(row["prediction"]) for row in rows])
    assert ((predictions >= 1) & (predictions <= 10)).all()
    assert predictions[0] == predictions[4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none.csv", "--output", "m"], "none.csv"),
        (["train", "{ratings}", "--output", "{model}"], "there already"),
        (["train", "{ratings}", "--output", "m", "--epochs", "0"], "n_epochs"),
        (["train", "{ratings}", "--output", "m/../.."], "there already"),
        (["train", "{ratings}", "--output", ".m"], "no name"),
        (["evaluate", "{ratings}", "--model", "none"], "no artifact"),
        (["evaluate", "none.csv", "--model", "{model}"], "none.csv"),
        (["predict", "none.csv", "--model", "{model}", "--output", "o"], "none.csv"),
        (["predict", "{ratings}", "--model", "{model}", "--output", "none/o"], "none"),
    ],
)
def test_what_cannot_be_used_is_exit_2_and_one_line(
    model: Path, ratings: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    filled = [argument.format(model=model, ratings=ratings) for argument in arguments]
    errors = io.StringIO()
    with contextlib.chdir(tmp_path), contextlib.redirect_stderr(errors):
        assert main(filled) == 2
    error = errors.getvalue()
    assert error.startswith("error: ")
    assert message in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["predict", "a.csv"]])
def test_bad_usage_is_exit_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_a_training_that_fails_is_exit_1_and_leaves_nothing(
    ratings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def diverge(*_: object, **__: object) -> None:
        raise Diverged("The loss stopped being a number.")

    monkeypatch.setattr(ml.train, "fit", diverge)
    assert main(["train", str(ratings), "--output", str(tmp_path / "m")]) == 1
    assert "stopped being a number" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def _flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [_flip_a_byte, Path.unlink])
def test_a_damaged_model_is_refused(
    model: Path, ratings: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    damage(copy / "recommender_net.safetensors")
    output = tmp_path / "o"
    assert main(["predict", str(ratings), "--model", str(copy), "--output", str(output)]) == 2
    assert not output.exists()


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ml", "--help"], capture_output=True, text=True, check=True
    )
    assert "train" in done.stdout
