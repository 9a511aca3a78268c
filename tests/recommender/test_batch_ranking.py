"""Lists that are made together are those that each rater gets alone."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.core.management import call_command
from pyarrow import csv

from catalog.models import Anime, Dismissal, Rater, Rating
from catalog.services.catalogue import catalogue_changed
from recommender.models import ModelVersion
from recommender.services import batch_ranking, bulk_lists, serving
from recommender.services.bulk_lists import export_recommendations
from recommender.services.lists import METHODS
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory
from tests.recommender.conftest import World, train

pytestmark = pytest.mark.django_db

Row = dict[str, float | None]
N = 25


@pytest.fixture
def everybody(world: World, version: ModelVersion) -> list[Rater]:
    """The raters of the world, much of whose lists is other than at the training, and new ones.

    Some titles are gone since, others have come that nobody has rated, adult ones among them.
    """
    first, second, third, fourth = world.raters[:4]
    change(first, Rating.objects.filter(rater=first).order_by("anime_id")[:5], score=1)
    Rating.objects.filter(rater=second).exclude(anime_id__lt=8).delete()
    touch(second)
    change(third, Rating.objects.filter(rater=third), score=None)  # no scores any more
    own = Rating.objects.filter(rater=fourth).order_by("anime_id")
    change(fourth, own[:3], score=None, status=Rating.Status.PLAN_TO_WATCH)
    for rater in world.raters[2:12]:
        known = Rating.objects.filter(rater=rater).values("anime_id")
        for anime in Anime.objects.exclude(pk__in=known).order_by("pk")[:2]:
            Dismissal.objects.create(rater=rater, anime=anime)
    Anime.objects.filter(pk__in=[5, 17]).delete()
    added = [
        AnimeFactory.create(id=100 + place, genres=genres, is_adult=place == 2)
        for place, genres in enumerate([["Drama"], ["Comedy"], ["Drama", "Comedy"], [], ["Mecha"]])
    ]
    new = ImportedRaterFactory.create_batch(5)
    RatingFactory.create(rater=new[0], anime=world.dramas[0], score=10)
    RatingFactory.create(rater=new[1], anime=added[0], score=9)  # which the model does not know
    RatingFactory.create(rater=new[2], anime=added[0], score=9)
    RatingFactory.create(rater=new[2], anime=world.comedies[0], score=None)
    RatingFactory.create(rater=new[3], anime=world.dramas[1], score=None)
    RatingFactory.create(
        rater=new[3], anime=added[1], score=None, status=Rating.Status.PLAN_TO_WATCH
    )
    Dismissal.objects.create(rater=new[0], anime=added[1])
    catalogue_changed()
    return list(Rater.objects.order_by("source_id"))


def change(rater: Rater, ratings: Iterable[Rating], **values: object) -> None:
    """Change some of a rater's rows, as something that the training has not seen."""
    for rating in ratings:
        Rating.objects.filter(pk=rating.pk).update(**values)
    touch(rater)


def touch(rater: Rater) -> None:
    Rater.objects.filter(pk=rater.pk).update(revision=rater.revision + 1)


def exported(tmp_path: Path, method: str, n: int = N) -> dict[int, list[Row]]:
    output = tmp_path / "lists.csv"
    export_recommendations(method=method, n=n, output=output)
    lists: dict[int, list[Row]] = defaultdict(list)
    for row in csv.read_csv(output).to_pylist():
        lists[row.pop("user_id")].append(row)
    return lists


def assert_same(rows: list[Row], rater: Rater, method: str, n: int = N) -> None:
    alone = serving.recommend(rater=rater, method=method, n=n, show_adult=True)
    assert [row["anime_id"] for row in rows] == [item.anime.pk for item in alone.items]
    assert [row["rank"] for row in rows] == [item.rank for item in alone.items]
    assert [row["relevance"] for row in rows] == pytest.approx(
        [item.relevance for item in alone.items], abs=1e-5
    )
    shown = [item.prediction for item in alone.items]
    assert [row["prediction"] is None for row in rows] == [each is None for each in shown]
    assert [row["prediction"] or 0.0 for row in rows] == pytest.approx(
        [each or 0.0 for each in shown], abs=1e-5
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_list_is_as_it_is_alone(
    tmp_path: Path, everybody: list[Rater], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_ranking, "_RATERS_AT_ONCE", 7)
    monkeypatch.setattr(bulk_lists, "_RATERS_AT_ONCE", 20)
    lists = exported(tmp_path, method)
    assert list(lists) == [rater.source_id for rater in everybody]
    for rater in everybody:
        assert rater.source_id is not None
        assert_same(lists[rater.source_id], rater, method)


def test_lists_are_cut_where_they_are_asked_to_end(tmp_path: Path, everybody: list[Rater]) -> None:
    for rater in everybody:
        assert rater.source_id is not None
    for n in (1, 3, 20):
        lists = exported(tmp_path, "for-you", n)
        for rater in everybody[::5]:
            assert_same(lists[rater.source_id or 0], rater, "for-you", n)


def test_titles_without_ratings_have_their_places_in_files_too(
    tmp_path: Path, everybody: list[Rater]
) -> None:
    """Who has scored one drama has 20 others of the model left, and four that nobody has rated."""
    (rater,) = Rater.objects.filter(ratings__anime_id=1, ratings__score=10)
    assert rater.source_id is not None
    rows = exported(tmp_path, "for-you")[rater.source_id]
    explored = [row for row in rows if row["anime_id"] is not None and row["anime_id"] >= 100]
    assert [row["rank"] for row in explored] == [20, 23, 24]
    assert [row["prediction"] for row in explored] == [None] * 3
    assert 101 not in [row["anime_id"] for row in explored], "it is dismissed"


@pytest.mark.parametrize("model", ["collaborative", "recommender-net"])
def test_versions_of_a_single_model_make_the_same_lists_both_ways(
    tmp_path: Path, world: World, model: str
) -> None:
    train(model=model)
    for method in ("for-you", "collaborative", "recommender-net"):
        lists = exported(tmp_path, method, 5)
        for rater in world.raters[::6]:
            assert rater.source_id is not None
            assert_same(lists[rater.source_id], rater, method, 5)


def test_who_has_nearly_everything_gets_what_is_new(
    tmp_path: Path, world: World, version: ModelVersion
) -> None:
    """Fewer titles are left that the model knows than titles that nobody has rated: 0 and 1."""
    added = AnimeFactory.create_batch(5)
    catalogue_changed()
    for n_left, rater in enumerate(world.raters[:2]):
        known = Rating.objects.filter(rater=rater).values("anime_id")
        for anime in Anime.objects.filter(pk__lte=24).exclude(pk__in=known)[n_left:]:
            RatingFactory.create(rater=rater, anime=anime, score=None)
        touch(rater)
    lists = exported(tmp_path, "for-you")
    for n_left, rater in enumerate(Rater.objects.order_by("pk")[:2]):
        rows = lists[rater.source_id or 0]
        assert len(rows) == n_left + 5
        assert {row["anime_id"] for row in rows[n_left:]} == {anime.pk for anime in added}
        assert_same(rows, rater, "for-you")


def test_without_a_model_the_files_hold_the_popular_titles(tmp_path: Path, world: World) -> None:
    lists = exported(tmp_path, "for-you", 4)
    for rater in world.raters[:3]:
        assert rater.source_id is not None
        assert_same(lists[rater.source_id], rater, "for-you", 4)


def test_a_method_that_there_is_not_writes_nothing(tmp_path: Path, world: World) -> None:
    with pytest.raises(ValueError, match="There is no method 'magic'"):
        export_recommendations(method="magic", n=3, output=tmp_path / "lists.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_how_many_raters_it_were(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "lists.csv"
    call_command("export_recommendations", "-n", "2", "--output", str(output))
    assert "30" in capsys.readouterr().out
