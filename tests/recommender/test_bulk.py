"""Predictions and lists as files."""

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from recommender.models import ModelVersion
from recommender.services import bulk_lists, serving
from tests.factories import AccountRaterFactory, RatingFactory
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def predict(tmp_path: Path, text: str) -> Path:
    (tmp_path / "pairs.csv").write_text(text)
    output = tmp_path / "predictions.csv"
    arguments = [str(tmp_path / "pairs.csv"), "--output", str(output)]
    call_command("predict", *arguments, stdout=StringIO())
    return output


def test_every_pair_gets_a_row_in_the_same_order(
    tmp_path: Path, world: World, version: ModelVersion
) -> None:
    drama, comedy = world.dramas[0].pk, world.comedies[0].pk
    text = f"user_id,anime_id\n1,{comedy}\n2,{comedy}\n1,{drama}\n777,{drama}\n1,98765\n"
    rows = rows_of(predict(tmp_path, text))
    assert [(row["user_id"], row["anime_id"]) for row in rows] == [
        ("1", str(comedy)),
        ("2", str(comedy)),
        ("1", str(drama)),
        ("777", str(drama)),
        ("1", "98765"),
    ]
    predictions = [float(row["prediction"]) for row in rows]
    assert all(1 <= prediction <= 10 for prediction in predictions)
    assert predictions[0] < predictions[1]
    assert predictions[2] > predictions[0]


def test_the_file_agrees_with_the_list(tmp_path: Path, world: World, version: ModelVersion) -> None:
    best = serving.recommend(rater=world.raters[0], n=1).items[0]
    rows = rows_of(predict(tmp_path, f"anime_id,user_id\n{best.anime.pk},1\n"))
    assert float(rows[0]["prediction"]) == pytest.approx(best.prediction, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,anime_id\n1,2\n", "has no column user_id. Its first line must name user_id and"),
        ("user_id,anime_id\n1,2\n1,x\n", "line 3: '1' and 'x' are not two whole numbers"),
        ("user_id,anime_id\n1\n", "line 2: '1' and None are not two whole numbers"),
    ],
)
def test_a_wrong_file_is_explained_and_nothing_is_written(
    tmp_path: Path, version: ModelVersion, text: str, message: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(message)):
        predict(tmp_path, text)
    assert [path.name for path in tmp_path.glob("*.csv")] == ["pairs.csv"]


def test_without_a_model_predict_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Train one with manage\.py train"):
        predict(tmp_path, "user_id,anime_id\n1,2\n")


def test_lists_are_exported_by_rater_and_rank(
    tmp_path: Path, world: World, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_lists, "_RATERS_AT_ONCE", 7)
    RatingFactory.create(rater=AccountRaterFactory.create(), anime=world.dramas[0])
    output = tmp_path / "lists.csv"
    call_command("export_recommendations", "-n", "3", "--output", str(output), stdout=StringIO())
    rows = rows_of(output)
    assert [(int(row["user_id"]), int(row["rank"])) for row in rows] == [
        (user_id, place) for user_id in range(1, 31) for place in (1, 2, 3)
    ]
    expected = serving.recommend(rater=world.raters[4], n=3, show_adult=True)
    assert [int(row["anime_id"]) for row in rows[12:15]] == [
        item.anime.pk for item in expected.items
    ]
    assert float(rows[12]["relevance"]) == pytest.approx(expected.items[0].relevance, abs=1e-5)
