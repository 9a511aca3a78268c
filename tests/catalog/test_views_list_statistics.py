"""The page of one's own statistics."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Rater, Rating
from catalog.services import statistics
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db

ADDRESS = "/my-list/statistics/"


@pytest.fixture
def listed(alice: Rater) -> None:
    """Three dramas that alice scores high, three comedies that she scores low."""
    for pk, genre, score, community in (
        (1, "Drama", 10, 7.0),
        (2, "Drama", 9, 7.5),
        (3, "Drama", 9, 8.0),
        (4, "Comedy", 4, 7.0),
        (5, "Comedy", 3, 8.0),
        (6, "Comedy", 5, 7.5),
    ):
        anime = AnimeFactory.create(
            id=pk, title=f"{genre} {pk}", genres=[genre], mean_score=community
        )
        RatingFactory.create(rater=alice, anime=anime, score=score)
    statistics.refresh()


@pytest.mark.usefixtures("listed")
def test_the_figures(alice_client: Client) -> None:
    page = ReadPage(alice_client.get(ADDRESS))
    assert "Titles 6 Watched 6 Scored 6 Episodes seen 72" in page.text
    assert "Your mean score 6.67" in page.text
    assert "Community’s mean of these titles 7.50" in page.text
    assert "Drama 3 9.3 7.5 +1.3" in page.text
    assert "Comedy 3 4.0 7.5 −1.3" in page.text
    assert page.text.index("+1.3") < page.text.index("−1.3")
    # Whoever cannot see the columns reads the same numbers in a table.
    assert "9 33.3 % 33.3 %" in page.text
    more = page.text.index("You like them more than others do")
    less = page.text.index("You like them less than others do")
    assert more < page.text.index("Drama 1 you 10, community 7.00") < less
    assert less < page.text.index("Comedy 5 you 3, community 8.00")


@pytest.mark.usefixtures("listed")
def test_genres_lead_to_their_titles_on_the_list(alice_client: Client) -> None:
    page = ReadPage(alice_client.get(ADDRESS))
    assert page.all("a", href="/my-list/?genre=drama&scored=yes&sort=score")


def test_an_empty_list_says_how_to_begin(alice_client: Client) -> None:
    assert "Nothing to count yet" in ReadPage(alice_client.get(ADDRESS)).text


def test_a_list_without_scores_says_so(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice, score=None, status=Rating.Status.PLAN_TO_WATCH)
    text = ReadPage(alice_client.get(ADDRESS)).text
    assert "You have scored nothing yet." in text
    assert "Your scores" not in text


def test_hidden_titles_are_counted_as_such(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(is_adult=True))
    assert "1 adult title of your list is left out." in ReadPage(alice_client.get(ADDRESS)).text


@pytest.mark.usefixtures("listed")
def test_nobody_else_sees_them(client: Client, charlie_client: Client) -> None:
    assert client.get(ADDRESS)["Location"] == f"/accounts/login/?next={ADDRESS}"
    text = ReadPage(charlie_client.get(ADDRESS)).text
    assert "Nothing to count yet" in text
    assert "Drama 1" not in text


@pytest.mark.parametrize("n_titles", [3, 40])
def test_queries(
    alice: Rater,
    alice_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for anime in AnimeFactory.create_batch(n_titles):
        RatingFactory.create(rater=alice, anime=anime, score=1 + anime.pk % 10)
    alice_client.get(ADDRESS)  # the catalogue's arrays are read once
    # session, account, catalogue's revision, entries, the community's scores
    with django_assert_num_queries(5):
        alice_client.get(ADDRESS)
