"""What somebody's scores say beside the community's."""

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rater, Rating
from catalog.services import statistics
from catalog.services.list_statistics import ListStatistics, list_statistics, shrunk_mean
from catalog.services.own_list import own_list
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db


def add(
    rater: Rater, score: int | None, community: float | None, *genres: str, **fields: object
) -> Anime:
    """A title of these genres on the rater's list."""
    anime = AnimeFactory.create(genres=list(genres), mean_score=community, **fields)
    RatingFactory.create(rater=rater, anime=anime, score=score)
    return anime


def figures_of(rater: Rater, *, show_adult: bool = False) -> ListStatistics:
    return list_statistics(own_list(rater=rater, show_adult=show_adult))


def test_means_and_counts(alice: Rater) -> None:
    add(alice, 6, 7.0, "Drama")
    add(alice, 10, 8.0, "Drama")
    add(alice, None, 9.0, "Drama")
    planned = AnimeFactory.create(episodes=500)
    RatingFactory.create(rater=alice, anime=planned, score=None, status=Rating.Status.PLAN_TO_WATCH)
    watching = AnimeFactory.create(episodes=50)
    RatingFactory.create(
        rater=alice,
        anime=watching,
        score=None,
        status=Rating.Status.WATCHING,
        episodes_watched=7,
    )
    figures = figures_of(alice)
    assert (figures.n_titles, figures.n_watched, figures.n_scored) == (5, 4, 2)
    # Three completed titles of 12, and 7 of the one that is being watched.
    assert figures.n_episodes == 43
    assert (figures.mean, figures.spread, figures.community_mean) == (8.0, 2.0, 7.5)


def test_an_empty_list_has_no_figures(alice: Rater) -> None:
    figures = figures_of(alice)
    assert (figures.n_titles, figures.n_episodes) == (0, 0)
    assert (figures.mean, figures.spread, figures.community_mean) == (None, None, None)
    assert (figures.own_shares, figures.community_shares) == ((), ())
    assert (figures.genres, figures.types, figures.overrated, figures.underrated) == ((),) * 4


def test_shares_are_of_the_titles_that_the_person_has_scored(alice: Rater) -> None:
    mine = add(alice, 7, 7.0, "Drama")
    other = AnimeFactory.create()
    for score in (7, 9, 9):
        RatingFactory.create(rater=ImportedRaterFactory.create(), anime=mine, score=score)
        RatingFactory.create(rater=ImportedRaterFactory.create(), anime=other, score=1)
    # Planned, so that it is none of the scored ones.
    RatingFactory.create(rater=alice, anime=other, score=None, status=Rating.Status.PLAN_TO_WATCH)
    statistics.refresh()
    figures = figures_of(alice)
    assert list(figures.own_shares) == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert list(figures.community_shares) == [0, 0, 0, 0, 0, 0, 0.5, 0, 0.5, 0]


def test_a_genre_of_good_titles_is_not_one_that_is_liked_more(alice: Rater) -> None:
    # Dramas are better titles, and scored higher by just as much; comedies are liked.
    for _ in range(3):
        add(alice, 9, 9.0, "Drama")
        add(alice, 8, 6.0, "Comedy")
        add(alice, 4, 6.0, "Sports")
    by_name = {each.name: each for each in figures_of(alice).genres}
    # Expected are 7 for what the community scores its mean of 7: so 9, 6 and 6.
    assert by_name["Drama"].deviation == pytest.approx(0.0)
    assert by_name["Comedy"].deviation == pytest.approx(3 * 2 / 6)
    assert by_name["Sports"].deviation == pytest.approx(-3 * 2 / 6)
    assert [each.name for each in figures_of(alice).genres] == ["Comedy", "Drama", "Sports"]
    comedy = by_name["Comedy"]
    assert (comedy.slug, comedy.n_scored, comedy.mean, comedy.community) == ("comedy", 3, 8.0, 6.0)


def test_too_few_titles_are_no_genre_and_no_type(alice: Rater) -> None:
    for _ in range(2):
        add(alice, 9, 7.0, "Drama", type="Movie")
    for _ in range(3):
        add(alice, 5, None, "Comedy")
    figures = figures_of(alice)
    assert [each.name for each in figures.genres] == ["Comedy"]
    assert figures.genres[0].community is None
    assert [(each.name, each.slug, each.n_scored) for each in figures.types] == [("TV", "TV", 3)]


def test_over_and_underrated_whatever_the_person_calls_good(alice: Rater) -> None:
    # Nobody else scores as low, so plain differences would call every title underrated.
    add(alice, 4, 9.0, "Drama", title="Loved by all")
    add(alice, 3, 8.0, "Drama", title="Usual")
    add(alice, 4, 7.0, "Drama", title="Loved by me")
    add(alice, 2, 9.0, "Drama", title="Loved by others")
    add(alice, 3, None, "Drama", title="Unknown")
    figures = figures_of(alice)
    named = Anime.objects.in_bulk()
    assert [named[each.anime_id].title for each in figures.overrated] == ["Loved by me"]
    assert [named[each.anime_id].title for each in figures.underrated] == ["Loved by others"]
    assert (figures.underrated[0].score, figures.underrated[0].community) == (2, 9.0)


def test_hidden_adult_titles_are_in_no_figure(alice: Rater) -> None:
    for _ in range(3):
        add(alice, 9, 7.0, "Hentai", is_adult=True)
    add(alice, 5, 7.0, "Drama")
    statistics.refresh()
    hidden, shown = figures_of(alice), figures_of(alice, show_adult=True)
    assert (hidden.mean, shown.mean) == (5.0, 8.0)
    assert hidden.community_shares[8] == 0.0
    assert shown.community_shares[8] == 0.75
    assert [each.name for each in hidden.genres] == []
    assert [each.name for each in shown.genres] == ["Hentai"]


def test_a_deviation_is_shrunk() -> None:
    assert shrunk_mean(4.0, 1) == 1.0
    assert shrunk_mean(0.0, 0) == 0.0


@pytest.mark.parametrize("n_titles", [1, 40])
def test_queries(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    for _ in range(n_titles):
        add(alice, 7, 7.0, "Drama")
    mine = own_list(rater=alice, show_adult=False)
    # the community's scores
    with django_assert_num_queries(1):
        list_statistics(mine)
