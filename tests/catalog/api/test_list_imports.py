import gzip
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog import uploads
from catalog.api import file_parsers, import_views
from catalog.models import Anime, ImportJob, Profile, Rating, User
from catalog.services import mal_import
from catalog.services.ratings import rate, rater_for
from tests.api import ROOT, client_of, errors, problem
from tests.catalog.mal_files import anime, export
from tests.factories import AnimeFactory, UserFactory

ADDRESS = f"{ROOT}me/imports/"
State = ImportJob.State


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    for n in (1, 2, 3, 4):
        AnimeFactory.create(id=n, title=f"Title {n}", episodes=12)


def row(anime_id: int, **said: Any) -> str:
    defaults = {"series_title": f"Title {anime_id}", "my_watched_episodes": 12}
    return anime(anime_id, **{**defaults, **said})


CONTENT = export(
    row(1, my_score=9),
    row(2, my_score=7),
    row(3, my_score=12),
    row(4, my_score=5),
    row(99, series_title="A title of next year", my_status="Plan to Watch", my_score=0),
)


@pytest.fixture
def listed(user: User) -> None:
    """Titles 2 and 4 on the list: one otherwise than in the file, one alike."""
    for anime_id, score in [(2, 3), (4, 5)]:
        rating = rate(rater=rater_for(user=user), anime=Anime.objects.get(pk=anime_id), score=score)
        Rating.objects.filter(pk=rating.pk).update(episodes_watched=12)


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def send(
    client: APIClient, content: Any, media_type: str = "application/xml", **headers: str
) -> Any:
    return client.generic("POST", ADDRESS, content, content_type=media_type, headers=headers)


def send_form(client: APIClient, **fields: Any) -> Any:
    return send(client, encode_multipart(BOUNDARY, fields), MULTIPART_CONTENT)


def waiting(user: User, content: bytes = CONTENT) -> ImportJob:
    return mal_import.upload(user=user, file=ContentFile(content, "animelist.xml"))


def test_an_upload_shows_what_it_would_change(client: APIClient, user: User, listed: None) -> None:
    answer = send_form(client, file=SimpleUploadedFile("animelist.xml", CONTENT))

    body, job = answer.json(), ImportJob.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{ADDRESS}{job.pk}/"
    assert body == client.get(answer["Location"]).json()
    assert (body["id"], body["state"], body["file_name"]) == (job.pk, "awaiting", "animelist.xml")
    assert (body["rows_read"], body["rows_rejected"], body["result"]) == (5, 1, None)
    assert body["rejects"][0]["reason"] == "the score is not a whole number from 0 to 10"
    assert (body["rejects"][0]["count"], len(body["rejects"][0]["samples"])) == (1, 1)
    preview = body["preview"]
    assert preview["counts"] == {
        "new": 1,
        "changed": 1,
        "details": 1,
        "same": 0,
        "unknown": 1,
        "dismissals": 0,
    }
    assert preview["new"] == [
        {
            "anime_id": 1,
            "title": "Title 1",
            "before": None,
            "after": {"status": "completed", "score": 9, "episodes_watched": 12},
            "differences": [],
            "notes": [],
        }
    ]
    assert preview["changed"] == [
        {
            "anime_id": 2,
            "title": "Title 2",
            "before": {"status": "completed", "score": 3, "episodes_watched": 12},
            "after": {"status": "completed", "score": 7, "episodes_watched": 12},
            "differences": [{"label": "Score", "old": "3", "new": "7"}],
            "notes": [],
        }
    ]
    assert [entry["title"] for entry in preview["unknown"]] == ["A title of next year"]
    assert Rating.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (CONTENT, "application/xml"),
        (gzip.compress(CONTENT, mtime=0), "application/gzip"),
        (CONTENT, "application/octet-stream"),
        (CONTENT, "application/xml; charset=utf-8"),
    ],
)
def test_the_file_may_be_the_body_itself(
    client: APIClient, content: bytes, media_type: str
) -> None:
    named = {"Content-Disposition": 'attachment; filename="mine.xml"'}
    answer = send(client, content, media_type, **named)

    assert answer.status_code == 201, answer.content
    assert (answer.json()["file_name"], answer.json()["rows_read"]) == ("mine.xml", 5)


def test_what_is_exported_can_be_imported(client: APIClient, listed: None) -> None:
    answer = client.get(f"{ROOT}me/exports/animelist.json")

    job = send(client, content_of(answer), "application/json").json()

    assert job["preview"]["counts"]["same"] == 2
    assert job["rejects"] == []


@pytest.mark.parametrize(
    ("conflicts", "otherwise", "score"),
    [
        ("keep-mine", [], 3),
        ("take-theirs", [], 7),
        ("keep-mine", [2], 7),
        ("take-theirs", [2], 3),
    ],
)
@pytest.mark.usefixtures("listed")
def test_a_waiting_file_is_applied(
    client: APIClient, user: User, conflicts: str, otherwise: list[int], score: int
) -> None:
    job = waiting(user)

    body = client.post(
        f"{ADDRESS}{job.pk}/apply/", {"conflicts": conflicts, "otherwise": otherwise}
    ).json()

    replaced = int(score == 7)
    assert (body["state"], body["preview"]) == ("succeeded", None)
    assert body["result"] == {
        "conflicts": conflicts,
        "created": 1,
        "replaced": replaced,
        "kept_mine": 1 - replaced,
        "details": 1,
        "same": 0,
        "unknown": 1,
        "dismissed": 0,
    }
    assert dict(Rating.objects.values_list("anime_id", "score")) == {1: 9, 2: score, 4: 5}
    again = client.post(f"{ADDRESS}{job.pk}/apply/", {"conflicts": conflicts})
    problem(again, 409, "wrong_state")


def test_a_waiting_file_is_forgotten(client: APIClient, user: User) -> None:
    job = waiting(user)

    assert client.delete(f"{ADDRESS}{job.pk}/").status_code == 204

    body = client.get(f"{ADDRESS}{job.pk}/").json()
    assert (body["state"], body["preview"], body["result"]) == ("cancelled", None, None)
    problem(client.delete(f"{ADDRESS}{job.pk}/"), 409, "wrong_state")
    assert not Rating.objects.exists()


def test_a_file_that_is_gone_is_said_to_be(client: APIClient, user: User) -> None:
    job = waiting(user)
    job.upload.delete(save=False)

    body = problem(client.get(f"{ADDRESS}{job.pk}/"), 409, "wrong_state")

    assert body["detail"] == "The file is gone. Upload it again."
    apply = client.post(f"{ADDRESS}{job.pk}/apply/", {"conflicts": "keep-mine"})
    problem(apply, 409, "wrong_state")


def test_imports_come_newest_first_page_by_page(client: APIClient, user: User) -> None:
    jobs = [waiting(user).pk for _ in range(3)]
    ImportJob.objects.create(kind=ImportJob.Kind.RATINGS, requested_by=user, file_name="r.csv")

    first = client.get(ADDRESS, {"limit": 2}).json()
    second = client.get(first["next"]).json()

    assert [job["id"] for job in first["results"] + second["results"]] == jobs[::-1]
    assert list(first["results"][0]) == [
        "id",
        "state",
        "file_name",
        "error",
        "rows_read",
        "rows_rejected",
        "created_at",
        "finished_at",
    ]


def test_adult_titles_are_counted_and_not_listed_unless_shown(
    client: APIClient, user: User
) -> None:
    AnimeFactory.create(id=5, is_adult=True)
    job = waiting(user, export(row(1), row(5)))

    preview = client.get(f"{ADDRESS}{job.pk}/").json()["preview"]
    assert (preview["counts"]["new"], preview["hidden"]) == (2, 1)
    assert [entry["anime_id"] for entry in preview["new"]] == [1]

    Profile.objects.create(user=user, show_adult=True)
    preview = client.get(f"{ADDRESS}{job.pk}/").json()["preview"]
    assert [entry["anime_id"] for entry in preview["new"]] == [1, 5]


def test_charlie_sees_nothing_of_it(charlies_client: APIClient, user: User) -> None:
    job = waiting(user)

    assert charlies_client.get(ADDRESS).json()["results"] == []
    for answer in (
        charlies_client.get(f"{ADDRESS}{job.pk}/"),
        charlies_client.delete(f"{ADDRESS}{job.pk}/"),
        charlies_client.post(f"{ADDRESS}{job.pk}/apply/", {"conflicts": "keep-mine"}),
    ):
        problem(answer, 404, "not_found")
    job.refresh_from_db()
    assert job.state == State.AWAITING


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04abc", "This is a ZIP archive: unpack it, and upload the file in it."),
        (b"<html></html>", "This is a web page, not an export."),
    ],
)
def test_what_is_no_list_is_refused(client: APIClient, content: bytes, said: str) -> None:
    answer = send_form(client, file=SimpleUploadedFile("list.xml", content))

    assert problem(answer, 422, "unreadable_file")["detail"].startswith(said[:-1])
    assert not ImportJob.objects.exists()


def test_a_media_type_that_is_no_lists_is_refused(client: APIClient) -> None:
    body = problem(send(client, b"x", "text/html"), 415, "unsupported_media_type")

    assert body["detail"] == (
        "The body must be multipart/form-data or application/xml or application/gzip or "
        "application/json or application/octet-stream, and the header Content-Type must say so."
    )


def test_a_file_above_the_limit_is_refused_however_it_comes(
    client: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_parsers, "MAX_UPLOAD_BYTES", 1000)
    monkeypatch.setattr(import_views, "MAX_UPLOAD_BYTES", 1000)
    assert len(CONTENT) > 1000
    session = APIClient(enforce_csrf_checks=False)
    session.force_login(user, backend="config.authentication.AccountBackend")

    problem(send(client, CONTENT), 413, "body_too_large")
    for somebody in (client, session):
        answer = send_form(somebody, file=SimpleUploadedFile("a.xml", CONTENT))
        problem(answer, 413, "body_too_large")
    assert not ImportJob.objects.exists()


def test_the_session_uploads_as_well(user: User) -> None:
    session = APIClient(enforce_csrf_checks=True)
    session.force_login(user, backend="config.authentication.AccountBackend")

    problem(send_form(session, file=SimpleUploadedFile("a.xml", CONTENT)), 403, "csrf_failed")

    lenient = APIClient()
    lenient.force_login(user, backend="config.authentication.AccountBackend")
    answer = send_form(lenient, file=SimpleUploadedFile("a.xml", CONTENT))
    assert answer.status_code == 201


def test_bad_forms_and_decisions_are_named(client: APIClient, user: User) -> None:
    job = waiting(user)
    apply = f"{ADDRESS}{job.pk}/apply/"

    assert errors(send_form(client)) == [("file", "required")]
    assert errors(send_form(client, file="text")) == [("file", "invalid")]
    file = SimpleUploadedFile("a.xml", CONTENT)
    assert errors(send_form(client, file=file, kind="mal")) == [("kind", "unknown")]
    broken = send(client, b"x", "multipart/form-data")
    assert errors(broken) == [("body", "invalid")]
    assert errors(client.post(apply)) == [("conflicts", "required")]
    assert errors(client.post(apply, {"conflicts": "both"})) == [("conflicts", "invalid_choice")]
    assert errors(client.post(apply, {"conflicts": "keep-mine", "otherwise": ["2"]})) == [
        ("otherwise.0", "invalid")
    ]


@pytest.mark.parametrize("n_titles", [2, 40])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    for n in range(100, 100 + n_titles):
        AnimeFactory.create(id=n)
    job = waiting(user, export(*(row(n) for n in range(100, 100 + n_titles))))
    rater_for(user=user)

    # token, job, rater, titles, list, kept details, profile
    with django_assert_num_queries(7):
        assert len(client.get(f"{ADDRESS}{job.pk}/").json()["preview"]["new"]) == n_titles


def test_an_upload_limit_knows_the_length_that_was_announced() -> None:
    class Request:
        META = {"CONTENT_LENGTH": "11"}  # noqa: RUF012 - a stand-in

    assert uploads.UploadLimit(Request(), limit=10).announced == 11  # type: ignore[arg-type]
    assert uploads.UploadLimit(Request(), limit=11).announced is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ending", "media_type", "begins"),
    [
        ("xml", "application/xml", b"<?xml"),
        ("xml.gz", "application/gzip", b"\x1f\x8b"),
        ("csv", "text/csv; charset=utf-8", b""),
        ("json", "application/json", b"{"),
    ],
)
@pytest.mark.usefixtures("listed")
def test_a_list_is_exported(client: APIClient, ending: str, media_type: str, begins: bytes) -> None:
    answer = client.get(f"{ROOT}me/exports/animelist.{ending}")

    content = content_of(answer)
    assert (answer.status_code, answer["Content-Type"]) == (200, media_type)
    name = f"osusume-mia-{timezone.localdate()}.{ending}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert content.startswith(begins)
    plain = gzip.decompress(content) if ending == "xml.gz" else content
    assert b"Title 2" in plain
    assert b"Title 1" not in plain


def test_an_export_is_ones_own(charlies_client: APIClient, listed: None) -> None:
    answer = charlies_client.get(f"{ROOT}me/exports/animelist.csv")

    assert b"Title 2" not in content_of(answer)


def test_other_endings_other_forms_and_visitors_are_refused(
    client: APIClient, visitor: APIClient
) -> None:
    problem(client.get(f"{ROOT}me/exports/animelist.pdf"), 404, "not_found")
    address = f"{ROOT}me/exports/animelist.csv"
    problem(client.get(address, headers={"Accept": "text/html"}), 406, "not_acceptable")
    problem(visitor.get(address), 401, "not_authenticated")
    assert errors(client.get(address, {"format": "csv"})) == [("format", "unknown")]


@pytest.mark.parametrize("n_titles", [1, 30])
def test_an_export_costs_the_same_queries_however_long(
    django_assert_num_queries: DjangoAssertNumQueries, n_titles: int
) -> None:
    someone = UserFactory.create()
    for _ in range(n_titles):
        rate(rater=rater_for(user=someone), anime=AnimeFactory.create(), score=5)
    client = client_of(someone)

    with django_assert_num_queries(4):  # token, rater, ratings, kept details
        answer = client.get(f"{ROOT}me/exports/animelist.csv")
        assert len(content_of(answer).splitlines()) == n_titles + 1
