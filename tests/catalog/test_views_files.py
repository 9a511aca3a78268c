"""Importing and exporting a list by the pages."""

import gzip
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Dismissal, ImportJob, Profile, Rater, Rating
from catalog.services import mal_import
from tests.catalog.mal_files import anime, export
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

State = ImportJob.State


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    for n in (1, 2, 3):
        AnimeFactory.create(id=n, title=f"Title {n}", episodes=12)


def row(anime_id: int, **said: Any) -> str:
    defaults = {"series_title": f"Title {anime_id}", "my_watched_episodes": 12}
    return anime(anime_id, **{**defaults, **said})


def file(content: bytes | None = None, name: str = "animelist.xml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, export(row(1), row(2)) if content is None else content)


@pytest.fixture
def job(alice: Rater) -> ImportJob:
    """A file of alice's that waits for her decision."""
    assert alice.user is not None
    RatingFactory.create(rater=alice, anime_id=2, score=3, episodes_watched=12)
    content = export(row(1, my_score=9), row(2, my_score=7), row(3, my_score=12), row(99))
    return mal_import.upload(user=alice.user, file=file(content))


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    for path in ("import/", "import/1/", "export/", "export/animelist.xml"):
        answer = client.get(f"/my-list/{path}")
        assert answer["Location"] == f"/accounts/login/?next=/my-list/{path}"
    for path in ("import/1/apply/", "import/1/cancel/"):
        assert client.post(f"/my-list/{path}")["Location"] == "/accounts/login/?next=%2F"
    assert client.post("/my-list/import/", {"file": file()}).status_code == 302
    assert not ImportJob.objects.exists()


def test_upload_leads_to_the_preview(alice_client: Client) -> None:
    answer = alice_client.post("/my-list/import/", {"file": file()})
    job = ImportJob.objects.get()
    assert answer["Location"] == f"/my-list/import/{job.pk}/"
    assert (job.state, job.requested_by, job.kind) == (
        State.AWAITING,
        Rater.objects.get().user,
        ImportJob.Kind.MAL,
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"hello", "This is not XML"),
        (b"<!DOCTYPE html><html></html>", "This is a web page, not an export."),
    ],
)
def test_wrong_file_is_refused_in_a_sentence(
    alice_client: Client, content: bytes, sentence: str
) -> None:
    answer = alice_client.post("/my-list/import/", {"file": file(content)})
    assert answer.status_code == 200
    assert sentence in ReadPage(answer).text
    assert not ImportJob.objects.exists()


def test_no_file_is_refused_in_a_sentence(alice_client: Client) -> None:
    answer = alice_client.post("/my-list/import/", {})
    assert answer.status_code == 200
    assert "Choose a file first." in ReadPage(answer).text


def test_file_above_the_limit_is_refused_and_not_stored(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.views.files.MAX_UPLOAD_BYTES", 1024 * 1024)
    stored: list[int] = []
    monkeypatch.setattr(
        "django.core.files.uploadhandler.TemporaryFileUploadHandler.receive_data_chunk",
        lambda handler, data, start: stored.append(len(data)),
    )
    answer = alice_client.post("/my-list/import/", {"file": file(b"x" * 3 * 1024 * 1024)})
    assert answer.status_code == 200
    assert "The file has 3.0 MB; at most 20 MB can be read." in ReadPage(answer).text
    assert sum(stored) <= 1024 * 1024


def test_file_above_the_limit_with_a_length_that_lies(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is what comes, and not what the request says of itself."""
    monkeypatch.setattr("catalog.views.files.MAX_UPLOAD_BYTES", 100_000)
    monkeypatch.setattr("catalog.uploads.UploadLimit.announced", None)
    answer = alice_client.post("/my-list/import/", {"file": file(b"x" * 300_000)})
    assert answer.status_code == 200
    assert "The file has more than 20 MB" in ReadPage(answer).text


def test_upload_needs_the_token_against_forgery(alice: Rater) -> None:
    client = logged_in(alice.user)
    client.handler.enforce_csrf_checks = True
    assert client.post("/my-list/import/", {"file": file()}).status_code == 403
    token = re.search(
        r'csrfmiddlewaretoken" value="(\w+)"', client.get("/my-list/import/").content.decode()
    )
    assert token is not None
    sent = {"csrfmiddlewaretoken": token[1], "file": file()}
    assert client.post("/my-list/import/", sent).status_code == 302
    assert ImportJob.objects.count() == 1


def test_preview_shows_what_would_change(alice_client: Client, job: ImportJob) -> None:
    page = ReadPage(alice_client.get(f"/my-list/import/{job.pk}/"))
    assert "New 1 Different 1 Details to add 0 The same 0 Unknown here 1 Left out 1" in page.text
    assert "Title 2 Score: 3 → 7" in page.text
    assert "Title 1 Completed, 9 out of 10, 12 episodes" in page.text
    assert "Title 99 Completed, 8 out of 10, 12 episodes" in page.text
    assert "Title 3 (id 3): “12” the score is not a whole number from 0 to 10" in page.text
    assert [choice["value"] for choice in page.all("input", type="radio")] == ["mine", "theirs"]
    assert [tick["value"] for tick in page.all("input", name="otherwise")] == ["2"]


@pytest.mark.parametrize(
    ("sent", "score"),
    [
        ({"choice": "mine"}, 3),
        ({"choice": "theirs"}, 7),
        ({"choice": "mine", "otherwise": ["2", "77"]}, 7),
        ({"choice": "theirs", "otherwise": ["2", "x"]}, 3),
    ],
)
def test_import_does_what_was_chosen_and_tells_it(
    alice_client: Client, job: ImportJob, sent: dict[str, str], score: int
) -> None:
    answer = alice_client.post(f"/my-list/import/{job.pk}/apply/", sent, follow=True)
    assert answer.redirect_chain == [(f"/my-list/import/{job.pk}/", 302)]
    text = ReadPage(answer).text
    taken = int(score == 7)
    assert f"Added 1 Replaced by theirs {taken} Kept as mine {1 - taken}" in text
    assert ("Score: 3 → 7" in text) == bool(taken)
    assert "Title 1 Completed, 9 out of 10, 12 episodes" in text
    assert list(Rating.objects.order_by("anime_id").values_list("anime_id", "score")) == [
        (1, 9),
        (2, score),
    ]


def test_nothing_happens_without_a_choice(alice_client: Client, job: ImportJob) -> None:
    answer = alice_client.post(f"/my-list/import/{job.pk}/apply/", {}, follow=True)
    assert "Choose what counts for the titles that differ." in ReadPage(answer).text
    job.refresh_from_db()
    assert job.state == State.AWAITING
    assert Rating.objects.count() == 1


def test_a_file_can_be_left_alone(alice_client: Client, job: ImportJob) -> None:
    answer = alice_client.post(f"/my-list/import/{job.pk}/cancel/", follow=True)
    assert "animelist.xml was not imported. Your list is as it was." in ReadPage(answer).text
    page = ReadPage(alice_client.get(f"/my-list/import/{job.pk}/"))
    assert "This file was not imported" in page.text
    assert Rating.objects.count() == 1


def test_decided_is_decided(alice_client: Client, job: ImportJob) -> None:
    alice_client.post(f"/my-list/import/{job.pk}/apply/", {"choice": "mine"})
    for action in ("apply", "cancel"):
        answer = alice_client.post(
            f"/my-list/import/{job.pk}/{action}/", {"choice": "theirs"}, follow=True
        )
        assert "has been decided on already" in ReadPage(answer).text
    assert Rating.objects.get(anime_id=2).score == 3


def test_charlie_learns_nothing_of_it(charlie_client: Client, job: ImportJob) -> None:
    assert charlie_client.get(f"/my-list/import/{job.pk}/").status_code == 404
    for action in ("apply", "cancel"):
        answer = charlie_client.post(f"/my-list/import/{job.pk}/{action}/", {"choice": "theirs"})
        assert answer.status_code == 404
    assert "animelist.xml" not in ReadPage(charlie_client.get("/my-list/import/")).text
    job.refresh_from_db()
    assert job.state == State.AWAITING
    assert Rating.objects.get().score == 3


def test_jobs_of_other_kinds_are_not_shown(alice: Rater, alice_client: Client) -> None:
    other = ImportJob.objects.create(kind=ImportJob.Kind.RATINGS, requested_by=alice.user)
    assert alice_client.get(f"/my-list/import/{other.pk}/").status_code == 404


def test_preview_whose_file_is_gone_says_so(alice_client: Client, job: ImportJob) -> None:
    job.upload.storage.delete(str(job.upload.name))
    answer = alice_client.get(f"/my-list/import/{job.pk}/", follow=True)
    assert answer.redirect_chain == [("/my-list/import/", 302)]
    assert "The file is gone. Upload it again." in ReadPage(answer).text


def test_adult_titles_are_counted_and_not_named(alice: Rater, alice_client: Client) -> None:
    assert alice.user is not None
    AnimeFactory.create(id=4, title="Adult Title", is_adult=True, episodes=12)
    job = mal_import.upload(user=alice.user, file=file(export(row(1), row(4))))
    page = ReadPage(alice_client.get(f"/my-list/import/{job.pk}/"))
    assert "New 2" in page.text
    assert "1 adult title is counted and imported, but not named here" in page.text
    assert "Adult Title" not in page.text
    alice_client.post(f"/my-list/import/{job.pk}/apply/", {"choice": "mine"})
    assert Rating.objects.count() == 2
    result = f"/my-list/import/{job.pk}/"
    assert "Adult Title" not in ReadPage(alice_client.get(result)).text
    Profile.objects.filter(user=alice.user).update(show_adult=True)
    # Another browser: an account's settings are read when it logs in.
    assert "Adult Title" in ReadPage(logged_in(alice.user).get(result)).text


def test_many_titles_are_cut_with_a_count(
    alice: Rater, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.views.files.SHOWN_TITLES", 2)
    assert alice.user is not None
    job = mal_import.upload(user=alice.user, file=file(export(row(1), row(2), row(3))))
    assert "And 1 more." in ReadPage(alice_client.get(f"/my-list/import/{job.pk}/")).text


def test_queries_of_the_preview_do_not_grow(
    alice: Rater, alice_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(4, 40):
        AnimeFactory.create(id=n, title=f"Title {n}", genres=[])
    assert alice.user is not None
    alice_client.get("/my-list/import/")
    for n in (1, 39):
        rows = [row(number) for number in range(1, n + 1)]
        job = mal_import.upload(user=alice.user, file=file(export(*rows)))
        # session, account with its settings, job, rater, titles, ratings, kept entries
        with django_assert_num_queries(7):
            alice_client.get(f"/my-list/import/{job.pk}/")


@pytest.fixture
def listed(alice: Rater) -> None:
    RatingFactory.create(rater=alice, anime_id=1, score=9, episodes_watched=12)
    Dismissal.objects.create(rater=alice, anime_id=3)


def download(client: Client, ending: str) -> bytes:
    answer = client.get(f"/my-list/export/animelist.{ending}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == (
        f'attachment; filename="osusume-alice-{timezone.localdate()}.{ending}"'
    )
    assert "no-store" in answer["Cache-Control"]
    return answer.getvalue()


@pytest.mark.usefixtures("listed")
def test_list_is_downloaded_in_every_kind(alice_client: Client) -> None:
    xml = download(alice_client, "xml")
    assert b"<series_title><![CDATA[Title 1]]></series_title>" in xml
    assert gzip.decompress(download(alice_client, "xml.gz")) == xml
    assert download(alice_client, "csv").startswith(b"anime_id,title,")
    assert [one["anime_id"] for one in json.loads(download(alice_client, "json"))["titles"]] == [1]


def test_unknown_kind_of_file(alice_client: Client) -> None:
    assert alice_client.get("/my-list/export/animelist.exe").status_code == 404


@pytest.mark.usefixtures("listed")
def test_export_page_offers_every_kind(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/my-list/export/"))
    assert "Your list has 1 title, 1 of them with a score." in page.text
    for ending in ("xml", "xml.gz", "csv", "json"):
        assert page.all("a", href=f"/my-list/export/animelist.{ending}")


@pytest.mark.usefixtures("listed")
def test_charlie_exports_a_list_of_his_own(charlie_client: Client) -> None:
    answer = charlie_client.get("/my-list/export/animelist.json")
    assert json.loads(answer.getvalue())["titles"] == []
    assert "<anime>" not in charlie_client.get("/my-list/export/animelist.xml").getvalue().decode()


@pytest.mark.parametrize("ending", ["xml", "xml.gz", "json"])
@pytest.mark.usefixtures("listed")
def test_an_export_imported_again_changes_nothing(alice_client: Client, ending: str) -> None:
    before = download(alice_client, ending)
    answer = alice_client.post(
        "/my-list/import/", {"file": file(before, f"a.{ending}")}, follow=True
    )
    text = ReadPage(answer).text
    assert "New 0 Different 0 Details to add 0 The same 1 Unknown here 0 Left out 0" in text
    assert "Your list says all of this already: there is nothing to import." in text
    assert download(alice_client, ending) == before
