"""The scores of each title, counted ahead."""

import numpy as np
import pytest

from catalog import selectors
from catalog.models import CatalogueState, Rating, TitleStatistics
from catalog.services import ratings, statistics
from tests.factories import AccountRaterFactory, AnimeFactory, ImportedRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db


def stored() -> dict[int, dict[int, int]]:
    """The scores that were counted of each title, those above 0."""
    return {
        row.pk: {score: count for score, count in row.counts.items() if count}
        for row in TitleStatistics.objects.all()
    }


def touch() -> None:
    """Change some list's revision, as every service that writes ratings does."""
    ImportedRaterFactory.create()


def test_every_score_is_counted_and_nothing_else() -> None:
    anime = AnimeFactory.create(id=5)
    for score in (8, 8, 3, None):
        RatingFactory.create(anime=anime, score=score)
    RatingFactory.create(anime=AnimeFactory.create(id=6), status=Rating.Status.PLAN_TO_WATCH)
    assert statistics.refresh() is True
    assert stored() == {5: {3: 1, 8: 2}}
    assert selectors.score_histogram(anime_id=5)[8] == 2


def test_nothing_is_counted_again_until_a_list_changes() -> None:
    RatingFactory.create()
    assert [statistics.refresh(), statistics.refresh()] == [True, False]
    touch()
    assert statistics.refresh() is True
    assert CatalogueState.objects.get().statistics_revision == 2


def test_a_title_that_lost_its_scores_loses_its_row() -> None:
    rating = RatingFactory.create()
    statistics.refresh()
    rating.delete()
    touch()
    statistics.refresh()
    assert stored() == {}


def test_a_person_is_counted_at_once() -> None:
    anime, rater = AnimeFactory.create(id=5), AccountRaterFactory.create()
    RatingFactory.create(anime=anime, score=3)
    statistics.refresh()
    ratings.rate(rater=rater, anime=anime, score=9)
    assert stored() == {5: {3: 1, 9: 1}}
    ratings.rate(rater=rater, anime=anime, score=10)
    assert stored() == {5: {3: 1, 10: 1}}
    ratings.rate(rater=rater, anime=anime, status=Rating.Status.PLAN_TO_WATCH)
    assert stored() == {5: {3: 1}}
    ratings.rate(rater=rater, anime=anime, score=7)
    assert ratings.remove(rater=rater, anime=anime) is True
    assert ratings.remove(rater=rater, anime=anime) is False
    assert stored() == {5: {3: 1}}


def test_a_title_without_a_count_is_counted_when_it_is_shown() -> None:
    anime = AnimeFactory.create(id=5)
    RatingFactory.create(anime=anime, score=3)
    ratings.rate(rater=AccountRaterFactory.create(), anime=anime, score=9)
    assert stored() == {}
    shown = selectors.score_histogram(anime_id=5)
    assert {score: count for score, count in shown.items() if count} == {3: 1, 9: 1}


def test_a_count_never_falls_below_zero() -> None:
    anime, rater = AnimeFactory.create(id=5), AccountRaterFactory.create()
    ratings.rate(rater=rater, anime=anime, score=9)
    statistics.refresh()
    TitleStatistics.objects.update(scores_9=0)
    ratings.remove(rater=rater, anime=anime)
    assert stored() == {5: {}}


def test_spread_is_that_of_the_scores_drawn_to_the_usual_one() -> None:
    counts = np.zeros((3, 10), dtype=np.int64)
    counts[0, [0, 9]] = 500  # half say 1, half say 10
    counts[1, 7] = 1000  # all say 8
    counts[2, [0, 9]] = 1  # two people disagree
    usual = (2 * 500 + 2) * 4.5**2 / 2002
    spread = statistics.shrunk_spread(counts)
    assert spread[0] == pytest.approx(np.sqrt((1000 * 4.5**2 + 50 * usual) / 1050))
    assert spread[1] == pytest.approx(np.sqrt(50 * usual / 1050))
    assert spread[0] > spread[2] > spread[1]


def test_without_any_score() -> None:
    assert statistics.refresh() is True
    assert stored() == {}
