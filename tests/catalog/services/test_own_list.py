"""A list as its owner sees it: filtered, counted, ordered."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Rater, Rating
from catalog.services.own_list import ListFilters, own_list
from catalog.signals import predictions_requested
from tests.factories import AnimeFactory, RatingFactory

pytestmark = pytest.mark.django_db

Status = Rating.Status


@pytest.fixture
def rater(alice: Rater) -> Rater:
    """Alice's list: cherry, apple, banana and an adult title, the first one changed last."""
    for pk, title, kind, genre, episodes, mean, score, status, seen in (
        (1, "Cherry", "TV", "Drama", 12, 7.0, 6, Status.COMPLETED, None),
        (2, "Apple", "Movie", "Comedy", 1, None, 9, Status.COMPLETED, None),
        (3, "Banana", "TV", "Comedy", 24, 8.5, None, Status.WATCHING, 20),
        (4, "Damson", "OVA", "Hentai", None, 6.0, 7, Status.DROPPED, None),
    ):
        anime = AnimeFactory.create(
            id=pk,
            title=title,
            type=kind,
            genres=[genre],
            episodes=episodes,
            mean_score=mean,
            members=100 * pk,
            is_adult=genre == "Hentai",
        )
        RatingFactory.create(
            rater=alice,
            anime=anime,
            score=score,
            status=status,
            episodes_watched=seen,
            updated_at=datetime(2026, 1, 20 - pk, tzinfo=UTC),
        )
    return alice


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (ListFilters(), [1, 2, 3]),
        (ListFilters(is_reversed=True), [3, 2, 1]),
        (ListFilters(order="title"), [2, 3, 1]),
        (ListFilters(order="title", is_reversed=True), [1, 3, 2]),
        (ListFilters(order="score"), [2, 1, 3]),
        # What has no value is last, whichever way it goes.
        (ListFilters(order="score", is_reversed=True), [1, 2, 3]),
        (ListFilters(order="community"), [3, 1, 2]),
        (ListFilters(order="members"), [3, 2, 1]),
        (ListFilters(order="episodes"), [2, 1, 3]),
        (ListFilters(status=Status.WATCHING), [3]),
        (ListFilters(type="TV"), [1, 3]),
        (ListFilters(genre="comedy"), [2, 3]),
        (ListFilters(genre="unheard-of"), []),
        (ListFilters(is_scored=True), [1, 2]),
        (ListFilters(is_scored=False), [3]),
        (ListFilters(search="banan"), [3]),
        (ListFilters(search="damson"), []),
        (ListFilters(type="TV", genre="comedy", is_scored=True), []),
    ],
)
def test_filters_and_orders(rater: Rater, filters: ListFilters, ids: list[int]) -> None:
    assert own_list(rater=rater, show_adult=False).found(filters) == ids


def test_the_owners_setting_shows_adult_titles(rater: Rater) -> None:
    shown, hidden = (own_list(rater=rater, show_adult=show) for show in (True, False))
    assert (len(shown), shown.n_hidden) == (4, 0)
    assert (len(hidden), hidden.n_hidden) == (3, 1)
    assert shown.found(ListFilters(search="damson")) == [4]
    assert hidden.counts == {
        Status.WATCHING: 1,
        Status.COMPLETED: 2,
        Status.ON_HOLD: 0,
        Status.DROPPED: 0,
        Status.PLAN_TO_WATCH: 0,
    }


@pytest.fixture
def oracle() -> Iterator[list[int]]:
    """Somebody who predicts a score of 1 for title 1, and so on, but knows nothing of title 2."""
    asked: list[int] = []

    def answer(
        sender: object, rater: Rater, anime_ids: list[int], **kwargs: object
    ) -> dict[int, float]:
        asked.extend(anime_ids)
        return {pk: float(pk) for pk in anime_ids if pk != 2}

    others, predictions_requested.receivers = predictions_requested.receivers, []
    predictions_requested.sender_receivers_cache.clear()
    predictions_requested.connect(answer)
    yield asked
    predictions_requested.receivers = others
    predictions_requested.sender_receivers_cache.clear()


def test_the_order_by_what_is_predicted(rater: Rater, oracle: list[int]) -> None:
    found = own_list(rater=rater, show_adult=False).found(ListFilters(order="predicted"))
    assert found == [3, 1, 2]
    # Nobody is asked about what is filtered out.
    assert sorted(oracle) == [1, 2, 3]


def test_nobody_has_an_empty_list() -> None:
    nothing = own_list(rater=None, show_adult=True)
    assert len(nothing) == 0
    assert nothing.found(ListFilters(order="predicted")) == []


@pytest.mark.parametrize("n_titles", [1, 40])
def test_queries(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    for anime in AnimeFactory.create_batch(n_titles):
        RatingFactory.create(rater=alice, anime=anime)
    own_list(rater=alice, show_adult=False)
    # the catalogue's revision, the entries
    with django_assert_num_queries(2):
        own_list(rater=alice, show_adult=False).found(ListFilters(order="title", search="title"))
