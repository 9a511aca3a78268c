"""People who rate while an import runs: every score arrives, and nobody gets an error."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from rest_framework.test import APIClient

from catalog.models import Anime, ImportJob, Rater, Rating
from catalog.services import ratings
from tests.catalog.services.csv_samples import import_ratings, make_titles, write_ratings
from tests.catalog.services.other_process import start_python
from tests.factories import AccountRaterFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

# Small batches: many commits, so that the two sides meet often.
IMPORT = """
import sys
from pathlib import Path
from catalog.models import ImportJob
from catalog.services import csv_import, csv_merge_ratings
csv_merge_ratings.LARGEST_BATCH = 1000
csv_import.import_file(kind=ImportJob.Kind.RATINGS, path=Path(sys.argv[1]))
"""
N_TITLES, N_USERS = 100, 120


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_titles(range(1, N_TITLES + 1))
    rows = (
        f"{user},{anime},{(user + anime) % 10 + 1}"
        for user in range(1, N_USERS + 1)
        for anime in range(1, N_TITLES + 1)
    )
    return write_ratings(tmp_path, *rows)


def import_beside(path: Path, *writers: Callable[[int], None]) -> list[int]:
    """Import in a process of its own while each writer is called with 0, 1, 2, ... in a thread.

    Returns how often each was called; fails when a call or the import failed.
    """
    process = start_python(IMPORT, str(path))

    def work(write: Callable[[int], None]) -> int:
        count = 0
        try:
            # At least so many calls, in case the import is quick.
            while process.poll() is None or count < 20:
                write(count)
                count += 1
        finally:
            connection.close()
        return count

    with ThreadPoolExecutor(len(writers)) as pool:
        done = [pool.submit(work, writer) for writer in writers]
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    return [future.result() for future in done]


def score_of(call: int) -> int:
    return call % 10 + 1


def test_scores_of_accounts_arrive(path: Path) -> None:
    raters = [AccountRaterFactory.create() for _ in range(3)]
    titles = list(Anime.objects.order_by("pk"))

    def writer(rater: Rater) -> Callable[[int], None]:
        def write(call: int) -> None:
            title = titles[call % N_TITLES]
            ratings.rate(rater=Rater.objects.get(pk=rater.pk), anime=title, score=score_of(call))

        return write

    counts = import_beside(path, *(writer(rater) for rater in raters))
    for rater, count in zip(raters, counts, strict=True):
        expected = {titles[call % N_TITLES].pk: score_of(call) for call in range(count)}
        assert dict(rater.ratings.values_list("anime_id", "score")) == expected
        rater.refresh_from_db()
        assert rater.revision == count
    assert Rating.objects.filter(rater__source="import").count() == N_TITLES * N_USERS
    assert ImportJob.objects.get().state == ImportJob.State.SUCCEEDED


def test_scores_through_the_api_get_no_server_error(path: Path) -> None:
    users = [UserFactory.create() for _ in range(2)]
    clients = [APIClient() for _ in users]
    for client, user in zip(clients, users, strict=True):
        client.force_authenticate(user)
    statuses: list[int] = []

    def writer(client: APIClient) -> Callable[[int], None]:
        def write(call: int) -> None:
            title = call % N_TITLES + 1
            answer = client.put(f"/api/v1/me/ratings/{title}/", {"score": score_of(call)})
            statuses.append(answer.status_code)

        return write

    counts = import_beside(path, *(writer(client) for client in clients))
    assert set(statuses) <= {200, 201}
    for user, count in zip(users, counts, strict=True):
        expected = {call % N_TITLES + 1: score_of(call) for call in range(count)}
        found = Rating.objects.filter(rater__user=user).values_list("anime_id", "score")
        assert dict(found) == expected


def test_raters_of_the_import_itself_can_be_written_to(path: Path, tmp_path: Path) -> None:
    """Both sides change the same raters, in opposite orders, and neither waits for ever."""
    import_ratings(path)
    newer = tmp_path / "newer.csv"
    newer.write_text(path.read_text().replace(",7\n", ",3\n"))
    raters = list(Rater.objects.order_by("-source_id"))
    titles = list(Anime.objects.order_by("pk"))

    def write(call: int) -> None:
        rater, title = raters[call % N_USERS], titles[call % N_TITLES]
        ratings.rate(rater=Rater.objects.get(pk=rater.pk), anime=title, score=score_of(call))

    (count,) = import_beside(newer, write)
    job = ImportJob.objects.latest("pk")
    assert job.state == ImportJob.State.SUCCEEDED
    assert (job.rows_read, job.rows_created) == (N_TITLES * N_USERS, 0)
    assert Rating.objects.count() == N_TITLES * N_USERS
    revisions = Rater.objects.order_by("-source_id").values_list("revision", flat=True)
    rated = [len(range(index, count, N_USERS)) for index in range(N_USERS)]
    # 1 of the first import, 1 of the second one, 1 of each score: no change is lost.
    assert [revision - 2 for revision in revisions] == rated
