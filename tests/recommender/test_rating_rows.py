"""Ratings of many raters as arrays, packed by the database."""

import numpy as np
import pytest

from catalog.models import Rater, Rating
from recommender.services import rating_rows
from recommender.services.rating_rows import RatingBlock, rating_blocks
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db
Status = Rating.Status


@pytest.fixture
def raters() -> list[Rater]:
    """Three raters, the second one without a list."""
    first, second, third = ImportedRaterFactory.create_batch(3)
    for anime_id in (2**31 - 1, 5, 9):
        AnimeFactory.create(id=anime_id)
    for rater, anime_id, score, status in (
        (third, 9, 10, Status.COMPLETED),
        (third, 2**31 - 1, None, Status.PLAN_TO_WATCH),
        (first, 2**31 - 1, 1, Status.WATCHING),
        (third, 5, None, Status.DROPPED),
        (first, 5, 7, Status.PLAN_TO_WATCH),
    ):
        RatingFactory.create(rater=rater, anime=None, anime_id=anime_id, score=score, status=status)
    return [first, second, third]


def rows_of(blocks: list[RatingBlock]) -> list[tuple[int, int, int, bool]]:
    return [
        (int(rater_id), int(anime_id), int(score), bool(is_watched))
        for block in blocks
        for rater_id, anime_id, score, is_watched in zip(
            np.repeat(block.rater_ids, block.counts),
            block.anime_ids,
            block.scores,
            block.is_watched,
            strict=True,
        )
    ]


@pytest.mark.parametrize(("at_once", "n_blocks"), [(1, 2), (2, 1), (100, 1)])
def test_rows_come_by_rater_and_title(
    raters: list[Rater], monkeypatch: pytest.MonkeyPatch, at_once: int, n_blocks: int
) -> None:
    monkeypatch.setattr(rating_rows, "_RATERS_A_BLOCK", at_once)
    blocks = list(rating_blocks(Rating.objects.all()))
    assert len(blocks) == n_blocks
    first, _, third = (rater.pk for rater in raters)
    assert rows_of(blocks) == [
        (first, 5, 7, False),
        (first, 2**31 - 1, 1, True),
        (third, 5, 0, True),
        (third, 9, 10, True),
        (third, 2**31 - 1, 0, False),
    ]


def test_the_query_says_which_rows(raters: list[Rater]) -> None:
    blocks = list(rating_blocks(Rating.objects.scored().filter(rater__in=raters[1:])))
    assert rows_of(blocks) == [(raters[2].pk, 9, 10, True)]
    assert list(rating_blocks(Rating.objects.filter(rater__in=[]))) == []


def test_rows_in_another_order_are_sorted() -> None:
    numbers = np.array([2, 5, 9, 3, 1, 4], dtype=np.int64)
    rating_rows._sort_each(numbers, np.array([3, 2, 1]))
    assert numbers.tolist() == [2, 5, 9, 1, 3, 4]
