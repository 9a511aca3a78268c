"""Importing rating.csv: what is stored, what changes on a repeat, what is announced."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from catalog.models import Anime, ImportJob, Rater, Rating
from catalog.services.import_errors import ImportFailed
from catalog.signals import ratings_changed
from tests.catalog.services.csv_samples import (
    import_ratings,
    make_titles,
    stored_ratings,
    tables,
    write_lines,
    write_ratings,
)
from tests.factories import AccountRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db(transaction=True)

COMPLETED = Rating.Status.COMPLETED
PLANNED = Rating.Status.PLAN_TO_WATCH
DROPPED = Rating.Status.DROPPED
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    make_titles([1, 2, 3])


@pytest.fixture
def announced() -> Iterator[list[list[int]]]:
    """The rater ids of each ``ratings_changed``, as their source ids."""
    calls: list[list[int]] = []

    def receive(sender: object, *, rater_ids: Sequence[int], **kwargs: Any) -> None:
        raters = Rater.objects.filter(pk__in=rater_ids).order_by("source_id")
        calls.append([rater.source_id or 0 for rater in raters])

    ratings_changed.connect(receive)
    yield calls
    ratings_changed.disconnect(receive)


def revisions() -> dict[int | None, int]:
    return dict(Rater.objects.order_by("pk").values_list("source_id", "revision"))


def test_rows_are_stored(tmp_path: Path) -> None:
    job = import_ratings(write_ratings(tmp_path, "5,1,10", "5,2,-1", "8,1,1"))
    assert stored_ratings() == [
        (5, 1, COMPLETED, 10),
        (5, 2, COMPLETED, None),
        (8, 1, COMPLETED, 1),
    ]
    raters = Rater.objects.order_by("pk")
    assert [(rater.source, rater.source_id, rater.user) for rater in raters] == [
        ("import", 5, None),
        ("import", 8, None),
    ]
    assert (job.state, job.rows_read, job.rows_created) == (ImportJob.State.SUCCEEDED, 3, 3)
    assert job.summary == {"rows": 3, "raters": 2, "not_scored": 1}


def test_same_file_twice_changes_nothing(tmp_path: Path, announced: list[list[int]]) -> None:
    path = write_ratings(tmp_path, "5,1,10", "5,2,-1", "8,1,1", "8,1,2", "9,7,1")
    import_ratings(path)
    before = tables()
    announced.clear()
    job = import_ratings(path)
    assert tables() == before
    assert announced == []
    assert (job.rows_created, job.rows_updated, job.rows_unchanged) == (0, 0, 3)
    assert job.rows_rejected == 2


def test_newer_file_updates(tmp_path: Path, announced: list[list[int]]) -> None:
    import_ratings(write_ratings(tmp_path, "5,1,10", "5,2,-1", "8,1,1", "9,1,1"))
    Rating.objects.update(updated_at=LONG_AGO)
    announced.clear()
    job = import_ratings(write_ratings(tmp_path, "5,1,-1", "5,2,-1", "8,1,1", "9,2,4", "7,1,3"))
    assert stored_ratings() == [
        (5, 1, COMPLETED, None),
        (5, 2, COMPLETED, None),
        (7, 1, COMPLETED, 3),
        (8, 1, COMPLETED, 1),
        (9, 1, COMPLETED, 1),
        (9, 2, COMPLETED, 4),
    ]
    touched = Rating.objects.exclude(updated_at=LONG_AGO).order_by("rater__source_id")
    assert list(touched.values_list("rater__source_id", "anime_id")) == [(5, 1), (7, 1), (9, 2)]
    assert (job.rows_created, job.rows_updated, job.rows_unchanged) == (2, 1, 2)
    assert revisions() == {5: 2, 8: 1, 9: 2, 7: 1}
    assert announced == [[5, 7, 9]]


def test_status_that_the_file_cannot_know_stays(tmp_path: Path) -> None:
    path = write_ratings(tmp_path, "5,1,7", "5,2,-1", "5,3,-1")
    import_ratings(path)
    Rating.objects.filter(anime=1).update(status=DROPPED, score=6)
    Rating.objects.filter(anime=2).update(status=PLANNED)
    Rating.objects.filter(anime=3).update(status=DROPPED, episodes_watched=4)
    job = import_ratings(path)
    assert stored_ratings() == [(5, 1, DROPPED, 7), (5, 2, COMPLETED, None), (5, 3, DROPPED, None)]
    assert (job.rows_updated, job.rows_unchanged) == (2, 1)
    assert Rating.objects.get(anime=3).episodes_watched == 4


def test_other_raters_with_the_same_number_are_left_alone(tmp_path: Path) -> None:
    demo = Rater.objects.create(source=Rater.Source.DEMO, source_id=5)
    account = AccountRaterFactory.create(pk=5000)
    title = Anime.objects.get(pk=1)
    RatingFactory.create(rater=demo, anime=title, score=2)
    RatingFactory.create(rater=account, anime=title, score=3)
    import_ratings(write_ratings(tmp_path, "5,1,10"))
    assert list(
        Rating.objects.order_by("pk").values_list("rater__source", "anime_id", "score")
    ) == [("demo", 1, 2), ("account", 1, 3), ("import", 1, 10)]
    assert (demo.revision, account.revision) == (0, 0)


def test_rejects_are_counted_shown_and_written(tmp_path: Path) -> None:
    path = write_ratings(tmp_path, "5,1,11", "5,1,3", "5,9,3", "x,1,3", "5,1,4", *["5,1,0"] * 7)
    report = tmp_path / "rejects.csv"
    job = import_ratings(path, rejects=report)
    assert stored_ratings() == [(5, 1, COMPLETED, 4)]
    assert job.rejects == {
        "rating is neither -1 nor 1 to 10": 8,
        "repeated further down (the last row counts)": 1,
        "unknown title": 1,
        "user_id is not a positive whole number": 1,
    }
    assert job.reject_samples["rating is neither -1 nor 1 to 10"] == [
        [2, "5,1,11"],
        *[[line, "5,1,0"] for line in (7, 8, 9, 10)],
    ]
    assert job.rows_read == 12
    assert job.rows_rejected == 11
    with report.open(newline="") as file:
        written = list(csv.reader(file))
    assert written[:4] == [
        ["line", "reason", "text"],
        ["2", "rating is neither -1 nor 1 to 10", "5,1,11"],
        ["3", "repeated further down (the last row counts)", "5,1,3"],
        ["4", "unknown title", "5,9,3"],
    ]
    assert len(written) == 12


def test_file_without_a_good_row(tmp_path: Path) -> None:
    job = import_ratings(write_ratings(tmp_path, "5,1,11"))
    assert job.state == ImportJob.State.SUCCEEDED
    assert job.summary == {"rows": 0, "raters": 0, "not_scored": 0}
    assert not Rater.objects.exists()


def test_file_with_a_header_only(tmp_path: Path) -> None:
    job = import_ratings(write_ratings(tmp_path))
    assert (job.state, job.rows_read) == (ImportJob.State.SUCCEEDED, 0)


def test_windows_file(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv"
    path.write_bytes(b"\xef\xbb\xbfuser_id,anime_id,rating\r\n5,1,10\r\n5,2,-1")
    import_ratings(path)
    assert stored_ratings() == [(5, 1, COMPLETED, 10), (5, 2, COMPLETED, None)]


def test_wrong_header_writes_nothing(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "rating.csv", "user,anime,score", "5,1,10")
    with pytest.raises(ImportFailed, match="the header should be user_id,anime_id,rating"):
        import_ratings(path)
    assert not Rating.objects.exists()
    assert not ImportJob.objects.exists()


def test_without_titles_there_is_nothing_to_rate(tmp_path: Path) -> None:
    Anime.objects.all().delete()
    with pytest.raises(ImportFailed, match=r"no titles yet. Import anime.csv first"):
        import_ratings(write_ratings(tmp_path, "5,1,10"))


def test_unreadable_in_its_middle_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv.gz"
    path.write_bytes(gzip.compress(b"user_id,anime_id,rating\n" + b"5,1,10\n" * 5000)[:-9])
    with pytest.raises(ImportFailed, match="damaged or incomplete"):
        import_ratings(path)
    assert not Rating.objects.exists()
    job = ImportJob.objects.get()
    assert job.state == ImportJob.State.FAILED
    assert "damaged or incomplete" in job.error


def test_rejects_file_that_cannot_be_written_stops_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="cannot be written: No such file"):
        import_ratings(write_ratings(tmp_path, "5,1,10"), rejects=tmp_path / "none" / "r.csv")
    assert not Rating.objects.exists()


def test_many_small_batches_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(f"catalog.services.csv_merge_ratings.{name}", 2)
    monkeypatch.setattr("catalog.services.csv_merge_ratings.PAUSE_SECONDS", 0)
    lines = [f"{user},{anime},{user % 10 + 1}" for user in range(1, 10) for anime in (1, 2, 3)]
    positions = []

    def progress(*, phase: str, rows: int, share: float) -> None:
        if phase == "writing":
            positions.append((rows, round(share, 2)))

    job = import_ratings(write_ratings(tmp_path, *lines), progress=progress)
    assert positions == [(3 * n, round(n / 9, 2)) for n in range(1, 10)]
    assert [f"{user},{anime},{score}" for user, anime, _, score in stored_ratings()] == lines
    assert (job.position, job.rows_created) == (27, 27)


def test_the_planner_knows_of_the_rows_at_once(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL keeps counts for its planner")
    import_ratings(write_ratings(tmp_path, "1,1,8", "2,1,9", "2,2,7"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'catalog_rating'")
        assert cursor.fetchone() == (3.0,)
