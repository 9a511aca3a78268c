"""Showings are counted once a visit, and who never opens a title sees it less."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Rater
from recommender.models import Exposure
from recommender.services.exposures import opened, places_down, shown
from tests.factories import AccountRaterFactory, AnimeFactory

pytestmark = pytest.mark.django_db


def times_shown(rater: Rater) -> dict[int, int]:
    return dict(Exposure.objects.filter(rater=rater).values_list("anime_id", "times_shown"))


def visit_is_over() -> None:
    Exposure.objects.update(last_shown_at=timezone.now() - timedelta(minutes=31))


@pytest.fixture
def ids(db: None) -> list[int]:
    return [anime.pk for anime in AnimeFactory.create_batch(3)]


def test_a_title_counts_once_a_visit(alice: Rater, ids: list[int]) -> None:
    shown(rater=alice, anime_ids=ids[:2])
    shown(rater=alice, anime_ids=ids)
    assert times_shown(alice) == dict.fromkeys(ids, 1)
    visit_is_over()
    shown(rater=alice, anime_ids=ids[:1])
    assert times_shown(alice) == {ids[0]: 2, ids[1]: 1, ids[2]: 1}


def test_showings_are_each_members_own(alice: Rater, ids: list[int]) -> None:
    charlie = AccountRaterFactory.create()
    Exposure.objects.create(rater=alice, anime_id=ids[0], times_shown=5)
    shown(rater=charlie, anime_ids=ids)
    assert times_shown(alice) == {ids[0]: 5}
    assert places_down(rater=charlie) == {}
    assert places_down(rater=alice) == {ids[0]: 40}


@pytest.mark.parametrize(("times", "places"), [(4, None), (5, 40), (9, 40), (10, 80), (27, 200)])
def test_a_title_sinks_by_forty_places_for_each_five_showings(
    alice: Rater, ids: list[int], times: int, places: int | None
) -> None:
    Exposure.objects.create(rater=alice, anime_id=ids[0], times_shown=times)
    assert places_down(rater=alice).get(ids[0]) == places


def test_a_title_that_was_opened_does_not_sink(
    alice: Rater, alice_client: Client, ids: list[int]
) -> None:
    for anime_id in ids[:2]:
        Exposure.objects.create(rater=alice, anime_id=anime_id, times_shown=7)
    alice_client.get(f"/anime/{ids[0]}/")
    alice_client.get(f"/anime/{ids[2]}/")
    assert places_down(rater=alice) == {ids[1]: 40}
    assert Exposure.objects.count() == 2, "a title that was not shown is not counted"


def test_somebody_elses_look_is_not_ones_own(
    alice: Rater, charlie_client: Client, ids: list[int]
) -> None:
    Exposure.objects.create(rater=alice, anime_id=ids[0], times_shown=5)
    charlie_client.get(f"/anime/{ids[0]}/")
    assert places_down(rater=alice) == {ids[0]: 40}


def test_opening_again_writes_nothing(
    alice: Rater, ids: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Exposure.objects.create(rater=alice, anime_id=ids[0])
    with django_assert_num_queries(4):  # the look, the write, and its savepoint
        opened(rater_id=alice.pk, anime_id=ids[0])
    with django_assert_num_queries(1):
        opened(rater_id=alice.pk, anime_id=ids[0])


@pytest.mark.parametrize("n_titles", [1, 3])
def test_a_page_costs_a_read_and_a_write_and_a_read_when_it_is_read_again(
    alice: Rater,
    ids: list[int],
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    with django_assert_num_queries(4):  # what is known; a savepoint around the one write
        shown(rater=alice, anime_ids=ids[:n_titles])
    with django_assert_num_queries(1):
        shown(rater=alice, anime_ids=ids[:n_titles])


def test_a_database_that_is_busy_fails_no_page(
    alice: Rater, ids: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(*args: object, **options: object) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(Exposure.objects, "bulk_create", busy)
    shown(rater=alice, anime_ids=ids)
    assert "is not counted" in caplog.text


def test_a_title_is_shown_although_nothing_can_be_noted(
    alice: Rater,
    alice_client: Client,
    ids: list[int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def busy(*args: object, **options: object) -> int:
        raise DatabaseError("database is locked")

    Exposure.objects.create(rater=alice, anime_id=ids[0])
    monkeypatch.setattr(QuerySet, "update", busy)
    assert alice_client.get(f"/anime/{ids[0]}/").status_code == 200
    assert "is not noted" in caplog.text


def test_visitors_are_not_counted(ids: list[int]) -> None:
    shown(rater=None, anime_ids=ids)
    assert not Exposure.objects.exists()
    assert places_down(rater=None) == {}
