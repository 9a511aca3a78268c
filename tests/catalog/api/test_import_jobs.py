"""Imports of titles and ratings as jobs, for administrators."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog import tasks
from catalog.models import Anime, ImportJob, User
from catalog.services import mal_import
from catalog.services.csv_import import run_waiting
from catalog.services.tokens import Scope
from tests.api import ROOT, client_of, errors, problem
from tests.catalog.mal_files import anime, export
from tests.factories import UserFactory

ADDRESS = f"{ROOT}imports/"
State, Kind = ImportJob.State, ImportJob.Kind
CSV = b"""anime_id,name,genre,type,episodes,rating,members
1,Cowboy Bebop,"Action, Sci-Fi",TV,26,8.82,486824
2,Nothing,,Radio,1,8,10
"""


@pytest.fixture
def admin_client(db: None, monkeypatch: pytest.MonkeyPatch) -> APIClient:
    monkeypatch.setattr(tasks, "wake_worker", lambda: None)
    admin = UserFactory.create(username="ada", password=None, is_staff=True)
    return client_of(admin, *Scope)


def send(client: APIClient, **fields: Any) -> Any:
    content: Any = encode_multipart(BOUNDARY, fields)
    return client.generic("POST", ADDRESS, content, content_type=MULTIPART_CONTENT)


def job(**values: Any) -> ImportJob:
    return ImportJob.objects.create(**{"kind": Kind.RATINGS, "file_name": "r.csv", **values})


def test_an_upload_is_queued_carried_out_and_followed(admin_client: APIClient) -> None:
    answer = send(admin_client, kind="anime", file=SimpleUploadedFile("anime.csv", CSV))

    body, queued = answer.json(), ImportJob.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{ADDRESS}{queued.pk}/"
    assert list(body) == [
        "id",
        "kind",
        "state",
        "file_name",
        "requested_by",
        "rows_read",
        "rows_created",
        "rows_updated",
        "rows_unchanged",
        "rows_rejected",
        "error",
        "created_at",
        "started_at",
        "finished_at",
        "heartbeat_at",
        "rejects",
        "summary",
    ]
    assert (body["kind"], body["state"], body["requested_by"]) == ("anime", "queued", "ada")

    run_waiting()

    done = admin_client.get(answer["Location"]).json()
    assert (done["state"], done["rows_read"], done["rows_created"]) == ("succeeded", 2, 1)
    assert done["rejects"] == [
        {
            "reason": "unknown type",
            "count": 1,
            "samples": [{"line": 3, "text": "2,Nothing,,Radio,1,8,10"}],
        }
    ]
    assert done["summary"]
    assert Anime.objects.get().title == "Cowboy Bebop"


def test_imports_come_newest_first_and_by_kind_and_state(admin_client: APIClient) -> None:
    jobs = [job(kind=kind) for kind in (Kind.ANIME, Kind.RATINGS, Kind.RATINGS)]
    failed = job(state=State.FAILED, error="The file is empty.")

    def listed(**query: str) -> list[int]:
        return [each["id"] for each in admin_client.get(ADDRESS, query).json()["results"]]

    assert listed() == [failed.pk, *(each.pk for each in reversed(jobs))]
    assert listed(kind="anime") == [jobs[0].pk]
    assert listed(state="failed") == [failed.pk]
    first = admin_client.get(ADDRESS, {"limit": "3"}).json()
    (last,) = admin_client.get(first["next"]).json()["results"]
    assert (last["id"], last["requested_by"]) == (jobs[0].pk, None)


def test_peoples_own_lists_are_none_of_them(admin_client: APIClient, user: User) -> None:
    own = mal_import.upload(user=user, file=ContentFile(export(anime(1)), "mine.xml"))

    assert admin_client.get(ADDRESS).json()["results"] == []
    problem(admin_client.get(f"{ADDRESS}{own.pk}/"), 404, "not_found")
    problem(admin_client.post(f"{ADDRESS}{own.pk}/cancel/"), 404, "not_found")


def test_an_import_is_cancelled_once(admin_client: APIClient) -> None:
    waiting = job()

    assert admin_client.post(f"{ADDRESS}{waiting.pk}/cancel/").json()["state"] == "cancelled"
    problem(admin_client.post(f"{ADDRESS}{waiting.pk}/cancel/"), 409, "wrong_state")


def test_charlie_and_tokens_without_the_scope_are_refused(
    admin_client: APIClient, charlies_client: APIClient
) -> None:
    waiting = job()
    without = client_of(User.objects.get(username="ada"))
    for client, code in ((charlies_client, "permission_denied"), (without, "insufficient_scope")):
        for answer in (
            client.get(ADDRESS),
            client.get(f"{ADDRESS}{waiting.pk}/"),
            client.post(f"{ADDRESS}{waiting.pk}/cancel/"),
            send(client, kind="anime", file=SimpleUploadedFile("anime.csv", CSV)),
        ):
            problem(answer, 403, code)
    assert ImportJob.objects.get().state == State.QUEUED


def test_what_cannot_be_is_named(admin_client: APIClient) -> None:
    file = SimpleUploadedFile("anime.csv", CSV)

    assert errors(send(admin_client, kind="anime")) == [("file", "required")]
    assert errors(send(admin_client, kind="mal", file=file)) == [("kind", "invalid_choice")]
    assert errors(admin_client.get(ADDRESS, {"state": "awaiting"})) == [("state", "invalid_choice")]
    json = admin_client.post(ADDRESS, {"kind": "anime"})
    body = problem(json, 415, "unsupported_media_type")
    assert body["detail"].startswith("The body must be multipart/form-data, and")
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("limit", ["2", "10"])
def test_the_number_of_queries_does_not_grow(
    admin_client: APIClient, django_assert_num_queries: DjangoAssertNumQueries, limit: str
) -> None:
    for _ in range(10):
        job(requested_by=UserFactory.create())

    with django_assert_num_queries(2):  # token, imports
        assert len(admin_client.get(ADDRESS, {"limit": limit}).json()["results"]) == int(limit)
