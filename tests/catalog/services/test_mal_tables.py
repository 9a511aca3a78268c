"""A list as CSV and as our own JSON, and the JSON imported again."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Dismissal, MalEntry, Rater, Rating
from catalog.services import mal_import, mal_tables
from catalog.services.import_errors import ImportFailed
from catalog.services.mal_import import Choice
from catalog.services.mal_json import read_json
from tests.catalog.mal_files import anime, export
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory

pytestmark = pytest.mark.django_db

Status = Rating.Status
CHANGED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def imported(rater: Rater, content: bytes) -> None:
    assert rater.user is not None
    job = mal_import.upload(user=rater.user, file=SimpleUploadedFile("a", content))
    mal_import.apply(job=job, choice=Choice.THEIRS)


def as_csv(rater: Rater) -> list[dict[str, str]]:
    content = b"".join(mal_tables.csv_chunks(rater)).decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


def as_json(rater: Rater) -> Any:
    return json.loads(b"".join(mal_tables.json_chunks(rater)))


@pytest.fixture
def listed(alice: Rater) -> None:
    """A scored title with details, a plan with a kept score, a title unknown here, a dismissal."""
    AnimeFactory.create(id=1, title="First", episodes=12)
    AnimeFactory.create(id=2, title="Second", episodes=None, type=None)
    AnimeFactory.create(id=3, title="Third")
    details = {"my_tags": "a, b", "my_start_date": "2020-01-02", "my_comments": 'He said "no"\nyes'}
    imported(
        alice,
        export(
            anime(1, series_title="First", my_watched_episodes=12, series_episodes=12, **details),
            anime(2, my_status="Plan to Watch", my_score=9, my_watched_episodes=0),
            anime(77, series_title="Elsewhere", series_episodes=24, my_score=6),
        ),
    )
    Rating.objects.update(updated_at=CHANGED)
    Dismissal.objects.create(rater=alice, anime_id=3)


@pytest.mark.usefixtures("listed")
def test_csv_has_a_line_a_title(alice: Rater) -> None:
    assert as_csv(alice) == [
        {
            "anime_id": "1",
            "title": "First",
            "type": "TV",
            "episodes": "12",
            "status": "completed",
            "score": "8",
            "episodes_watched": "12",
            "changed": "2026-03-04T05:06:07+00:00",
            "start_date": "2020-01-02",
            "finish_date": "",
            "times_watched": "",
            "tags": "a, b",
            "comments": 'He said "no"\nyes',
        },
        {
            "anime_id": "2",
            "title": "Second",
            "type": "",
            "episodes": "",
            "status": "plan-to-watch",
            "score": "",
            "episodes_watched": "",
            "changed": "2026-03-04T05:06:07+00:00",
            "start_date": "",
            "finish_date": "",
            "times_watched": "",
            "tags": "",
            "comments": "",
        },
        {
            "anime_id": "77",
            "title": "Elsewhere",
            "type": "TV",
            "episodes": "24",
            "status": "completed",
            "score": "6",
            "episodes_watched": "26",
            "changed": "",
            "start_date": "",
            "finish_date": "",
            "times_watched": "",
            "tags": "",
            "comments": "",
        },
    ]


@pytest.mark.parametrize("beginning", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_of_the_csv_is_a_formula(alice: Rater, beginning: str) -> None:
    title = AnimeFactory.create(id=1, title=beginning)
    RatingFactory.create(rater=alice, anime=title)
    MalEntry.objects.create(rater=alice, anime_id=1, fields={"my_tags": beginning})
    (line,) = as_csv(alice)
    assert (line["title"], line["tags"]) == (f"'{beginning}", f"'{beginning}")


@pytest.mark.usefixtures("listed")
def test_json_has_all_that_there_is(alice: Rater) -> None:
    document = as_json(alice)
    created = Dismissal.objects.get().created_at
    assert document.pop("not_interested") == [
        {
            "anime_id": 3,
            "title": "Third",
            "created_at": f"{created.isoformat(timespec='milliseconds')[:-6]}Z",
        }
    ]
    first, second, elsewhere = document.pop("titles")
    assert document == {
        "format": "osusume-list",
        "version": 1,
        "user": "alice",
        "mal_info": {"user_id": "4711", "user_name": "mika"},
    }
    assert first == {
        "anime_id": 1,
        "title": "First",
        "type": "TV",
        "episodes": 12,
        "in_catalogue": True,
        "status": "completed",
        "score": 8,
        "episodes_watched": 12,
        "updated_at": "2026-03-04T05:06:07Z",
        "mal": {
            "my_comments": 'He said "no"\nyes',
            "my_start_date": "2020-01-02",
            "my_tags": "a, b",
        },
    }
    assert (second["status"], second["score"], second["mal"]["my_score"]) == (
        "plan-to-watch",
        None,
        "9",
    )
    assert (elsewhere["in_catalogue"], elsewhere["title"], elsewhere["score"]) == (
        False,
        "Elsewhere",
        6,
    )


@pytest.mark.usefixtures("listed")
def test_json_gives_the_same_list_in_another_account(alice: Rater) -> None:
    content = b"".join(mal_tables.json_chunks(alice))
    bob = AccountRaterFactory.create(user=UserFactory.create(username="bob"))
    imported(bob, content)
    for model, columns in (
        (Rating, ("anime_id", "status", "score", "episodes_watched")),
        (MalEntry, ("anime_id", "fields")),
        (Dismissal, ("anime_id",)),
    ):
        mine, theirs = (
            list(model.objects.filter(rater=who).order_by("anime_id").values_list(*columns))
            for who in (alice, bob)
        )
        assert mine == theirs != []
    again = as_json(bob)
    assert again["mal_info"] == {"user_id": "4711", "user_name": "mika"}


def test_dismissal_of_a_title_on_the_list_is_not_taken_over(alice: Rater) -> None:
    for n in (1, 2, 3, 4):
        AnimeFactory.create(id=n)
    RatingFactory.create(rater=alice, anime_id=1)
    Dismissal.objects.create(rater=alice, anime_id=2)
    rows = [{"anime_id": n} for n in (1, 2, 3, 3, 99)] + [{"anime_id": "x"}, 5]
    document = {
        "format": "osusume-list",
        "version": 1,
        "titles": [{"anime_id": 4, "status": "completed"}],
        "not_interested": [*rows, {"anime_id": 4}],
    }
    imported(alice, json.dumps(document).encode())
    dismissed = Dismissal.objects.order_by("anime_id").values_list("anime_id", flat=True)
    assert list(dismissed) == [2, 3]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "it is damaged"),
        (b'{"a": 1}', "This is not a list that Osusume has exported."),
        (b"[1]", "This is not a list that Osusume has exported."),
        (b'{"format": "osusume-list", "version": 2}', "of version 2; this Osusume reads version 1"),
        (b'{"format": "osusume-list", "version": 1, "titles": 5}', "are not a list of at most"),
        (b'{"format": "\xff"}', "it is damaged"),
    ],
)
def test_other_json_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(ImportFailed, match=sentence):
        read_json(content)


def test_bad_titles_of_a_json_cost_no_other() -> None:
    titles: list[Any] = [
        {"anime_id": 1, "status": "completed", "score": 9},
        {"anime_id": 2, "status": "loved"},
        {"anime_id": 3, "status": "completed", "score": 9.5},
        {"anime_id": True, "status": "completed"},
        {"anime_id": 5, "status": "completed", "title": "\x00"},
        {"anime_id": 6, "status": "completed", "mal": {"my_tags": "\ud800"}},
        "seven",
        {"anime_id": 8, "status": "dropped", "mal": {"<x>": "left out", "ok": "kept"}},
    ]
    document = {"format": "osusume-list", "version": 1, "titles": titles}
    found = read_json(json.dumps(document).encode())
    assert list(found.titles) == [1, 8]
    assert found.titles[8].elements["ok"] == "kept"
    assert "<x>" not in found.titles[8].elements
    assert {line for samples in found.reject_samples.values() for line, _ in samples} == {
        2,
        3,
        4,
        5,
        6,
        7,
    }
    assert found.rows_read == 8
