"""The titles' facts as each process keeps them."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime
from catalog.services import title_arrays as module
from catalog.services.catalogue import catalogue_changed
from catalog.services.title_arrays import title_arrays
from tests.factories import AnimeFactory

pytestmark = pytest.mark.django_db


def test_facts_by_row_with_what_is_unknown() -> None:
    AnimeFactory.create(id=9, title="Tea", genres=["Drama", "Comedy"], episodes=None)
    AnimeFactory.create(id=3, title="Cocoa", genres=[], type=None, mean_score=None, members=7)
    arrays = title_arrays()
    assert arrays.ids.tolist() == [3, 9]
    assert arrays.titles == ["Cocoa", "Tea"]
    assert arrays.types.tolist() == ["", "TV"]
    assert arrays.episodes.tolist() == [12, -1]
    assert arrays.members.tolist()[0] == 7
    assert [genre.name for genre in arrays.genres] == ["Comedy", "Drama"]
    assert arrays.has_genre.tolist() == [[False, False], [True, True]]
    assert str(arrays.mean_score[0]) == "nan"


@pytest.mark.parametrize(
    ("anime_id", "row"), [(3, 0), (9, 1), (1, None), (5, None), (10, None), (10**23, None)]
)
def test_row_of_an_id(anime_id: int, row: int | None) -> None:
    for known in (9, 3):
        AnimeFactory.create(id=known)
    assert title_arrays().row_of(anime_id) == row


def test_without_titles() -> None:
    arrays = title_arrays()
    assert len(arrays) == 0
    assert arrays.row_of(1) is None
    assert arrays.genre_choices(show_adult=True) == []


def test_genres_of_adult_titles_only_are_for_who_asks() -> None:
    AnimeFactory.create(genres=["Drama"])
    AnimeFactory.create(genres=["Hentai"], is_adult=True)
    arrays = title_arrays()
    assert [genre.name for genre in arrays.genre_choices(show_adult=False)] == ["Drama"]
    assert [genre.name for genre in arrays.genre_choices(show_adult=True)] == ["Drama", "Hentai"]


def test_a_change_is_noticed_and_nothing_else_is_read(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    AnimeFactory.create(id=1, title="Tea")
    before = title_arrays()
    with django_assert_num_queries(1):
        assert title_arrays() is before
    AnimeFactory.create(id=2, title="Cocoa")
    catalogue_changed()
    assert title_arrays().titles == ["Tea", "Cocoa"]


def test_titles_are_read_once(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 2)
    for anime_id in (1, 2, 3):
        AnimeFactory.create(id=anime_id)
    arrays = title_arrays()
    with django_assert_num_queries(2):
        first = arrays.anime([2, 1, 99])
    with django_assert_num_queries(0):
        assert arrays.anime([1])[1] is first[1]
        assert [genre.name for genre in first[2].genres.all()] == ["Drama"]
    assert set(first) == {1, 2}
    with django_assert_num_queries(2):  # the third is one too many: the others are let go
        arrays.anime([3])
    with django_assert_num_queries(2):
        arrays.anime([1])


class _ClearedBetween(dict[int, Anime]):
    """What is kept, while another thread lets it go after each look."""

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self.clear()
        return found

    def get(self, key: int, default: Any = None) -> Any:
        found = super().get(key, default)
        self.clear()
        return found


def test_titles_may_be_let_go_by_another_thread_meanwhile() -> None:
    AnimeFactory.create(id=1)
    arrays = title_arrays()
    kept = _ClearedBetween(arrays.anime([1]))
    assert set(replace(arrays, _kept=kept).anime([1])) == {1}
