"""Exports: what is in them, and that they can be imported again."""

import io
import xml.etree.ElementTree as ET
from gzip import decompress
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from catalog.models import MalEntry, Rater, Rating
from catalog.services import mal_export, mal_import
from catalog.services.mal_import import Choice
from tests.catalog.mal_files import DEFAULTS, anime, export, info, realistic
from tests.factories import (
    AccountRaterFactory,
    AnimeFactory,
    ImportedRaterFactory,
    RatingFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Status = Rating.Status
INFO = [
    "user_id",
    "user_name",
    "user_export_type",
    "user_total_anime",
    "user_total_watching",
    "user_total_completed",
    "user_total_onhold",
    "user_total_dropped",
    "user_total_plantowatch",
]


def exported(rater: Rater) -> bytes:
    stream = io.BytesIO()
    mal_export.write_xml(rater, stream)
    return stream.getvalue()


def parsed(rater: Rater) -> ET.Element:
    return ET.fromstring(exported(rater))  # noqa: S314 - our own file


def texts(row: ET.Element) -> dict[str, str]:
    return {child.tag: child.text or "" for child in row}


def imported(rater: Rater, content: bytes, choice: Choice = Choice.THEIRS) -> None:
    assert rater.user is not None
    job = mal_import.upload(user=rater.user, file=SimpleUploadedFile("a.xml", content))
    mal_import.apply(job=job, choice=choice)


def state(rater: Rater) -> Any:
    ratings = Rating.objects.filter(rater=rater).order_by("anime_id")
    entries = MalEntry.objects.filter(rater=rater).order_by("anime_id")
    return (
        list(ratings.values_list("anime_id", "status", "score", "episodes_watched")),
        list(entries.values_list("anime_id", "fields")),
    )


def test_elements_are_in_myanimelists_order(alice: Rater) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=1))
    imported(alice, export(anime(1, my_zest="1", my_aura="2"), myinfo=info(user_team="x")))
    root = parsed(alice)
    assert root.tag == "myanimelist"
    myinfo, row = root
    assert (myinfo.tag, row.tag) == ("myinfo", "anime")
    assert [child.tag for child in myinfo] == [*INFO, "user_team"]
    assert [child.tag for child in row] == [*DEFAULTS, "my_aura", "my_zest"]


def test_a_title_as_myanimelist_would_write_it(alice: Rater) -> None:
    title = AnimeFactory.create(id=7, title="Kill la Kill: ]]> & <b>", episodes=25)
    RatingFactory.create(
        rater=alice, anime=title, score=9, status=Status.ON_HOLD, episodes_watched=13
    )
    content = exported(alice).decode()
    assert content.startswith('<?xml version="1.0" encoding="UTF-8" ?>\n<myanimelist>\n')
    assert "<series_title><![CDATA[Kill la Kill: ]]]]><![CDATA[> & <b>]]></series_title>" in content
    assert texts(parsed(alice)[1]) == {
        **DEFAULTS,
        "series_animedb_id": "7",
        "series_title": "Kill la Kill: ]]> & <b>",
        "series_type": "TV",
        "series_episodes": "25",
        "my_watched_episodes": "13",
        "my_score": "9",
        "my_status": "On-Hold",
    }


def test_what_nobody_knows_is_written_as_myanimelist_does(alice: Rater) -> None:
    title = AnimeFactory.create(id=7, type=None, episodes=None)
    RatingFactory.create(
        rater=alice, anime=title, score=None, status=Status.PLAN_TO_WATCH, episodes_watched=None
    )
    row = texts(parsed(alice)[1])
    assert {name: row[name] for name in ("series_type", "series_episodes", "my_score")} == {
        "series_type": "",
        "series_episodes": "0",
        "my_score": "0",
    }
    assert (row["my_watched_episodes"], row["my_status"]) == ("0", "Plan to Watch")
    assert (row["my_start_date"], row["my_finish_date"]) == ("0000-00-00", "0000-00-00")


def test_totals_count_the_titles_that_the_catalogue_lacks_too(alice: Rater) -> None:
    for anime_id, status in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 6)):
        RatingFactory.create(
            rater=alice,
            anime=AnimeFactory.create(id=anime_id),
            status=status,
            score=None,
        )
    imported(alice, export(anime(77, my_status="Dropped"), anime(5)), Choice.MINE)
    myinfo = texts(parsed(alice)[0])
    assert {name: text for name, text in myinfo.items() if "total" in name} == {
        "user_total_anime": "7",
        "user_total_watching": "1",
        "user_total_completed": "2",
        "user_total_onhold": "1",
        "user_total_dropped": "2",
        "user_total_plantowatch": "1",
    }
    assert (myinfo["user_export_type"], myinfo["user_id"], myinfo["user_name"]) == (
        "1",
        "4711",
        "mika",
    )


def test_who_never_imported_is_named_by_the_account(alice: Rater) -> None:
    myinfo = texts(parsed(alice)[0])
    assert (myinfo["user_id"], myinfo["user_name"], myinfo["user_total_anime"]) == (
        "0",
        "alice",
        "0",
    )


def test_rater_without_an_account() -> None:
    rater = ImportedRaterFactory.create(source_id=8)
    RatingFactory.create(rater=rater)
    assert texts(parsed(rater)[0])["user_name"] == "8"


def test_titles_are_in_order_of_their_ids_and_other_peoples_are_not_there(alice: Rater) -> None:
    for anime_id in (9, 3, 5):
        RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=anime_id))
    imported(alice, export(anime(4)))
    RatingFactory.create(anime=AnimeFactory.create(id=6))
    assert [row[0].text for row in parsed(alice)[1:]] == ["3", "4", "5", "9"]


def test_what_is_kept_gives_way_to_what_was_changed_here(alice: Rater) -> None:
    AnimeFactory.create(id=1, episodes=12)
    imported(alice, export(anime(1, my_status="6", my_score=8, my_watched_episodes=26)))
    row = texts(parsed(alice)[1])
    assert (row["my_score"], row["my_watched_episodes"]) == ("8", "26")
    Rating.objects.filter(rater=alice).update(status=2, score=3, episodes_watched=4)
    row = texts(parsed(alice)[1])
    assert (row["my_score"], row["my_watched_episodes"]) == ("3", "4")


def test_a_title_that_was_taken_off_the_list_is_not_exported(alice: Rater) -> None:
    AnimeFactory.create(id=1, episodes=26)
    imported(alice, export(anime(1, my_tags="a")))
    Rating.objects.all().delete()
    assert len(parsed(alice)) == 1
    imported(alice, export(anime(1, my_comments="b")))
    row = texts(parsed(alice)[1])
    assert (row["my_tags"], row["my_comments"]) == ("", "b")


def test_characters_that_xml_cannot_hold_are_left_out(alice: Rater) -> None:
    RatingFactory.create(rater=alice, anime=AnimeFactory.create(title="A\x01\x0bB\ud7ff"))
    assert texts(parsed(alice)[1])["series_title"] == "AB\ud7ff"


def test_compressed_export_is_the_same_each_time(alice: Rater) -> None:
    RatingFactory.create(rater=alice)
    packed = [b"".join(mal_export.gzipped(mal_export.xml_chunks(alice))) for _ in range(2)]
    assert packed[0] == packed[1]
    assert decompress(packed[0]) == exported(alice)


def test_queries_do_not_grow_with_the_list(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(1, 61):
        RatingFactory.create(rater=alice, anime=AnimeFactory.create(id=n, genres=[]))
    imported(alice, export(*(anime(n, my_tags="a") for n in range(1, 90))))
    rater = Rater.objects.select_related("user").get(pk=alice.pk)
    with django_assert_num_queries(5):  # profile, two to count, list, kept entries
        exported(rater)


def test_realistic_list_survives(alice: Rater) -> None:
    titles = {n: (f"Title {n}: “quoted” & more", 12) for n in range(1, 120)}
    for n, (title, episodes) in titles.items():
        if n % 5:
            AnimeFactory.create(id=n, title=title, episodes=episodes, genres=[])
    imported(alice, realistic(titles))
    first = exported(alice)
    other = AccountRaterFactory.create(user=UserFactory.create(username="other"))
    imported(other, first)
    assert state(other) == state(alice)
    assert exported(other) == first


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t]>&<'\""),
    max_size=30,
).filter(lambda text: all(ord(char) not in (0xFFFE, 0xFFFF) for char in text))
SAID = st.fixed_dictionaries(
    {"my_score": st.integers(0, 10), "my_status": st.sampled_from(["1", "2", "3", "4", "6"])},
    optional={
        "series_title": TEXT,
        "series_type": st.sampled_from(["TV", "Movie", "", "Unknown"]),
        "series_episodes": st.integers(0, 30).map(str),
        "my_watched_episodes": st.integers(0, 30),
        "my_start_date": st.sampled_from(["0000-00-00", "2020-00-00", "2021-03-04"]),
        "my_tags": TEXT,
        "my_comments": TEXT,
        "my_priority": TEXT,
        "my_storage_value": TEXT,
        "update_on_import": st.sampled_from(["0", "1"]),
        "my_own_element": TEXT,
        "zz": TEXT,
        "without": st.sets(st.sampled_from(["my_score", "my_tags", "my_sns", "series_type"])),
    },
)
LIST = st.dictionaries(st.integers(1, 12), SAID, max_size=8)
OWN = st.dictionaries(
    st.integers(1, 8),
    st.tuples(st.sampled_from(Status), st.none() | st.integers(1, 10), st.none() | st.just(3)),
    max_size=5,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(own=OWN, first=LIST, second=LIST, choice=st.sampled_from(Choice))
def test_state_survives_export_and_import(
    own: dict[int, tuple[Status, int | None, int | None]],
    first: dict[int, dict[str, Any]],
    second: dict[int, dict[str, Any]],
    choice: Choice,
) -> None:
    """Whatever was rated and imported: the export gives the same list and the same file."""
    with transaction.atomic():
        for n in range(1, 9):  # 9 to 12 are titles that the catalogue lacks
            episodes = n * 4 if n % 3 else None
            AnimeFactory.create(id=n, title=f"Title {n}", episodes=episodes, genres=[])
        one, other = AccountRaterFactory.create_batch(2)
        for anime_id, (status, score, episodes) in own.items():
            RatingFactory.create(
                rater=one,
                anime_id=anime_id,
                status=status,
                score=None if status == Status.PLAN_TO_WATCH else score,
                episodes_watched=episodes,
            )
        for rows in (first, second):
            content = export(*(anime(anime_id, **said) for anime_id, said in rows.items()))
            imported(one, content, choice)
        exported_first = exported(one)
        imported(other, exported_first)
        assert state(other) == state(one)
        assert exported(other) == exported_first
        imported(other, exported_first, choice)
        assert state(other) == state(one)
        transaction.set_rollback(True)


def test_every_kept_text_survives(alice: Rater) -> None:
    """Also those that only our own JSON can bring: a carriage return, a CDATA section's end."""
    said = "a\r\nb\rc ]]> <![CDATA[ & < > \" ' \t 😀"
    AnimeFactory.create(id=1, title="Title")
    RatingFactory.create(rater=alice, anime_id=1)
    fields = {"my_tags": said, "my_priority": said, "zz": said}
    MalEntry.objects.create(rater=alice, anime_id=1, fields=fields)
    row = texts(parsed(alice)[1])
    assert {name: row[name] for name in fields} == fields
