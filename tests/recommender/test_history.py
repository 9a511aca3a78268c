"""What raters have told us, as arrays: many at once read the same as one alone."""

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Dismissal, Rater, Rating
from ml.errors import DataError
from recommender.services import history
from recommender.services.history import histories_of, history_of
from tests.factories import AccountRaterFactory, AnimeFactory, ImportedRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db
FIELDS = ("listed", "dismissed", "scored", "scores")


def dismiss(rater: Rater, *anime_ids: int) -> None:
    for anime_id in anime_ids:
        Dismissal.objects.create(rater=rater, anime_id=anime_id)


@pytest.fixture
def raters() -> list[Rater]:
    """Four raters with lists of all kinds, the last one with none; made in another order."""
    anime: list[Anime] = [AnimeFactory.create(id=anime_id) for anime_id in (8, 3, 5, 7)]
    third, first, second, last = (ImportedRaterFactory.create(source_id=n) for n in (3, 1, 2, 4))
    RatingFactory.create(rater=first, anime=anime[0], score=9)
    RatingFactory.create(rater=first, anime=anime[1], score=None)
    RatingFactory.create(rater=first, anime=anime[2], score=4, status=Rating.Status.PLAN_TO_WATCH)
    RatingFactory.create(rater=third, anime=anime[3], score=None, status=Rating.Status.DROPPED)
    RatingFactory.create(rater=third, anime=anime[2], score=1, status=Rating.Status.WATCHING)
    dismiss(second, 8, 3)
    dismiss(first, 7)
    dismiss(AccountRaterFactory.create(), 3)
    return [first, second, third, last]


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_many_raters_read_the_same_as_each_alone(
    raters: list[Rater], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(history, "_RATERS_A_QUERY", at_once)
    found = histories_of([rater.pk for rater in raters])
    assert len(found) == len(raters)
    for position, rater in enumerate(raters):
        alone, one = history_of(rater=rater), found.one(position)
        for field in FIELDS:
            expected, values = getattr(alone, field), getattr(one, field)
            assert values.dtype == expected.dtype
            assert values.tolist() == expected.tolist()


def test_the_arrays_follow_the_order_of_a_query(raters: list[Rater]) -> None:
    found = histories_of(Rater.objects.filter(source=Rater.Source.IMPORT).order_by("source_id"))
    assert found.rater_ids.tolist() == [rater.pk for rater in raters]
    assert found.indptr.tolist() == [0, 3, 3, 5, 5]
    assert found.listed.tolist() == [3, 5, 8, 5, 7]
    assert found.scores.tolist() == [0, 4, 9, 1, 0]
    assert found.is_watched.tolist() == [True, False, True, True, True]
    assert found.dismissed_indptr.tolist() == [0, 1, 3, 3, 3]
    assert found.dismissed.tolist() == [7, 3, 8]


def test_the_number_of_queries_does_not_grow_with_the_raters(
    raters: list[Rater], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 4):
        with django_assert_num_queries(2):
            histories_of([rater.pk for rater in raters[:count]])


def test_nobody_and_somebody_unknown_have_empty_lists(raters: list[Rater]) -> None:
    assert histories_of([]).indptr.tolist() == [0]
    found = histories_of(np.array([raters[2].pk, 10**9]))
    assert found.indptr.tolist() == [0, 2, 2]
    assert found.one(1).excluded.tolist() == []


def test_a_rater_who_comes_twice_is_refused(raters: list[Rater]) -> None:
    with pytest.raises(DataError):
        histories_of([raters[0].pk, raters[0].pk])
