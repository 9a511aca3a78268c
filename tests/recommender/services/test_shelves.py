"""The shelves of a home page."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rater, Rating
from catalog.selectors.continuing import continued
from recommender.services import shelves
from recommender.services.catalogue import forget_catalogue
from recommender.services.history import History, history_of
from recommender.services.list_filters import ListFilters
from recommender.services.popular_now import popular_now
from recommender.services.serving import predict, recommend
from recommender.services.shelves import Shelves, shelves_of
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 1, 1)


def shelves_for(
    rater: Rater | None = None, *, history: History | None = None, day: date = TODAY
) -> Shelves:
    return shelves_of(
        rater=rater,
        history=history_of(rater=rater) if history is None else history,
        filters=ListFilters(),
        show_adult=False,
        day=day,
    )


def ids(shelf: list[Anime]) -> list[int]:
    return [anime.pk for anime in shelf]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shelves of four titles, and gems among the little that the small world has."""
    monkeypatch.setattr(shelves, "SHELF_LENGTH", 4)
    monkeypatch.setattr(shelves, "_LEAST_TITLES", 1)
    monkeypatch.setattr(shelves, "_GEM_PERCENTILE", 50.0)


@pytest.fixture
def drama_lover(alice: Rater) -> Rater:
    for anime_id, score in ((1, 10), (2, 9), (3, 8), (13, 2), (14, 1)):
        RatingFactory.create(rater=alice, anime=None, anime_id=anime_id, score=score)
    return alice


@pytest.mark.usefixtures("version", "short")
def test_no_title_is_on_two_shelves_or_on_the_list(drama_lover: Rater) -> None:
    found = shelves_for(drama_lover)
    shown = [*ids(found.for_you), *ids(found.because), *ids(found.gems), *ids(found.popular)]
    assert len(shown) == len(set(shown)) > 8
    assert not {1, 2, 3, 13, 14} & set(shown)


@pytest.mark.usefixtures("version", "short")
def test_for_you_is_the_top_of_the_list(drama_lover: Rater) -> None:
    found = shelves_for(drama_lover)
    expected = recommend(rater=drama_lover, n=4).items
    assert ids(found.for_you) == [item.anime.pk for item in expected]
    assert found.predictions[expected[0].anime.pk] == pytest.approx(expected[0].prediction)


@pytest.mark.usefixtures("version", "short")
def test_the_liked_title_is_a_well_scored_one_and_changes_by_the_day(drama_lover: Rater) -> None:
    days = [TODAY + timedelta(days=n) for n in range(3)]
    liked = [shelves_for(drama_lover, day=day).liked for day in days]
    assert {anime.pk for anime in liked if anime} == {1, 2, 3}
    assert shelves_for(drama_lover).liked == liked[0]
    found = shelves_for(drama_lover)
    assert found.liked is not None
    assert found.liked_score == {1: 10, 2: 9, 3: 8}[found.liked.pk]
    assert found.because


@pytest.mark.usefixtures("version", "short")
def test_nobody_is_told_that_they_liked_what_they_scored_low(alice: Rater) -> None:
    RatingFactory.create(rater=alice, anime=None, anime_id=13, score=6)
    found = shelves_for(alice)
    assert (found.liked, found.because) == (None, [])


@pytest.mark.usefixtures("version", "short")
def test_what_is_expected_to_disappoint_is_not_said_to_follow_from_what_was_liked(
    drama_lover: Rater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves._Builder, "_moved_by", lambda *_: [15, 12, 16, 11])
    monkeypatch.setattr(shelves, "SHELF_LENGTH", 2)  # dramas are left by the first shelf
    expected = predict(rater=drama_lover, anime_ids=[11, 12, 15, 16])
    assert max(expected[15], expected[16]) < 5 < min(expected[11], expected[12])  # the mean is 6
    found = shelves_for(drama_lover)
    assert set(ids(found.because)) == {11, 12} - set(ids(found.for_you))


@pytest.mark.usefixtures("short")
def test_without_a_model_because_is_by_genre_and_says_so(alice: Rater) -> None:
    liked = AnimeFactory.create(title="Rain", genres=["Drama"])
    RatingFactory.create(rater=alice, anime=liked, score=9)
    comedies = [AnimeFactory.create(genres=["Comedy"], members=9_000 + n) for n in range(9)]
    like_it = AnimeFactory.create(title="Snow", genres=["Drama"], members=10)
    found = shelves_for(alice)
    assert found.because_is_by_genre
    assert ids(found.because)[0] == like_it.pk
    assert comedies[8].pk in ids(found.for_you)
    assert found.fallback
    assert found.predictions == {}


@pytest.mark.usefixtures("version", "short")
def test_gems_are_little_known_and_expected_to_be_scored_high(drama_lover: Rater) -> None:
    Anime.objects.filter(pk__in=range(9, 13)).update(members=5)
    Anime.objects.exclude(pk__in=range(9, 13)).update(members=50_000)
    forget_catalogue()
    found = shelves_for(drama_lover)
    assert found.gems
    assert all(anime.members < found.gem_members for anime in found.gems)
    unseen = [item.anime.pk for item in recommend(rater=drama_lover, n=50).items]
    expected = predict(rater=drama_lover, anime_ids=unseen)
    median = sorted(expected.values())[len(expected) // 2 - 1]
    assert all(expected[pk] >= median for pk in ids(found.gems))


@pytest.mark.usefixtures("version", "short")
def test_a_guess_from_few_people_is_no_gem(
    drama_lover: Rater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "_LEAST_RATERS", 1_000)
    assert shelves_for(drama_lover).gems == []


def add(anime: Anime, *, people: int, days_ago: int = 1) -> None:
    """Accounts put the title on their lists."""
    for _ in range(people):
        RatingFactory.create(
            rater=AccountRaterFactory.create(),
            anime=anime,
            updated_at=timezone.now() - timedelta(days=days_ago),
        )


@pytest.mark.usefixtures("short")
def test_popular_now_is_what_accounts_add_then_what_most_people_have() -> None:
    known, better, fresh, fresher = (
        AnimeFactory.create(members=members) for members in (50, 90, 1, 2)
    )
    add(fresh, people=3)
    add(fresher, people=4)
    add(known, people=2)
    add(better, people=9, days_ago=31)
    found = shelves_for()
    assert ids(found.popular) == [fresher.pk, fresh.pk, better.pk, known.pk]
    assert found.n_lately == 2
    assert found.for_you == []


def test_imported_raters_and_two_friends_make_nothing_popular() -> None:
    anime = AnimeFactory.create()
    for _ in range(5):
        RatingFactory.create(anime=anime)
    add(anime, people=2)
    assert popular_now() == ()


def test_adult_titles_are_on_no_shelf() -> None:
    anime = AnimeFactory.create(is_adult=True)
    add(anime, people=5)
    assert shelves_for().popular == []


@pytest.mark.usefixtures("version", "short")
def test_a_visitors_shelves_are_kept_under_the_scores() -> None:
    scores = {1: 10, 2: 9, 13: 2}
    first = shelves_for(history=History.of_scores(scores))
    assert ids(shelves_for(history=History.of_scores(scores)).for_you) == ids(first.for_you)
    other = shelves_for(history=History.of_scores({13: 10, 14: 9, 1: 2}))
    assert ids(other.for_you) != ids(first.for_you)


@pytest.mark.usefixtures("version", "short")
def test_a_new_score_makes_new_shelves(drama_lover: Rater) -> None:
    first = ids(shelves_for(drama_lover).for_you)
    RatingFactory.create(rater=drama_lover, anime=None, anime_id=first[0], score=9)
    drama_lover.revision += 1
    drama_lover.save()
    assert first[0] not in ids(shelves_for(drama_lover).for_you)


def test_a_list_is_continued_with_the_latest_of_each_status(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    rows = {
        (status, hours): RatingFactory.create(
            rater=alice, status=status, score=None, updated_at=now - timedelta(hours=hours)
        )
        for status in Rating.Status
        for hours in (1, 2, 3)
    }
    RatingFactory.create(status=Rating.Status.WATCHING)
    with django_assert_num_queries(1):
        found = continued(rater=alice, show_adult=False, n=2)
    for status in (Rating.Status.WATCHING, Rating.Status.ON_HOLD, Rating.Status.PLAN_TO_WATCH):
        assert found[status] == [rows[status, 1], rows[status, 2]]
    assert set(found) == {1, 3, 6}
