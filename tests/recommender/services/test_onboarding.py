"""The titles that a newcomer is asked to score."""

import pytest

from catalog.models import Anime
from recommender.models import ModelVersion
from recommender.services.catalogue import forget_catalogue
from recommender.services.history import History
from recommender.services.onboarding import titles_to_score
from tests.factories import AnimeFactory
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def unrelated(version: ModelVersion) -> ModelVersion:
    """The world's titles under names that make no franchise of any two."""
    for anime in Anime.objects.all():
        anime.title = anime.search_title = anime.franchise_key = 2 * chr(ord("a") + anime.pk - 1)
        anime.save()
    forget_catalogue()
    return version


def asked(
    scores: dict[int, int] | None = None, *, before: tuple[int, ...] = (), n: int = 6
) -> list[int]:
    history = History.of_scores(scores) if scores else None
    return titles_to_score(history=history, asked=before, n=n)


@pytest.fixture
def shelf(db: None) -> None:
    """Five well known comedies, then three dramas that fewer know; without a model."""
    titles = ("Apples", "Pears", "Plums", "Figs", "Dates", "Rain", "Snow", "Fog")
    for n, title in enumerate(titles, start=1):
        is_comedy = n < 6
        AnimeFactory.create(
            id=n,
            title=title,
            genres=["Comedy" if is_comedy else "Drama"],
            members=(10_000 if is_comedy else 8_000) - n,
        )


@pytest.mark.usefixtures("shelf")
def test_not_just_the_most_popular_ones() -> None:
    assert asked(n=2) == [1, 6]


@pytest.mark.usefixtures("shelf")
def test_the_same_for_the_same_scores() -> None:
    assert asked({1: 9}) == asked({1: 9})
    assert asked() == asked()


@pytest.mark.usefixtures("shelf")
def test_no_title_comes_again() -> None:
    assert set(asked({1: 9}, before=(6, 7), n=20)) == {2, 3, 4, 5, 8}


@pytest.mark.usefixtures("shelf")
def test_never_an_adult_title() -> None:
    AnimeFactory.create(id=99, members=1_000_000, is_adult=True, genres=["Hentai"])
    assert 99 not in asked(n=20)


@pytest.mark.usefixtures("shelf")
def test_one_title_of_a_franchise() -> None:
    AnimeFactory.create(id=20, title="Saga", genres=["Space"], members=9_500)
    AnimeFactory.create(id=21, title="Saga 2nd Season", genres=["Space"], members=9_400)
    assert len({20, 21} & set(asked(n=20))) == 1
    assert not {20, 21} & set(asked({21: 8}, n=20))


@pytest.mark.usefixtures("unrelated")
def test_a_model_asks_about_both_tastes(world: World) -> None:
    first = asked(n=4)
    dramas = {anime.pk for anime in world.dramas}
    assert len(set(first) & dramas) not in (0, 4)
    assert first == asked(n=4)


@pytest.mark.usefixtures("unrelated")
def test_the_next_titles_follow_the_scores() -> None:
    fresh = asked(n=20)
    followed = asked({1: 10, 2: 9, 3: 10}, n=20)
    assert [pk for pk in fresh if pk in followed] != followed
    assert not {1, 2, 3} & set(followed)


@pytest.mark.usefixtures("unrelated")
def test_a_title_that_is_gone_is_not_asked_about() -> None:
    assert sorted(asked(n=30)) == list(range(1, 25))
    Anime.objects.filter(pk=5).delete()
    forget_catalogue()
    assert 5 not in asked(n=24)


def test_an_empty_catalogue_has_nothing_to_ask() -> None:
    assert asked() == []
