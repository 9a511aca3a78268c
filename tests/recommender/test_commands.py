"""The commands: what they print, and how they fail."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from recommender.models import ModelVersion, TrainingRun
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory, UserFactory
from tests.recommender.conftest import World, listed_ids

pytestmark = pytest.mark.django_db


def output(*arguments: object, **options: object) -> str:
    stdout = StringIO()
    call_command(*arguments, stdout=stdout, stderr=stdout, **options)  # type: ignore[arg-type]
    return stdout.getvalue()


def test_recommend_prints_unseen_titles_in_order(world: World, version: ModelVersion) -> None:
    entries = json.loads(output("recommend", "--rater", "1", "-n", "5", "--json"))
    assert [entry["rank"] for entry in entries] == [1, 2, 3, 4, 5]
    assert not {entry["anime_id"] for entry in entries} & listed_ids(world.raters[0])
    relevances = [entry["relevance"] for entry in entries]
    assert relevances == sorted(relevances, reverse=True)
    assert all(1 <= entry["prediction"] <= 10 for entry in entries)
    assert entries[0]["recommender_score"] == 1.0
    title_of = {anime.pk: anime.title for anime in (*world.dramas, *world.comedies)}
    assert [each["title"] for each in entries] == [title_of[each["anime_id"]] for each in entries]
    assert "sim" not in entries[0]


def test_recommend_by_content_prints_sim(world: World) -> None:
    entries = json.loads(output("recommend", "--rater", "1", "--method", "content", "--json"))
    assert entries[0]["sim"] == entries[0]["relevance"] > 0


def test_recommend_as_text_says_what_stands_in(world: World) -> None:
    text = output("recommend", "--rater", "1", "-n", "2")
    assert text.startswith("No model has been trained yet.\n")
    assert len(text.splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rater", "9999"], "There is no rater 9999 of source 'import'"),
        (["--user", "nobody"], "There is no account named 'nobody'"),
        (["--rater", "1", "-n", "0"], "-n must be 1 or more, not 0"),
    ],
)
def test_recommend_explains_what_is_wrong(world: World, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("recommend", *arguments)


def test_an_account_that_hides_adult_titles_is_not_shown_any() -> None:
    UserFactory.create(username="alice")
    AnimeFactory.create(id=1, is_adult=True)
    AnimeFactory.create(id=2)
    entries = json.loads(output("recommend", "--user", "alice", "--json"))
    assert [entry["anime_id"] for entry in entries] == [2]


def test_train_inline_trains_here(world: World) -> None:
    text = output("train", "--inline", "--epochs", "2", "--device", "cpu")
    run = TrainingRun.objects.get()
    assert run.configuration["n_epochs"] == 2
    assert f"Run {run.pk} succeeded: version" in text


def test_train_refuses_a_mixture_before_it_queues() -> None:
    RatingFactory.create(rater=ImportedRaterFactory.create(source="demo"))
    RatingFactory.create()
    with pytest.raises(CommandError, match="--include-simulated"):
        call_command("train")
    assert not TrainingRun.objects.exists()


def test_train_fails_with_the_reason_of_the_run() -> None:
    with pytest.raises(CommandError, match=r"Run \d+ failed: There are no ratings to train on"):
        call_command("train", "--inline", stdout=StringIO())


def test_train_names_a_wrong_setting() -> None:
    with pytest.raises(CommandError, match="n_epochs must be a whole number"):
        call_command("train", "--inline", "--epochs", "0")


def rows_of_table(text: str, title: str) -> list[str]:
    """The names of a table's rows, in order."""
    (table,) = [each for each in text.split("\n\n") if re.match(rf"{title}  ", each)]
    return [re.split(r"  +", line)[0] for line in table.strip().splitlines()[1:]]


def test_evaluate_prints_every_model_beside_its_baselines(version: ModelVersion) -> None:
    text = output("evaluate")
    assert rows_of_table(text, "Scores") == [
        "best",
        "best (mean)",
        "best (balanced)",
        "matrix-factorisation",
        "recommender-net",
        "global-mean",
    ]
    assert rows_of_table(text, "Lists") == [
        "for-you",
        "collaborative",
        "ease-broad",
        "implicit-als",
        "recommender-net",
        "popular",
    ]


def test_evaluate_prints_the_report_as_json(version: ModelVersion) -> None:
    report = json.loads(output("evaluate", "--json"))
    assert (report["version"], report["is_simulated"]) == (version.pk, False)
    assert {name: report[name] for name in version.metrics} == version.metrics
    best, mean = (report["scores"][name]["default"]["rmse"] for name in ("best", "global-mean"))
    assert best["low"] <= best["value"] <= best["high"]
    assert best["value"] < mean["value"]


def test_evaluate_says_so_when_the_figures_are_of_an_old_form(version: ModelVersion) -> None:
    ModelVersion.objects.update(metrics={"recommender-net": {"rmse": 1.5}})
    assert output("evaluate").strip() == (
        f"The evaluation of version {version.pk} cannot be shown: "
        "An evaluation of format None, not 1."
    )
    assert json.loads(output("evaluate", "--json"))["recommender-net"] == {"rmse": 1.5}


def test_evaluate_without_a_model_says_what_to_do() -> None:
    with pytest.raises(CommandError, match=r"Train one with manage\.py train"):
        call_command("evaluate")
