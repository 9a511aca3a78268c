"""What the recommender says on one title's page."""

import numpy as np
import pytest

from catalog.models import Anime, Dismissal, Rating
from catalog.services.catalogue import catalogue_changed
from catalog.titles import franchise_key, search_title
from ml.histories import Histories
from recommender.models import ModelVersion
from recommender.services import registry, title_view
from recommender.services.kept import kept_history
from recommender.services.title_view import Outlook, TitleView, outlook
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory
from tests.recommender.conftest import World, train

pytestmark = pytest.mark.django_db


def rename(anime_id: int, title: str, **fields: object) -> None:
    Anime.objects.filter(pk=anime_id).update(
        title=title, search_title=search_title(title), franchise_key=franchise_key(title), **fields
    )
    catalogue_changed()


@pytest.fixture
def apart(version: ModelVersion) -> None:
    """No two titles are of one series."""
    for anime_id in range(1, 25):
        letter = chr(ord("a") + anime_id)
        rename(anime_id, f"{letter * 5}ki {letter}ora")


def view(anime_id: int, *, show_adult: bool = False) -> TitleView:
    anime = Anime.objects.get(pk=anime_id)
    return title_view.title_view(rater=None, anime=anime, show_adult=show_adult)


def ids(titles: list[Anime]) -> list[int]:
    return [title.pk for title in titles]


# Likely scores, and why


@pytest.mark.usefixtures("version")
def test_a_title_that_is_not_on_the_list_has_an_outlook_with_signed_reasons(world: World) -> None:
    rater = AccountRaterFactory.create()
    for anime, score in ((1, 10), (2, 9), (3, 9), (13, 2), (14, 1)):
        RatingFactory.create(rater=rater, anime_id=anime, anime=None, score=score)
    found = outlook(rater=rater, anime=world.dramas[5])
    assert found.prediction is not None
    assert 1 <= found.prediction <= 10
    assert found.prediction_range is not None
    lowest, highest = found.prediction_range
    assert 1 <= lowest <= highest <= 10
    assert found.moved
    assert not found.is_exact
    named = [title for reason in found.reasons for title in reason.titles]
    assert {title.anime_id for title in named} <= {1, 2, 3, 13, 14}
    assert named[0].contribution > 0
    assert named[0].anime_id in {1, 2, 3}


@pytest.mark.usefixtures("version")
def test_a_title_on_the_list_does_not_speak_for_itself(world: World) -> None:
    rater = world.raters[0]
    for rating in Rating.objects.filter(rater=rater).select_related("anime"):
        found = outlook(rater=rater, anime=rating.anime)
        named = [title.anime_id for reason in found.reasons for title in reason.titles]
        assert rating.anime_id not in named


@pytest.mark.usefixtures("version")
def test_contributions_with_kept_spreads_are_those_without(world: World) -> None:
    model = registry.active_model().model
    assert model is not None
    blend = model.suite.for_you
    assert blend is not None
    rows, scores = kept_history(rater=world.raters[0]).known_to(model.items)
    targets = np.arange(5)
    assert np.array_equal(
        blend.contributions(rows, scores, targets),
        blend.contributions(rows, scores, targets, blend.spreads(rows, scores)),
    )
    assert set(blend.spreads(rows, scores)) == set(blend.rankers)
    assert len(Histories.of_one(rows, scores, len(model.items))) == 1


@pytest.mark.usefixtures("version")
def test_a_change_of_the_list_changes_the_outlook(world: World) -> None:
    rater = AccountRaterFactory.create()
    RatingFactory.create(rater=rater, anime=world.dramas[0], score=10)
    before = outlook(rater=rater, anime=world.dramas[5])
    RatingFactory.create(rater=rater, anime=world.dramas[1], score=10)
    rater.revision += 1
    rater.save()
    after = outlook(rater=rater, anime=world.dramas[5])
    assert {title.anime_id for reason in before.reasons for title in reason.titles} == {1}
    assert {title.anime_id for reason in after.reasons for title in reason.titles} == {1, 2}


@pytest.mark.usefixtures("version")
def test_why_there_is_no_outlook(world: World) -> None:
    drama = world.dramas[0]
    assert outlook(rater=None, anime=drama) == Outlook()
    newcomer = AccountRaterFactory.create()
    Dismissal.objects.create(rater=newcomer, anime=drama)
    assert outlook(rater=newcomer, anime=drama).notice == title_view.SCORE_FIRST
    unknown = AnimeFactory.create(id=900)
    catalogue_changed()
    assert outlook(rater=world.raters[0], anime=unknown).notice == title_view.NOT_KNOWN
    assert view(900).related.taste_notice == title_view.NOT_KNOWN


def test_without_a_model(world: World) -> None:
    found = outlook(rater=world.raters[0], anime=world.dramas[0])
    assert found == Outlook(notice=registry.NO_MODEL)
    assert view(1).related.by_taste == []
    assert view(1).related.taste_notice == registry.NO_MODEL


@pytest.mark.slow
def test_a_version_without_factors_says_so(world: World) -> None:
    train(model="recommender-net")
    assert view(1).related.taste_notice == title_view.NO_TASTE


# What goes with a title


@pytest.mark.usefixtures("apart")
def test_alike_by_taste_are_titles_of_the_same_people() -> None:
    for anime_id in (1, 13):
        found = ids(view(anime_id).related.by_taste)
        same = [other for other in found if (other <= 12) == (anime_id <= 12)]
        assert len(found) == title_view.N_SIMILAR
        assert anime_id not in found
        assert len(same) >= 5, (anime_id, found)


@pytest.mark.usefixtures("apart")
def test_alike_by_content_are_titles_of_the_same_genre() -> None:
    assert ids(view(1).related.by_content) == [2, 3, 4, 5, 6, 7]


@pytest.mark.usefixtures("apart")
def test_adult_titles_are_left_out_unless_asked_for() -> None:
    rename(2, "bbbbbki bora", is_adult=True)
    rename(3, "cccccki cora: second", is_adult=True)
    rename(1, "cccccki cora")
    hidden, shown = view(1).related, view(1, show_adult=True).related
    assert 2 not in ids([*hidden.by_content, *hidden.by_taste, *hidden.series])
    assert 2 in ids(shown.by_content)
    assert (ids(hidden.series), hidden.n_series) == ([], 0)
    assert (ids(shown.series), shown.n_series) == ([3], 1)


@pytest.mark.usefixtures("apart")
def test_the_series_is_listed_by_itself_in_the_order_of_ids() -> None:
    for anime_id, title in (
        (9, "Cowboy Samba"),
        (4, "Cowboy Samba: Heaven"),
        (7, "Cowboy Samba 2"),
    ):
        rename(anime_id, title)
    found = view(4).related
    assert (ids(found.series), found.n_series) == ([7, 9], 2)
    assert not {7, 9} & set(ids([*found.by_content, *found.by_taste]))


@pytest.mark.usefixtures("apart")
def test_a_title_that_the_arrays_do_not_have_yet() -> None:
    view(1)
    AnimeFactory.create(id=900)
    found = view(900).related
    assert (found.by_content, found.by_taste, found.series) == ([], [], [])
