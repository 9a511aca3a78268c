"""The life of an uploaded list: whose it is, how long it waits, what becomes of its file."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from catalog.models import ImportJob, Profile, Rater
from catalog.services import imports, mal_import
from catalog.services.import_errors import IllegalMove, ImportFailed
from catalog.services.mal_import import Choice
from tests.catalog.mal_files import export, info
from tests.catalog.services.mal_lists import imported, row, uploaded
from tests.factories import AnimeFactory, UserFactory

pytestmark = pytest.mark.django_db

State = ImportJob.State


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    for n in (1, 2):
        AnimeFactory.create(id=n, title=f"Title {n}", episodes=12)


def test_who_the_file_is_of_is_kept(alice: Rater) -> None:
    imported(alice, row(1))
    profile = Profile.objects.get(user=alice.user_id)
    assert profile.mal_info == {"user_id": "4711", "user_name": "mika"}


def test_ids_of_nobody_are_not_kept(alice: Rater) -> None:
    content = export(row(1), myinfo=info(user_id=0, user_name="alice"))
    mal_import.apply(job=uploaded(alice, content=content), choice=Choice.MINE)
    assert not Profile.objects.filter(user=alice.user_id).exists()


def test_decided_is_decided(alice: Rater) -> None:
    job = imported(alice, row(1))
    moves: list[Callable[[], object]] = [
        lambda: mal_import.apply(job=job, choice=Choice.MINE),
        lambda: mal_import.discard(job=job),
    ]
    for move in moves:
        with pytest.raises(IllegalMove, match="is succeeded"):
            move()
    with pytest.raises(ImportFailed, match="Upload it again"):
        mal_import.preview(job=job)


def test_stored_file_goes_with_the_decision(alice: Rater) -> None:
    for decide in (
        lambda job: mal_import.apply(job=job, choice=Choice.MINE),
        lambda job: mal_import.discard(job=job),
    ):
        job = uploaded(alice, row(1))
        name = str(job.upload.name)
        assert default_storage.exists(name)
        decide(job)
        assert not default_storage.exists(name)
        assert ImportJob.objects.get(pk=job.pk).upload.name == ""


def test_old_previews_are_forgotten(alice: Rater) -> None:
    old, new = uploaded(alice, row(1)), uploaded(alice, row(2))
    ImportJob.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert mal_import.discard_old() == 1
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == (State.CANCELLED, State.AWAITING)
    assert "Upload the file again" in old.error


def test_a_person_has_few_waiting_and_the_oldest_gives_way(alice: Rater) -> None:
    bob = UserFactory.create(username="bob")
    others = mal_import.upload(user=bob, file=SimpleUploadedFile("a.xml", export(row(1))))
    jobs = [uploaded(alice, row(1)) for _ in range(4)]
    states = [ImportJob.objects.get(pk=job.pk).state for job in (others, *jobs)]
    assert states == [State.AWAITING, State.CANCELLED, *[State.AWAITING] * 3]


def test_a_file_that_is_no_list_makes_no_job(alice: Rater) -> None:
    with pytest.raises(ImportFailed, match="empty"):
        uploaded(alice, content=b"")
    assert not ImportJob.objects.exists()


def test_file_above_the_limit_is_refused_with_its_size(
    alice: Rater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.services.mal_import.MAX_UPLOAD_BYTES", 100)
    with pytest.raises(ImportFailed, match=r"The file has 0\.0 MB; at most 20 MB can be read"):
        uploaded(alice, row(1))


def test_list_waits_for_its_owner_and_not_for_a_worker(alice: Rater) -> None:
    uploaded(alice, row(1))
    assert imports.claim() is None
