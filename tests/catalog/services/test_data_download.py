"""The archive of all that is known of an account."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from allauth.account.models import EmailAddress

from catalog.models import Dismissal, ImportJob, MalEntry, Profile, Rater, Rating, User
from catalog.services import data_download, groups, tokens
from recommender.models import Exposure
from tests.factories import AnimeFactory, RatingFactory, UserFactory

pytestmark = pytest.mark.django_db


def archive_of(user: User) -> ZipFile:
    now = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    return ZipFile(BytesIO(data_download.archive(user=user, now=now)))


def read(archive: ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


@pytest.fixture
def user(alice: Rater) -> User:
    """Alice with something of every kind, beside charlie who has as much."""
    assert alice.user is not None
    other = Rater.objects.create(user=UserFactory.create(username="charlie"))
    for number, rater in enumerate((alice, other), start=1):
        assert rater.user is not None
        first = AnimeFactory.create(id=10 * number, title=f"First of {rater.user}")
        second = AnimeFactory.create(id=10 * number + 1, title=f"Second of {rater.user}")
        RatingFactory.create(rater=rater, anime=first, score=9, episodes_watched=12)
        RatingFactory.create(
            rater=rater, anime=second, score=None, status=Rating.Status.PLAN_TO_WATCH
        )
        unwanted = AnimeFactory.create(id=10 * number + 2, title=f"Not {rater.user}")
        Dismissal.objects.create(rater=rater, anime=unwanted)
        MalEntry.objects.create(rater=rater, anime_id=first.pk, fields={"my_tags": "äöü"})
        MalEntry.objects.create(rater=rater, anime_id=990 + number, fields={"my_score": "3"})
        Profile.objects.create(user=rater.user, about=f"About {rater.user}")
        EmailAddress.objects.create(user=rater.user, email=rater.user.email, primary=True)
        tokens.issue(user=rater.user, name=f"phone of {rater.user}")
        groups.create(owner=rater.user, name=f"Group of {rater.user}")
        ImportJob.objects.create(
            kind=ImportJob.Kind.MAL, requested_by=rater.user, file_name=f"{rater.user}.xml"
        )
        Exposure.objects.create(rater=rater, anime=second, times_shown=4)
    return alice.user


def test_every_file_is_named_in_the_readme(user: User) -> None:
    archive = archive_of(user)
    names = set(archive.namelist())
    assert names >= {
        "README.txt",
        "groups.json",
        "imports.json",
        "list.csv",
        "list.json",
        "list.xml",
        "myanimelist.json",
        "not-interested.json",
        "profile.json",
        "recommendations-shown.json",
        "tokens.json",
    }
    readme = archive.read("README.txt").decode()
    assert readme.startswith("All that Osusume knows of the account alice, 2026-03-04 05:06 UTC.")
    for name in names - {"README.txt"}:
        assert f"\n{name}\n    " in readme


def test_the_profile_has_all_settings_and_no_password(user: User) -> None:
    profile = read(archive_of(user), "profile.json")
    assert (profile["username"], profile["about"], profile["is_public"]) == (
        "alice",
        "About alice",
        False,
    )
    assert profile["email_addresses"] == [
        {"email": "alice@example.org", "primary": True, "verified": False}
    ]
    settings = {field.name for field in Profile._meta.fields} - {"id", "user", "theme", "mal_info"}
    assert settings <= profile.keys()
    assert "password" not in profile


def test_the_list_is_there_in_every_format(user: User) -> None:
    archive = archive_of(user)
    titles = {each["anime_id"]: each for each in read(archive, "list.json")["titles"]}
    assert {10, 11} <= titles.keys()
    assert (titles[10]["title"], titles[10]["status"], titles[10]["score"]) == (
        "First of alice",
        "completed",
        9,
    )
    assert titles[10]["mal"]["my_tags"] == "äöü"
    assert (titles[11]["status"], titles[11]["score"]) == ("plan-to-watch", None)
    rows = archive.read("list.csv").decode().splitlines()
    assert rows[0].startswith("anime_id,title,")
    assert rows[1].startswith("10,First of alice,TV,12,completed,9,12,")
    assert b"<series_animedb_id>11</series_animedb_id>" in archive.read("list.xml")


def test_what_a_file_said_of_unknown_titles_is_there(user: User) -> None:
    assert read(archive_of(user), "myanimelist.json") == [
        {"anime_id": 10, "fields": {"my_tags": "äöü"}},
        {"anime_id": 991, "fields": {"my_score": "3"}},
    ]


def test_the_other_files_have_their_entries(user: User) -> None:
    archive = archive_of(user)
    assert [each["title"] for each in read(archive, "not-interested.json")] == ["Not alice"]
    (token,) = read(archive, "tokens.json")
    assert (token["name"], token["scopes"]) == ("phone of alice", ["read", "write"])
    (group,) = read(archive, "groups.json")
    assert (group["group"], group["is_owner"], group["state"]) == ("Group of alice", True, "joined")
    assert [each["file_name"] for each in read(archive, "imports.json")] == ["alice.xml"]
    (shown,) = read(archive, "recommendations-shown.json")
    assert (shown["anime_id"], shown["times_shown"]) == (11, 4)


def test_nothing_of_charlie_and_no_secret_is_in_it(user: User) -> None:
    archive = archive_of(user)
    text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "charlie" not in text
    digest = user.auth_token_set.get().digest
    assert digest not in text
    assert user.password not in text


def test_an_account_without_anything_has_one_too() -> None:
    archive = archive_of(UserFactory.create(username="new"))
    assert read(archive, "profile.json")["username"] == "new"
    assert read(archive, "not-interested.json") == []
    assert "list.json" not in archive.namelist(), "there is no list yet"
