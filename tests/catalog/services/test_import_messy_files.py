"""Whatever a ratings file holds, the database ends as the plainest reading of it says."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Anime, Rater, Rating
from catalog.services import csv_files, csv_merge_ratings
from tests.catalog.services.csv_samples import RATINGS_HEADER, import_ratings, make_titles
from tests.catalog.services.reference_parser import reference_ratings

KNOWN = {1, 2, 3}

GOOD_ROWS = st.tuples(st.integers(1, 6), st.integers(1, 3), st.sampled_from([-1, 1, 5, 10])).map(
    lambda row: ",".join(map(str, row))
)
ODD_ROWS = st.sampled_from(
    [
        "",
        " ",
        "1,2",
        "1,2,3,4",
        "1,9,5",
        "0,1,5",
        "x,1,5",
        "1,1,0",
        "1,1,11",
        "1,1,-2",
        "1,1,",
        "1,1,x",
        "1,1,5.0",
        '"1","1","5"',
        '"1,1,5',
        " 2 , 3 , 4 ",
        "1,1,\0",
        "1,1,é",
        "2,1,07",
    ]
)
FILES = st.lists(st.one_of(GOOD_ROWS, GOOD_ROWS, ODD_ROWS), max_size=25)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=FILES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans(), earlier=FILES)
def test_agrees_with_the_plain_reading(
    rows: list[str], end: str, last: bool, earlier: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 40)
    monkeypatch.setattr(csv_merge_ratings, "FIRST_BATCH", 4)
    monkeypatch.setattr(csv_merge_ratings, "PAUSE_SECONDS", 0)
    Rater.objects.all().delete()
    Anime.objects.all().delete()
    make_titles(KNOWN)
    expected: dict[tuple[int, int], int | None] = {}
    with tempfile.TemporaryDirectory() as folder:
        for lines in (earlier, rows):
            body = end.join(lines) + (end if last else "")
            scores, rejects = reference_ratings(body.encode(), KNOWN)
            expected |= scores
            path, report = Path(folder) / "rating.csv", Path(folder) / "rejects.csv"
            path.write_bytes(f"{RATINGS_HEADER}{end}{body}".encode())
            job = import_ratings(path, rejects=report)
            assert job.rows_rejected == len(rejects)
            assert job.rows_created + job.rows_updated + job.rows_unchanged == len(scores)
            assert job.rows_read == len(rejects) + len(scores)
            with report.open(newline="") as file:
                written = [(int(line), reason) for line, reason, _ in list(csv.reader(file))[1:]]
            assert written == sorted((line, str(reason)) for line, reason in rejects.items())
    stored = Rating.objects.values_list("rater__source_id", "anime_id", "score")
    assert {(user, anime): score for user, anime, score in stored} == expected
