import contextlib
import csv
import io
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ml.train
from ml.__main__ import main
from ml.artifacts import read_text, verify_artifact
from ml.errors import Diverged
from ml.report import EvaluationReport
from ml.report_table import format_table
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
def anime(ratings: Path) -> Path:
    """A file of titles: some without a genre or type, some that nobody rated, one missing."""
    genres = ["Action, Drama", "", "Unknown", "Comedy"]
    path = ratings.with_name("anime.csv")
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["anime_id", "name", "genre", "type"])
        for title in range(2, 150):
            writer.writerow([title, "x", genres[title % 4], ["TV", "Movie", ""][title % 3]])
    return path


@dataclass(frozen=True)
class Training:
    """What a training left and said."""

    path: Path
    printed: str
    progress: str


def trained(ratings: Path, name: str, *options: str) -> Training:
    """Train on the file."""
    path = ratings.parent / name
    printed, progress = io.StringIO(), io.StringIO()
    arguments = ["train", str(ratings), "--output", str(path), "--epochs", "1", *options]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(progress):
        assert main([*arguments, "--device", "cpu"]) == 0
    return Training(path, printed.getvalue(), progress.getvalue())


@pytest.fixture(scope="module")
def training(ratings: Path, anime: Path) -> Training:
    """All models trained on that file."""
    return trained(ratings, "model", "--anime", str(anime))


@pytest.fixture(scope="module")
def model(training: Training) -> Path:
    return training.path


@pytest.fixture(scope="module")
def collaborative(ratings: Path) -> Training:
    """One model alone, with nothing known of the titles."""
    return trained(ratings, "alone", "--model", "collaborative", "--no-comparisons")


GROUPS = (
    "recommender_net",
    "predictor",
    "ordinal",
    "for-you",
    "guess",
    "popular",
    "collaborative",
    "ease-broad",
    "implicit-als",
)
SCORE_FIGURES = (
    "confusion_matrices",
    "calibration",
    "score_distribution",
    "recall_by_score",
    "rmse_by_activity",
    "rmse_by_popularity",
)
LIST_FIGURES = ("ndcg_at_10", "ndcg_by_activity", "ndcg_by_popularity")


def test_train_stores_verified_models_of_both_fits_with_figures(model: Path) -> None:
    manifest = verify_artifact(model)
    assert set(manifest["files"]) == {
        "ids.safetensors",
        *(f"{group}.safetensors" for group in GROUPS),
        *(f"held-out.{group}.safetensors" for group in GROUPS),
        *(f"{name}.svg" for name in ("learning_curve", *SCORE_FIGURES, *LIST_FIGURES)),
    }
    for name in SCORE_FIGURES:
        assert read_text(model, f"{name}.svg").rstrip().endswith("</svg>")


def test_the_manifest_says_what_was_done(model: Path) -> None:
    manifest = verify_artifact(model)
    assert manifest["configuration"]["net"]["n_epochs"] == 1
    assert manifest["served_epochs"]["recommender-net"] == 1
    assert manifest["served_epochs"]["matrix-factorisation"] >= 1
    assert [epoch["epoch"] for epoch in manifest["history"]] == [1]
    assert manifest["features"] == [
        "genre:Action",
        "genre:Comedy",
        "genre:Drama",
        "type:Movie",
        "type:TV",
    ]
    assert manifest["cold_titles"] is None  # forty titles are too few to hide some
    report = EvaluationReport.from_dict(manifest["metrics"])
    assert report.n_test_ratings > 0
    assert {"best", "reference-net", "balanced-subset"} <= set(report.scores)
    assert {"for-you", "content", "ease", "popular"} <= set(report.lists)


def test_train_prints_the_report_and_tells_of_its_progress(training: Training) -> None:
    report = EvaluationReport.from_dict(verify_artifact(training.path)["metrics"])
    assert training.printed == format_table(report)
    lines = training.progress.splitlines()
    assert lines[0] == "held-out: RecommenderNet"
    assert lines[1].startswith("held-out: recommender-net epoch 1/1 RMSE train ")
    assert "served: EASE" in lines
    assert lines[-2:] == ["measuring", "writing"]


def test_one_model_can_be_trained_alone_without_titles(collaborative: Training) -> None:
    manifest = verify_artifact(collaborative.path)
    assert {name for name in manifest["files"] if name.endswith(".safetensors")} == {
        "ids.safetensors",
        *(f"{group}.safetensors" for group in ("collaborative", "popular")),
        *(f"held-out.{group}.safetensors" for group in ("collaborative", "popular")),
    }
    assert manifest["features"] == []
    assert manifest["served_epochs"] == {}
    assert list(manifest["metrics"]["lists"]) == ["collaborative", "popular"]
    assert list(manifest["metrics"]["scores"]) == ["global-mean"]


def test_several_processes_train_recommender_net_alone(
    ratings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    monkeypatch.setenv("WORLD_SIZE", "2")
    arguments = ["train", str(ratings), "--output", str(tmp_path / "m")]
    for options in ([], ["--model", "collaborative"]):
        assert main([*arguments, *options]) == 2
        assert "give --model recommender-net" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every number, text and null of JSON by where it is."""
    if not isinstance(value, dict | list):
        return {path: value}
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        name: leaf for key, each in inside for name, leaf in leaves(each, f"{path}/{key}").items()
    }


def test_evaluate_says_what_training_measured(
    model: Path, ratings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(ratings), "--model", str(model), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    stored = verify_artifact(model)["metrics"]
    for kind in ("scores", "lists"):
        same = {name: stored[kind][name] for name in measured[kind]}
        found, expected = leaves(measured[kind]), leaves(same)
        assert list(found) == list(expected)
        numbers = [name for name, leaf in expected.items() if isinstance(leaf, float)]
        assert [found[name] for name in numbers] == pytest.approx(
            [expected[name] for name in numbers], rel=1e-6
        )
        assert {**found, **{name: expected[name] for name in numbers}} == expected
    assert set(measured["scores"]) >= {"best", "recommender-net", "global-mean"}
    assert set(stored["lists"]) - set(measured["lists"]) == {"ease", "item-neighbours", "content"}
    assert measured["n_test_ratings"] == stored["n_test_ratings"]


def test_evaluate_prints_a_table(
    collaborative: Training, ratings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(ratings), "--model", str(collaborative.path)]) == 0
    assert capsys.readouterr().out == collaborative.printed


def listed(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("method", ["for-you", "collaborative", "recommender-net", "popular"])
def test_recommend_has_a_list_for_every_rater(
    model: Path, ratings: Path, tmp_path: Path, method: str
) -> None:
    output = tmp_path / "lists.csv"
    arguments = ["recommend", str(ratings), "--model", str(model), "--method", method, "-n", "3"]
    assert main([*arguments, "--output", str(output)]) == 0
    rows = listed(output)
    assert list(rows[0]) == ["user_id", "rank", "anime_id", "relevance", "prediction"]
    raters = sorted({int(row["user_id"]) for row in listed(ratings)})
    places = [(int(row["user_id"]), int(row["rank"])) for row in rows]
    assert places == [(rater, rank) for rater in raters for rank in (1, 2, 3)]
    watched = {(row["user_id"], row["anime_id"]) for row in listed(ratings)}
    assert not watched & {(row["user_id"], row["anime_id"]) for row in rows}
    assert all(1 <= float(row["prediction"]) <= 10 for row in rows)
    for first, second in itertools.pairwise(rows):
        if first["user_id"] == second["user_id"]:
            assert float(first["relevance"]) >= float(second["relevance"])


def test_without_a_predictor_there_are_lists_but_no_predictions(
    collaborative: Training, ratings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.csv"
    arguments = [str(ratings), "--model", str(collaborative.path), "--output", str(output)]
    assert main(["recommend", *arguments, "--method", "collaborative"]) == 0
    assert {row["prediction"] for row in listed(output)} == {""}
    output.unlink()
    assert main(["predict", *arguments]) == 2
    assert "predicts no scores" in capsys.readouterr().err
    assert main(["recommend", *arguments]) == 2
    assert "only by collaborative, popular" in capsys.readouterr().err
    assert not output.exists()


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
        (["train", "{ratings}", "--output", "m", "--anime", "none.csv"], "none.csv"),
        (["train", "{ratings}", "--output", "m", "--anime", "{ratings}"], "no column genre, type"),
        (["recommend", "none.csv", "--model", "{model}", "--output", "o"], "none.csv"),
        (["recommend", "{ratings}", "--model", "none", "--output", "o"], "no artifact"),
        (["recommend", "{ratings}", "--model", "{model}", "--output", "none/o"], "none"),
        (["recommend", "{ratings}", "--model", "{model}", "--output", "o", "-n", "0"], "n must"),
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


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train"],
        ["predict", "a.csv"],
        ["train", "a.csv", "--output", "m", "--model", "best"],
        ["recommend", "a.csv", "--model", "m", "--output", "o", "--method", "best"],
    ],
)
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
    damage(copy / "held-out.recommender_net.safetensors")
    output = tmp_path / "o"
    for command in ("predict", "recommend"):
        assert main([command, str(ratings), "--model", str(copy), "--output", str(output)]) == 2
    assert main(["evaluate", str(ratings), "--model", str(copy)]) == 2
    assert not output.exists()


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ml", "--help"], capture_output=True, text=True, check=True
    )
    assert "train" in done.stdout
