from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.api.paging import keyset_page
from catalog.models import Anime, ImportJob
from catalog.querysets import AnimeQuerySet

rows = st.lists(
    st.tuples(st.sampled_from([None, 6.1, 7.3, 8.0]), st.integers(0, 2)), min_size=0, max_size=12
)


def ordered() -> AnimeQuerySet:
    return Anime.objects.order_by(
        F("mean_score").desc(nulls_last=True), F("members").asc(), F("pk").desc()
    )


class AnyList(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rows=rows, limit=st.integers(1, 5))
    def test_pages_make_up_the_whole_list_forwards_and_backwards(
        self, rows: list[tuple[float | None, int]], limit: int
    ) -> None:
        Anime.objects.bulk_create(
            Anime(id=number, title="x", mean_score=score, members=members)
            for number, (score, members) in enumerate(rows, start=1)
        )
        whole = [anime.pk for anime in ordered()]

        found = keyset_page(ordered(), limit=limit)
        forwards = [[anime.pk for anime in found.rows]]
        while found.next:
            found = keyset_page(ordered(), limit=limit, cursor=found.next)
            forwards.append([anime.pk for anime in found.rows])
        backwards = [forwards[-1]]
        while found.previous:
            found = keyset_page(ordered(), limit=limit, cursor=found.previous)
            backwards.append([anime.pk for anime in found.rows])

        assert [pk for page in forwards for pk in page] == whole
        assert [pk for page in reversed(backwards) for pk in page] == whole
        assert all(len(pks) == limit for pks in forwards[:-1])


def test_times_keep_their_microseconds(db: None) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for microseconds in (1, 2, 3):
        job = ImportJob.objects.create(kind="anime", file_name="x")
        ImportJob.objects.filter(pk=job.pk).update(
            started_at=begin + timedelta(microseconds=microseconds)
        )
    jobs = ImportJob.objects.order_by("started_at")

    first = keyset_page(jobs, limit=1)
    second = keyset_page(jobs, limit=5, cursor=first.next or "")

    times = [job.started_at for job in first.rows + second.rows]
    assert times == [begin + timedelta(microseconds=microseconds) for microseconds in (1, 2, 3)]


def test_an_order_that_cannot_be_paged_by_is_a_mistake(db: None) -> None:
    with pytest.raises(TypeError, match=r"cannot be paged by"):
        keyset_page(Anime.objects.order_by(F("title")), limit=1)
