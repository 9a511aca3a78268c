"""Titles that nobody has rated get every twentieth place of the default list."""

from collections.abc import Callable

import numpy as np
import pytest

from catalog.models import Anime, Rater, Rating
from catalog.services import ratings
from catalog.services.catalogue import catalogue_changed
from recommender.models import ModelVersion
from recommender.services import registry, serving
from recommender.services.catalogue import catalogue_arrays
from recommender.services.history import history_of
from recommender.services.lists import Recommendation
from recommender.services.registry import LoadedModel
from recommender.services.unrated import relevance_of_unrated, unrated_of
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory
from tests.recommender.conftest import World, train

pytestmark = pytest.mark.django_db

TEXT = "Nobody had rated it when we last learnt; its genres and type go with what you watch."


@pytest.fixture
def fan(world: World, version: ModelVersion) -> Rater:
    """Somebody who has scored one drama: 23 titles of the world are left to list."""
    rater = AccountRaterFactory.create()
    RatingFactory.create(rater=rater, anime=world.dramas[0], score=10)
    return rater


@pytest.fixture
def add() -> Callable[..., list[Anime]]:
    """Put titles that nobody has rated into the catalogue; ids from 101."""

    def add(*genres: str, **values: object) -> list[Anime]:
        start = max(100, *Anime.objects.values_list("pk", flat=True)) + 1
        added = [
            AnimeFactory.create(id=start + place, genres=[genre] if genre else [], **values)
            for place, genre in enumerate(genres)
        ]
        catalogue_changed()
        return added

    return add


def listed(rater: Rater, **options: bool) -> list[Recommendation]:
    return serving.recommend(rater=rater, n=100, **options).items  # type: ignore[arg-type]


def explored(rater: Rater, **options: bool) -> list[int]:
    return [item.anime.pk for item in listed(rater, **options) if item.is_exploration]


def loaded() -> LoadedModel:
    model = registry.active_model().model
    assert model is not None
    return model


def test_they_have_every_twentieth_place_and_go_on_behind_the_others(
    fan: Rater, add: Callable[..., list[Anime]]
) -> None:
    added = {anime.pk for anime in add("Drama", "Comedy", "Drama")}
    items = listed(fan)
    # Behind the 23 others there is nothing left to wait for.
    assert [item.rank for item in items if item.is_exploration] == [20, 25, 26]
    assert {item.anime.pk for item in items if item.is_exploration} == added
    for item in items:
        assert item.is_exploration == (item.anime.pk in added)
        assert (item.prediction is None) == item.is_exploration
        if item.is_exploration:
            assert [(reason.kind, reason.text) for reason in item.reasons] == [
                ("exploration", TEXT)
            ]
    relevances = [item.relevance for item in items]
    assert relevances == sorted(relevances, reverse=True)
    assert items[19].relevance == items[18].relevance


def test_two_of_them_are_twenty_places_apart(
    world: World, version: ModelVersion, add: Callable[..., list[Anime]]
) -> None:
    """In a world of 50 more rated titles, so that the 40th place comes before the end."""
    for anime in add(*["Drama", "Comedy"] * 25):
        RatingFactory.create(rater=world.raters[0], anime=anime, score=8)
    registry.activate(version=train())
    add("Drama", "Drama", "Drama")
    fan = AccountRaterFactory.create()
    RatingFactory.create(rater=fan, anime=world.dramas[0], score=10)
    assert [item.rank for item in listed(fan) if item.is_exploration] == [20, 40, 60]


def test_those_of_the_liked_genre_come_first(
    world: World, fan: Rater, add: Callable[..., list[Anime]]
) -> None:
    for comedy in world.comedies[:3]:
        RatingFactory.create(rater=fan, anime=comedy, score=1)
    for drama in world.dramas[1:6]:
        RatingFactory.create(rater=fan, anime=drama, score=10)
    comedy, drama = add("Comedy", "Drama")
    assert explored(fan) == [drama.pk, comedy.pk]


def test_pages_take_them_over(fan: Rater, add: Callable[..., list[Anime]]) -> None:
    add("Drama", "Comedy")
    whole = [(item.anime.pk, item.is_exploration) for item in listed(fan)]
    paged = [
        (item.anime.pk, item.is_exploration)
        for offset in range(0, 30, 6)
        for item in serving.recommend(rater=fan, n=6, offset=offset).items
    ]
    assert paged == whole


@pytest.mark.parametrize("method", ["collaborative", "recommender-net", "content", "popular"])
def test_other_methods_do_not_explore(
    fan: Rater, add: Callable[..., list[Anime]], method: str
) -> None:
    add("Drama", "Comedy")
    items = serving.recommend(rater=fan, method=method, n=100).items
    assert not any(item.is_exploration for item in items)


def test_adult_titles_are_for_who_wants_them(fan: Rater, add: Callable[..., list[Anime]]) -> None:
    (adult,) = add("Drama", is_adult=True)
    assert explored(fan) == []
    assert explored(fan, show_adult=True) == [adult.pk]


def test_a_title_without_a_genre_is_not_listed(fan: Rater, add: Callable[..., list[Anime]]) -> None:
    _, drama = add("", "Drama")
    assert explored(fan) == [drama.pk]


@pytest.mark.django_db(transaction=True)
def test_what_is_planned_or_dismissed_is_not_listed(
    fan: Rater, add: Callable[..., list[Anime]]
) -> None:
    planned, dismissed, left = add("Drama", "Drama", "Drama")
    ratings.rate(rater=fan, anime=planned, status=Rating.Status.PLAN_TO_WATCH)
    ratings.dismiss(rater=fan, anime=dismissed)
    assert explored(fan) == [left.pk]


def test_one_that_has_been_rated_is_an_ordinary_title_of_the_next_version(
    world: World, fan: Rater, add: Callable[..., list[Anime]]
) -> None:
    rated, unrated = add("Drama", "Drama")
    RatingFactory.create(rater=world.raters[0], anime=rated, score=9)
    assert set(explored(fan)) == {rated.pk, unrated.pk}, "the active version does not know it"
    registry.activate(version=train())
    assert explored(fan) == [unrated.pk]
    (item,) = [item for item in listed(fan) if item.anime.pk == rated.pk]
    assert item.prediction is not None


def test_vectors_are_kept_until_the_catalogue_or_the_model_changes(
    fan: Rater, add: Callable[..., list[Anime]]
) -> None:
    (first,) = add("Drama")
    model = loaded()
    kept = unrated_of(model, catalogue_arrays())
    assert unrated_of(model, catalogue_arrays()) is kept
    assert kept.catalogue.items.ids[kept.rows].tolist() == [first.pk]
    (second,) = add("Comedy")
    renewed = unrated_of(model, catalogue_arrays())
    assert renewed.catalogue.items.ids[renewed.rows].tolist() == [first.pk, second.pk]
    assert renewed.vectors is not None
    assert not np.array_equal(renewed.vectors[0], renewed.vectors[1])
    registry.forget_loaded()
    assert unrated_of(loaded(), catalogue_arrays()).model is not model


def test_only_they_have_a_guessed_relevance(fan: Rater, add: Callable[..., list[Anime]]) -> None:
    added = [anime.pk for anime in add("Drama", "", "Comedy")]
    catalogue = catalogue_arrays()
    relevance = relevance_of_unrated(
        model=loaded(), history=history_of(rater=fan), catalogue=catalogue
    )
    guessed = catalogue.items.ids[np.isfinite(relevance)].tolist()
    assert guessed == [added[0], added[2]]


def test_a_genre_that_the_model_has_never_seen_says_nothing(
    fan: Rater, add: Callable[..., list[Anime]]
) -> None:
    """It takes the vector of a title of which only the type is known."""
    new, same = add("Mecha", "Thriller")
    assert explored(fan) == [new.pk, same.pk]
    vectors = unrated_of(loaded(), catalogue_arrays()).vectors
    assert vectors is not None
    assert np.array_equal(vectors[0], vectors[1])
