"""Pages of one list go together, whatever happens between two of them."""

import random
import shutil
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import Anime, Dismissal, Rater, Rating
from catalog.services import ratings
from catalog.services.catalogue import catalogue_changed
from recommender.models import Exposure, ListSnapshot, ModelVersion
from recommender.services import registry, snapshots
from recommender.services.history import History
from recommender.services.list_filters import ListFilters
from recommender.services.list_pages import ListPage, read_list
from recommender.services.lists import METHODS, UnknownMethod
from recommender.services.snapshots import UnknownCursor, delete_expired
from recommender.tasks import delete_expired_lists
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db

N = 7


def page(
    rater: Rater | None,
    cursor: str = "",
    *,
    method: str = "popular",
    n: int = N,
    show_adult: bool = False,
    history: History | None = None,
    **filters: object,
) -> ListPage:
    return read_list(
        rater=rater,
        method=method,
        filters=ListFilters(**filters),  # type: ignore[arg-type]  # by name
        show_adult=show_adult,
        n=n,
        history=history,
        cursor=cursor,
    )


def whole(rater: Rater | None, **options: object) -> list[int]:
    return page(rater, n=1000, **options).anime_ids  # type: ignore[arg-type]  # by name


def another_version(version: ModelVersion) -> None:
    """A new model becomes active: the same arrays under another name."""
    root = settings.RECOMMENDER_ARTIFACT_ROOT
    name = f"copy-{ModelVersion.objects.count()}"
    shutil.copytree(root / version.artifact, root / name)
    copy = ModelVersion.objects.create(artifact=name)
    registry.activate(version=copy)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", ["for-you", "popular"])
def test_pages_never_repeat_run_dry_or_show_what_is_known(
    alice: Rater, version: ModelVersion, method: str, seed: int
) -> None:
    """Ten pages, with scores, plans, dismissals and new models between them."""
    AnimeFactory.create_batch(76, genres=["Drama"])
    catalogue_changed()
    for anime_id, score in ((1, 9), (13, 2)):
        RatingFactory.create(rater=alice, anime=None, anime_id=anime_id, score=score)
    rest = random.Random(seed)
    everything = {anime.pk: anime for anime in Anime.objects.all()}
    delivered: list[int] = []
    cursor, gone = "", {1, 13}
    for number in range(10):
        found = page(alice, cursor, method=method)
        ids = found.anime_ids
        assert [item.anime.pk for item in found.items] == ids
        assert not set(ids) & gone
        assert not set(ids) & set(delivered)
        left = everything.keys() - gone - set(delivered)
        assert len(ids) == min(N, len(left))
        delivered += ids
        cursor = found.next
        for anime_id in rest.sample(sorted(everything.keys() - gone), 2):
            gone.add(anime_id)
            anime = everything[anime_id]
            match rest.randrange(4):
                case 0:
                    ratings.dismiss(rater=alice, anime=anime)
                case 1:
                    plan = Rating.Status.PLAN_TO_WATCH
                    ratings.rate(rater=alice, anime=anime, status=plan)
                case 2:
                    dropped = Rating.Status.DROPPED
                    ratings.rate(rater=alice, anime=anime, status=dropped)
                case _:
                    ratings.rate(rater=alice, anime=anime, score=rest.randint(1, 10))
        if number % 3 == 2:
            another_version(version)
        assert cursor or not everything.keys() - gone - set(delivered)


def test_a_list_that_is_read_again_is_not_written_again(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    AnimeFactory.create_batch(20)
    first = page(alice)
    ids = [item.anime.pk for item in first.items]
    number = ListSnapshot.objects.get().pk
    # revision of the catalogue, active model, titles that sink, the stored list
    with django_assert_num_queries(4):
        assert [item.anime.pk for item in page(alice).items] == ids
    # not which titles sink; but titles and genres that no page has shown yet
    with django_assert_num_queries(5):
        assert len(page(alice, first.next).items) == N
    assert ListSnapshot.objects.get().pk == number
    ratings.rate(rater=alice, anime=Anime.objects.all()[0], score=9)
    page(alice)
    assert ListSnapshot.objects.count() == 2


def test_pages_lead_back_to_full_pages(alice: Rater) -> None:
    AnimeFactory.create_batch(30)
    first = page(alice)
    second = page(alice, first.next)
    third = page(alice, second.next)
    assert page(alice, third.previous).anime_ids == second.anime_ids
    assert page(alice, second.previous).anime_ids == first.anime_ids
    assert first.previous == ""
    for anime_id in first.anime_ids[:3]:
        ratings.rate(rater=alice, anime=Anime.objects.get(pk=anime_id), score=5)
    back = page(alice, second.previous)
    assert back.anime_ids == [*first.anime_ids[3:], *second.anime_ids[:3]]
    assert page(alice, back.next).anime_ids[0] == second.anime_ids[3]


def test_what_is_taken_back_is_delivered_again(alice: Rater) -> None:
    AnimeFactory.create_batch(30)
    first = page(alice)
    hidden = Anime.objects.get(pk=whole(alice)[N])
    ratings.dismiss(rater=alice, anime=hidden)
    assert hidden.pk not in page(alice, first.next).anime_ids
    ratings.undo_dismissal(rater=alice, anime=hidden)
    assert page(alice, first.next).anime_ids[0] == hidden.pk


def test_charlie_cannot_read_on_in_alices_list(alice: Rater) -> None:
    AnimeFactory.create_batch(20)
    cursor = page(alice).next
    charlie = AccountRaterFactory.create()
    with pytest.raises(UnknownCursor, match="Begin again"):
        page(charlie, cursor)
    with pytest.raises(UnknownCursor):
        page(None, cursor)


def test_who_scores_the_first_title_reads_on_in_the_list_for_everybody() -> None:
    titles = AnimeFactory.create_batch(20)
    first = page(None)
    rater = AccountRaterFactory.create()
    ratings.rate(rater=rater, anime=titles[0], score=8)
    assert page(rater, first.next).anime_ids == page(None, first.next).anime_ids


@pytest.mark.parametrize("changed", [{"method": "content"}, {"variety": 10}, {"types": ("TV",)}])
def test_a_cursor_is_good_for_its_own_question_only(
    alice: Rater, changed: dict[str, object]
) -> None:
    AnimeFactory.create_batch(20)
    with pytest.raises(UnknownCursor):
        page(alice, page(alice).next, **changed)  # type: ignore[arg-type]  # by name


def test_an_unknown_method_is_refused(alice: Rater) -> None:
    with pytest.raises(UnknownMethod):
        page(alice, method="magic")


def test_lists_are_kept_for_half_an_hour_after_their_last_page(
    alice: Rater, settings: Settings
) -> None:
    settings.RECOMMENDER_SNAPSHOT_SECONDS = 1800
    AnimeFactory.create_batch(30)
    first = page(alice)

    def age(minutes: float) -> None:
        ListSnapshot.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))

    age(29)
    assert delete_expired() == 0
    second = page(alice, first.next)  # so the list is kept for half an hour more
    assert ListSnapshot.objects.get().created_at > timezone.now() - timedelta(minutes=1)
    age(46)
    with pytest.raises(UnknownCursor):
        page(alice, second.next)
    assert delete_expired_lists() == 1
    assert not ListSnapshot.objects.exists()


def test_only_the_newest_lists_of_a_rater_are_kept(
    alice: Rater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_MOST_OF_A_RATER", 2)
    AnimeFactory.create_batch(20)
    first = page(alice).next
    for members in (1, 2):
        page(alice, min_members=members)
    page(None)  # nobody's are counted for themselves
    assert ListSnapshot.objects.filter(rater=alice).count() == 2
    with pytest.raises(UnknownCursor):
        page(alice, cursor=first)


def test_a_list_that_cannot_be_stored_is_still_shown(
    alice: Rater, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    AnimeFactory.create_batch(20)

    def busy(*args: object, **options: object) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(ListSnapshot, "save", busy)
    first = page(alice)
    assert len(first.items) == N
    assert "could not be stored" in caplog.text
    with pytest.raises(UnknownCursor):
        page(alice, first.next)


def test_a_list_goes_on_although_its_time_cannot_be_written(
    version: ModelVersion,
    alice: Rater,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def busy(*args: object, **options: object) -> int:
        raise DatabaseError("database is locked")

    first = page(alice)
    half = timedelta(seconds=0.6 * settings.RECOMMENDER_SNAPSHOT_SECONDS)
    ListSnapshot.objects.update(created_at=timezone.now() - half)
    monkeypatch.setattr(QuerySet, "update", busy)
    assert page(alice, first.next).places == tuple(range(N, 2 * N))
    assert "is not kept longer" in caplog.text


def test_a_visitors_scores_make_a_list_of_their_own(version: ModelVersion, world: World) -> None:
    dramas, comedies = History.of_scores({1: 10, 2: 9}), History.of_scores({13: 10, 14: 9})
    first = page(None, method="for-you", history=dramas)
    assert first.ranking.source == "for-you"
    assert first.anime_ids != page(None, method="for-you", history=comedies).anime_ids
    scored = whole(None, method="for-you", history=dramas)[N]
    more = History.of_scores({1: 10, 2: 9, scored: 5})
    second = page(None, first.next, method="for-you", history=more)
    assert scored not in second.anime_ids
    assert not set(second.anime_ids) & set(first.anime_ids)


def test_titles_that_were_shown_in_vain_come_further_down(alice: Rater) -> None:
    AnimeFactory.create_batch(100)
    before = whole(alice)
    Exposure.objects.create(rater=alice, anime_id=before[0], times_shown=5)
    Exposure.objects.create(rater=alice, anime_id=before[3], times_shown=11)
    after = whole(alice)
    assert after.index(before[0]) == 39, "40 places, less one for the other that has sunk"
    assert after.index(before[3]) == 83
    assert sorted(after) == sorted(before)
    others = [anime_id for anime_id in before if anime_id not in (before[0], before[3])]
    assert [each for each in after if each in others] == others


def test_the_slider_for_popularity_moves_the_first_titles(alice: Rater) -> None:
    """Titles that fit equally well, so that without the slider the id decides."""
    for place in range(60):
        members = int(10 ** (1 + place * 37 % 60 / 15))
        anime = AnimeFactory.create(genres=["Drama"], members=members)
    RatingFactory.create(rater=alice, anime=anime, score=9)

    def members_of_first(popularity: int) -> float:
        ids = page(alice, method="content", popularity=popularity).anime_ids
        return sum(anime.members for anime in Anime.objects.filter(pk__in=ids)) / N

    as_ranked = members_of_first(0)
    assert members_of_first(-100) < members_of_first(-50) < as_ranked
    assert as_ranked < members_of_first(50) < members_of_first(100)


def test_the_slider_for_variety_mixes_genres(alice: Rater) -> None:
    for members, genre in enumerate(["A", "B", "C", "D"]):
        AnimeFactory.create_batch(N, genres=[genre], members=1_000 + members)

    def n_genres(variety: int) -> int:
        found = page(alice, variety=variety)
        return len({genre.name for item in found.items for genre in item.anime.genres.all()})

    assert n_genres(0) == 1
    assert n_genres(100) == 4
    assert sorted(whole(alice, variety=100)) == sorted(whole(alice))


def test_filters_come_before_the_first_titles_are_taken(alice: Rater) -> None:
    AnimeFactory.create_batch(50, genres=["Drama"], members=10_000)
    comedies = AnimeFactory.create_batch(10, genres=["Comedy"], members=10)
    found = page(alice, genres=("comedy",))
    assert len(found.anime_ids) == N
    assert {*found.anime_ids, *page(alice, found.next, genres=("comedy",)).anime_ids} == {
        anime.pk for anime in comedies
    }


def test_who_hides_adult_titles_between_two_pages_sees_none(alice: Rater) -> None:
    AnimeFactory.create_batch(10)
    adult = AnimeFactory.create_batch(10, is_adult=True, members=5)
    first = page(alice, show_adult=True)
    second = page(alice, first.next, show_adult=False)
    assert len(second.anime_ids) == 3
    assert not {anime.pk for anime in adult} & set(second.anime_ids)


def test_an_empty_page_names_the_filters_to_blame(alice: Rater) -> None:
    AnimeFactory.create_batch(3, genres=["Drama"])
    found = page(alice, types=("Movie",))
    assert found.items == []
    assert (found.next, found.previous) == ("", "")
    assert found.blame == "the chosen types"
    assert page(alice).blame == ""


def test_deleted_titles_are_passed_over(alice: Rater) -> None:
    AnimeFactory.create_batch(20)
    first = page(alice)
    following = whole(alice)[N : N + 2]
    Anime.objects.filter(pk__in=following).delete()
    catalogue_changed()
    second = page(alice, first.next)
    assert len(second.items) == N
    assert not set(following) & set(second.anime_ids)


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("method", METHODS)
def test_a_stored_list_is_the_list_that_was_made(alice: Rater, world: World, method: str) -> None:
    for anime, score in ((world.dramas[0], 10), (world.dramas[1], 9), (world.comedies[0], 2)):
        RatingFactory.create(rater=alice, anime=anime, score=score)
    made, kept = page(alice, method=method), page(alice, method=method)
    assert ListSnapshot.objects.count() == 1
    assert kept.items == made.items
    assert (kept.ranking.source, kept.ranking.fallback) == (made.ranking.source, "")
    assert made.has_predictions
    for item in made.items:
        assert item.prediction is not None
        assert item.prediction_range is not None
        lowest, highest = item.prediction_range
        assert 1 <= lowest <= highest <= 10


def test_dismissed_titles_do_not_count_as_planned(alice: Rater) -> None:
    planned, dismissed, seen, other = AnimeFactory.create_batch(4)
    RatingFactory.create(rater=alice, anime=planned, status=6, score=None)
    RatingFactory.create(rater=alice, anime=seen)
    Dismissal.objects.create(rater=alice, anime=dismissed)
    found = {item.anime.pk: item.is_planned for item in page(alice, include_planned=True).items}
    assert found == {planned.pk: True, other.pk: False}
