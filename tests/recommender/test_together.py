"""A list for several people: what is chosen, in which order, with whose scores."""

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Dismissal, Rating
from catalog.services.catalogue import catalogue_changed
from recommender.models import ModelVersion
from recommender.services import serving, together
from recommender.services.catalogue import catalogue_arrays
from recommender.services.together import (
    STRATEGIES,
    Member,
    SharedList,
    UnknownStrategy,
    recommend_together,
)
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db


def member(name: str, scores: dict[int, int | None], *, show_adult: bool = False) -> Member:
    rater = AccountRaterFactory.create(user=UserFactory.create(username=name))
    for anime_id, score in scores.items():
        RatingFactory.create(rater=rater, anime_id=anime_id, anime=None, score=score)
    assert rater.user is not None
    return Member(user=rater.user, rater=rater, show_adult=show_adult)


@pytest.fixture
def dora(world: World) -> Member:
    """Loves dramas (1 to 12)."""
    return member("dora", {1: 9, 2: 10, 13: 3})


@pytest.fixture
def conny(world: World) -> Member:
    """Loves comedies (13 to 24)."""
    return member("conny", {14: 9, 15: 10, 3: 2})


def ids(found: SharedList) -> list[int]:
    return [item.anime.pk for item in found.items]


def predictions(found: SharedList) -> list[list[float]]:
    return [[score for _, score in item.shares] for item in found.items]


def test_each_ones_predicted_score_is_their_own(
    version: ModelVersion, dora: Member, conny: Member
) -> None:
    found = recommend_together(members=[dora, conny])
    assert found.counted == (dora.user, conny.user)
    assert found.left_out == ()
    assert found.model_version == version.pk
    for place, somebody in enumerate((dora, conny)):
        alone = serving.predict(rater=somebody.rater, anime_ids=ids(found))
        for item in found.items:
            user, score = item.shares[place]
            assert user == somebody.user
            assert score == pytest.approx(alone[item.anime.pk], abs=1e-5)


@pytest.mark.parametrize(
    ("strategy", "combined"),
    [("average", np.mean), ("least-misery", np.min), ("most-pleasure", np.max)],
)
def test_the_order_is_that_of_the_strategy(
    version: ModelVersion, dora: Member, conny: Member, strategy: str, combined: object
) -> None:
    found = recommend_together(members=[dora, conny], strategy=strategy)
    scores = [item.score for item in found.items]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 5
    expected = combined(np.array(predictions(found)), axis=1)  # type: ignore[operator]  # numpy's
    assert scores == pytest.approx(expected.tolist(), abs=1e-5)
    assert [item.rank for item in found.items] == list(range(1, len(scores) + 1))


def test_the_strategies_differ(version: ModelVersion, dora: Member, conny: Member) -> None:
    orders = {
        tuple(ids(recommend_together(members=[dora, conny], strategy=strategy)))
        for strategy in STRATEGIES
    }
    assert len(orders) == 3


def test_an_unknown_strategy_names_those_there_are(dora: Member) -> None:
    with pytest.raises(UnknownStrategy, match="average, least-misery, most-pleasure"):
        recommend_together(members=[dora], strategy="dictatorship")


def test_what_anybody_has_watched_or_turned_down_is_left_out(
    version: ModelVersion, dora: Member, conny: Member
) -> None:
    assert dora.rater
    assert conny.rater
    RatingFactory.create(rater=conny.rater, anime_id=20, anime=None, score=None)
    Dismissal.objects.create(rater=dora.rater, anime_id=4)
    found = recommend_together(members=[dora, conny], n=100)
    assert set(ids(found)) == set(range(1, 25)) - {1, 2, 3, 13, 14, 15, 20, 4}
    assert found.n_available == len(found.items) == 16


def test_a_plan_is_a_wish(version: ModelVersion, dora: Member, conny: Member) -> None:
    assert dora.rater
    RatingFactory.create(
        rater=dora.rater,
        anime_id=7,
        anime=None,
        score=None,
        status=Rating.Status.PLAN_TO_WATCH,
    )
    found = recommend_together(members=[dora, conny], n=100)
    wishes = {item.anime.pk: item.wished_by for item in found.items if item.wished_by}
    assert wishes == {7: (dora.user,)}


def test_adult_titles_only_when_everybody_shows_them(
    version: ModelVersion, dora: Member, conny: Member
) -> None:
    Anime.objects.filter(pk__in=[5, 17]).update(is_adult=True)
    catalogue_changed()
    adults = [Member(each.user, each.rater, True) for each in (dora, conny)]
    assert {5, 17} <= set(ids(recommend_together(members=adults, n=100)))
    assert not {5, 17} & set(ids(recommend_together(members=[adults[0], conny], n=100)))


def test_pages_follow_each_other(version: ModelVersion, dora: Member, conny: Member) -> None:
    group = [dora, conny]
    whole = recommend_together(members=group, n=100)
    pages = [recommend_together(members=group, n=7, offset=offset) for offset in (0, 7, 14)]
    assert [each for page in pages for each in ids(page)] == ids(whole)
    assert pages[1].items[0].rank == 8
    assert {page.n_available for page in pages} == {len(whole.items)}


def test_titles_are_chosen_by_the_members_own_lists(
    version: ModelVersion, dora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "POOL", 5)
    own = [item.anime.pk for item in serving.recommend(rater=dora.rater, n=5).items]
    found = recommend_together(members=[dora], n=100)
    assert set(ids(found)) == set(own)
    scores = [item.score for item in found.items]
    assert scores == sorted(scores, reverse=True)


def test_who_has_scored_nothing_is_named_and_not_counted(
    version: ModelVersion, dora: Member, conny: Member
) -> None:
    new = Member(UserFactory.create(username="new"), None, False)
    looker = member("looker", {9: None})
    with_them = recommend_together(members=[dora, new, conny, looker], n=100)
    assert with_them.counted == (dora.user, conny.user)
    assert with_them.left_out == (new.user, looker.user)
    without = recommend_together(members=[dora, conny], n=100)
    # What they have seen is still nothing new for them.
    assert ids(with_them) == [anime_id for anime_id in ids(without) if anime_id != 9]


def test_with_nobodys_scores_there_is_no_list(version: ModelVersion) -> None:
    new = Member(UserFactory.create(), None, False)
    found = recommend_together(members=[new])
    assert (found.items, found.n_available, found.left_out) == ([], 0, (new.user,))


def test_without_a_model_the_reason_is_said(dora: Member, conny: Member) -> None:
    found = recommend_together(members=[dora, conny])
    assert (found.items, found.notice) == ([], "No model has been trained yet.")


def test_a_title_that_the_model_does_not_know_is_not_listed(
    version: ModelVersion, dora: Member, conny: Member
) -> None:
    AnimeFactory.create(id=99, genres=["Drama"])
    catalogue_changed()
    assert 99 in catalogue_arrays().items.ids
    assert 99 not in ids(recommend_together(members=[dora, conny], n=100))


def test_the_number_of_queries_grows_neither_with_titles_nor_with_members(
    version: ModelVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    group = [member(f"member{number}", {1 + number: 9, 13: 3}) for number in range(6)]
    catalogue_arrays()
    for members in (group[:2], group):
        for n in (3, 15):
            # The catalogue's revision, the active version, ratings, dismissals, titles, genres.
            with django_assert_num_queries(6):
                found = recommend_together(members=members, n=n)
            assert len(found.items) == n
