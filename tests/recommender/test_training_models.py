"""Runs of one model, and the full report with what it compares with."""

import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from catalog.models import Anime, Rating
from ml.artifacts import load_arrays, read_manifest, read_text
from ml.data import split
from ml.suite_config import SuiteConfig
from ml.suite_fit import fit_held_out, refit
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry, runs, serving
from recommender.services.dataset import SNAPSHOT, Dataset, read_dataset
from recommender.services.errors import InvalidConfiguration
from recommender.services.training import SPLIT_SEED
from tests.factories import AnimeFactory, RatingFactory
from tests.recommender.conftest import SMALL, World, train

pytestmark = pytest.mark.django_db


def folder(version: ModelVersion) -> Path:
    return Path(django_settings.RECOMMENDER_ARTIFACT_ROOT) / version.artifact


def groups(version: ModelVersion) -> set[str]:
    files = read_manifest(folder(version))["files"]
    return {name.removesuffix(".safetensors") for name in files if name.endswith(".safetensors")}


def predict(tmp_path: Path) -> str:
    """What the command ``predict`` says of a single pair."""
    (tmp_path / "pairs.csv").write_text("user_id,anime_id\n1,1\n")
    stdout = StringIO()
    arguments = [str(tmp_path / "pairs.csv"), "--output", str(tmp_path / "out.csv")]
    call_command("predict", *arguments, stdout=stdout)
    return stdout.getvalue()


def test_collaborative_alone_lists_and_predicts_nothing(tmp_path: Path, world: World) -> None:
    version = train(model="collaborative")
    assert version.is_active
    assert groups(version) == {
        "collaborative",
        "popular",
        "held-out.collaborative",
        "held-out.popular",
        SNAPSHOT,
        "ids",
    }
    assert [name for name, _ in version.measured_rows] == [
        "global-mean",
        "collaborative",
        "popular",
    ]
    rater = world.raters[0]
    for method in ("for-you", "collaborative"):
        result = serving.recommend(rater=rater, method=method, n=8)
        assert (result.source, result.fallback) == ("collaborative", "")
        assert [item.prediction for item in result.items] == [None] * 8
        assert result.items[0].reasons[0].kind == "titles"
    assert serving.predict(rater=rater, anime_ids=[1, 2, 3]) == {}
    by_net = serving.recommend(rater=rater, method="recommender-net", n=3)
    assert by_net.source == "popular"
    assert by_net.fallback == "The model in use was trained without this method."
    with pytest.raises(
        CommandError,
        match=rf"Version {version.pk} predicts no scores. Train everything with manage.py train",
    ):
        predict(tmp_path)
    assert not (tmp_path / "out.csv").exists()


def test_recommender_net_alone_lists_by_its_predictions(tmp_path: Path, world: World) -> None:
    version = train(model="recommender-net")
    assert groups(version) == {
        "recommender_net",
        "popular",
        "held-out.recommender_net",
        "held-out.popular",
        SNAPSHOT,
        "ids",
    }
    assert [name for name, _ in version.measured_rows] == [
        "recommender-net",
        "global-mean",
        "popular",
    ]
    assert version.measured["rmse"] < dict(version.measured_rows)["global-mean"]["rmse"]
    for method in ("for-you", "collaborative", "recommender-net"):
        result = serving.recommend(rater=world.raters[0], method=method, n=8)
        assert (result.source, result.fallback) == ("recommender-net", "")
        assert [item.relevance for item in result.items] == [
            item.prediction for item in result.items
        ]
    assert predict(tmp_path).startswith("1 predictions written to ")


def test_the_command_trains_one_model(world: World) -> None:
    call_command("train", "--inline", "--model", "collaborative", stdout=StringIO())
    run = TrainingRun.objects.get()
    assert (run.model, run.state) == ("collaborative", TrainingRun.State.SUCCEEDED)
    assert "RecommenderNet" not in run.log


def test_an_unknown_model_is_refused_before_it_queues(world: World) -> None:
    with pytest.raises(InvalidConfiguration, match="There is no model 'magic'"):
        runs.create(model="magic")
    assert not TrainingRun.objects.exists()


def add_rated_titles(world: World) -> None:
    """So many more titles with 20 ratings and more that a tenth of them can be hidden."""
    generator = np.random.default_rng(5)
    genres = ["Drama", "Comedy"]
    titles = [AnimeFactory.create(id=200 + n, genres=[genres[n % 2]]) for n in range(110)]
    rows = [
        Rating(rater=rater, anime=anime, score=int(generator.integers(5, 11)))
        for anime in titles
        for rater in generator.permutation(np.array(world.raters, dtype=object))[:29]
    ]
    stamp = RatingFactory.build(rater=world.raters[0], anime=titles[0]).updated_at
    for row in rows:
        row.updated_at, row.status = stamp, Rating.Status.COMPLETED
    Rating.objects.bulk_create(rows)


def test_a_full_report_compares_and_draws(world: World, settings: Settings) -> None:
    settings.RECOMMENDER_FULL_REPORT = True
    version = train(configuration=SMALL | {"n_epochs": 2})
    scores, lists = (list(version.ordered_metrics[part]) for part in ("scores", "lists"))
    assert scores[:3] == ["best", "matrix-factorisation", "recommender-net"]
    assert {"biases", "reference-net", "balanced-subset"} < set(scores[3:])
    assert lists[:5] == [
        "for-you",
        "collaborative",
        "ease-broad",
        "implicit-als",
        "recommender-net",
    ]
    assert {"ease", "item-neighbours", "content"} < set(lists[5:])
    assert (scores[-1], lists[-1]) == ("global-mean", "popular")
    assert version.metrics["cold_titles"] is None, "there are too few titles to hide some"
    assert [epoch["epoch"] for epoch in version.metrics["history"]] == [1, 2]
    manifest = read_manifest(folder(version))
    assert manifest["metrics"] == version.metrics
    figures = sorted(name for name in manifest["files"] if name.endswith(".svg"))
    assert figures
    for name in figures:
        svg = read_text(folder(version), name)
        assert re.search(r"<svg[\s>]", svg)
        assert svg.rstrip().endswith("</svg>")


def test_without_the_full_report_there_is_nothing_to_compare_and_no_figure(
    world: World, version: ModelVersion
) -> None:
    assert not {"biases", "reference-net", "balanced-subset"} & set(version.metrics["scores"])
    assert not {"ease", "item-neighbours", "content"} & set(version.metrics["lists"])
    assert version.metrics["cold_titles"] is None
    assert not [name for name in read_manifest(folder(version))["files"] if ".svg" in name]


def test_hidden_titles_are_ranked_where_there_are_enough(world: World, settings: Settings) -> None:
    settings.RECOMMENDER_FULL_REPORT = True
    add_rated_titles(world)
    cold = train(model="", configuration=SMALL | {"n_epochs": 1}).metrics["cold_titles"]
    assert cold["n_titles"] == 11
    for name in ("guessed", "content", "chance"):
        assert 0 <= cold[name]["low"] <= cold[name]["value"] <= cold[name]["high"] <= 1


def test_the_snapshot_in_the_artifact_is_what_was_trained_on(
    world: World, version: ModelVersion
) -> None:
    now, then = read_dataset(), Dataset.load(folder(version))
    assert then.fingerprint == version.data_fingerprint == now.fingerprint
    for name, array in now.arrays().items():
        assert np.array_equal(then.arrays()[name], array), name
    assert then.feature_names == ("genre:Comedy", "genre:Drama", "type:TV")


def test_the_snapshot_fits_to_the_same_bits_again(world: World, version: ModelVersion) -> None:
    Anime.objects.all().delete()  # nothing but the artifact is needed
    dataset = Dataset.load(folder(version))
    config = SuiteConfig.of("", SMALL, comparisons=False)
    assert read_manifest(folder(version))["configuration"] == config.to_dict()
    parts = split(
        dataset.ratings,
        user_keys=dataset.user_keys,
        item_ids=dataset.items.ids,
        seed=read_manifest(folder(version))["split_seed"],
    )
    assert read_manifest(folder(version))["split_seed"] == SPLIT_SEED
    held_out = fit_held_out(dataset.ratings, parts, config, features=dataset.features)
    again = held_out.suite.groups(held_out=True)
    assert set(again) == {name for name in groups(version) if name.startswith("held-out.")}
    served = refit(dataset.ratings, held_out, config, features=dataset.features).groups()
    for group, arrays in (again | served).items():
        stored = load_arrays(folder(version), group)
        assert set(stored) == set(arrays)
        for name, array in arrays.items():
            assert np.asarray(array).tobytes() == stored[name].tobytes(), f"{group}: {name}"


def test_the_manifest_says_how_it_came_about(world: World, version: ModelVersion) -> None:
    manifest = read_manifest(folder(version))
    assert manifest["models"] == ["all"]
    assert (manifest["n_ratings"], manifest["n_raters"], manifest["n_titles"]) == (480, 30, 24)
    assert manifest["served_epochs"]["recommender-net"] == version.metrics["best_epoch"]
    assert manifest["is_simulated"] is False
    assert registry.active_model().problem == ""
