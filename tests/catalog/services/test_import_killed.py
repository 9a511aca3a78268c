"""``kill -9`` in the middle of an import: a repeat completes it as if nothing had happened."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.utils import timezone

from catalog.models import Anime, ImportJob, Rater, Rating
from catalog.services import csv_import, imports
from catalog.services.csv_files import work_folder
from tests.catalog.services.csv_samples import (
    import_ratings,
    import_titles,
    make_titles,
    write_ratings,
    write_titles,
)
from tests.catalog.services.other_process import start_python

pytestmark = pytest.mark.django_db(transaction=True)

# The process kills itself at the n-th call of a function that every import calls: after rows were
# written and before they are committed ("advance"), or while the file is read ("beat").
KILLED_IMPORT = """
import os, signal, sys
from pathlib import Path
from catalog.models import ImportJob
from catalog.services import csv_files, csv_import, csv_merge_ratings, csv_merge_titles, imports

csv_files.BLOCK_BYTES = 300
csv_merge_titles.BATCH_ROWS = csv_import.STAGE_ROWS = 10
for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
    setattr(csv_merge_ratings, name, 20)
kind, path, name, calls_left = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
original = getattr(imports, name)

def deadly(**values):
    global calls_left
    original(**values)
    calls_left -= 1
    if not calls_left:
        os.kill(os.getpid(), signal.SIGKILL)

setattr(imports, name, deadly)
if path.name == "uploaded":
    csv_import.run_waiting()
csv_import.import_file(kind=ImportJob.Kind(kind), path=path)
"""
MOMENTS = [("beat", 3), ("advance", 1), ("advance", 4)]


def run_killed(kind: ImportJob.Kind, path: Path, function: str, calls: int) -> None:
    process = start_python(KILLED_IMPORT, kind.value, str(path), function, str(calls))
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors


def outcome(job: ImportJob) -> dict[str, Any]:
    fields = ("read", "created", "updated", "unchanged", "rejected")
    counts = {field: getattr(job, f"rows_{field}") for field in fields}
    return {**counts, "state": job.state, "rejects": job.rejects, "summary": job.summary}


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    make_titles(range(1, 31))
    rows = [
        f"{user},{anime},{(user + anime) % 10 + 1}"
        for user in range(1, 21)
        for anime in range(1, 11)
    ]
    return write_ratings(tmp_path, *rows, "1,99,5", "1,1,-1", "bad")


def rating_tables() -> list[Any]:
    return [
        list(Rater.objects.order_by("source_id").values_list("source_id", "source", "revision")),
        list(
            Rating.objects.order_by("rater__source_id", "anime_id").values_list(
                "rater__source_id", "anime_id", "score", "status", "episodes_watched"
            )
        ),
    ]


@pytest.mark.parametrize(("function", "calls"), MOMENTS)
def test_ratings(ratings: Path, function: str, calls: int) -> None:
    undisturbed = outcome(import_ratings(ratings))
    expected = rating_tables()
    ImportJob.objects.all().delete()
    Rater.objects.all().delete()

    run_killed(ImportJob.Kind.RATINGS, ratings, function, calls)
    killed = ImportJob.objects.get()
    assert killed.state == ImportJob.State.RUNNING
    committed = (calls - 1) * 20 if function == "advance" else 0
    assert (killed.position, Rating.objects.count()) == (committed, committed)

    again = import_ratings(ratings)
    assert again == killed
    assert outcome(again) == undisturbed
    assert rating_tables() == expected


def test_ratings_that_were_there_before(ratings: Path, tmp_path: Path) -> None:
    import_ratings(ratings)
    newer = ratings.read_text().replace(",7\n", ",3\n")
    path = tmp_path / "newer.csv"
    path.write_text(newer)
    run_killed(ImportJob.Kind.RATINGS, path, "advance", 5)
    job = import_ratings(path)
    assert (job.position, job.rows_created) == (200, 0)
    assert job.rows_updated == 20
    assert Rating.objects.filter(score=3).count() == 39
    assert not Rating.objects.filter(score=7).exists()
    assert set(Rater.objects.values_list("revision", flat=True)) == {2}


@pytest.mark.parametrize(("function", "calls"), MOMENTS)
def test_titles(tmp_path: Path, function: str, calls: int) -> None:
    lines = [f'{n},Title {n},"Genre {n % 7}, Drama",TV,{n},5.5,{n}' for n in range(1, 61)]
    path = write_titles(tmp_path, *lines, "x,Bad,,TV,1,5,5")
    run_killed(ImportJob.Kind.ANIME, path, function, calls)
    committed = (calls - 1) * 10 if function == "advance" else 0
    assert Anime.objects.count() == committed
    job = import_titles(path)
    assert ImportJob.objects.get() == job
    assert outcome(job) == {
        "read": 61,
        "created": 60,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "state": ImportJob.State.SUCCEEDED,
        "rejects": {"anime_id is not a positive whole number": 1},
        "summary": {"titles": 60, "complete": 60, "genres": 8},
    }
    assert [anime.pk for anime in Anime.objects.filter(genres__name="Drama").order_by("pk")] == [
        *range(1, 61)
    ]


def test_upload_whose_worker_was_killed(ratings: Path) -> None:
    with ratings.open("rb") as file:
        job = imports.queue_upload(kind=ImportJob.Kind.RATINGS, upload=File(file, "rating.csv"))
    run_killed(ImportJob.Kind.RATINGS, Path("uploaded"), "advance", 4)
    assert csv_import.run_waiting() == []  # it may still be alive
    ImportJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    (done,) = csv_import.run_waiting()
    assert (done.pk, done.state) == (job.pk, ImportJob.State.SUCCEEDED)
    assert (done.rows_created, Rating.objects.count()) == (200, 200)


def test_nothing_is_left_in_the_work_folder(ratings: Path) -> None:
    run_killed(ImportJob.Kind.RATINGS, ratings, "advance", 2)
    assert list(work_folder().glob("staging-*"))
    import_ratings(ratings)
    assert not list(work_folder().glob("staging-*"))
