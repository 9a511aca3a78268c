"""From an uploaded list to the list: preview, decision, and what is written."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.models import Dismissal, ImportJob, MalEntry, Rater, Rating
from catalog.services import mal_import, ratings
from catalog.services.mal_compare import Comparison, Kind
from catalog.services.mal_import import Choice
from catalog.services.mal_words import Difference, differences
from catalog.signals import ratings_changed
from tests.catalog.mal_files import anime
from tests.catalog.services.mal_lists import Row, imported, row, state, uploaded
from tests.factories import AnimeFactory, RatingFactory

pytestmark = pytest.mark.django_db

State = ImportJob.State
Status = Rating.Status
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    for n in range(1, 6):
        AnimeFactory.create(id=n, title=f"Title {n}", episodes=12)


def kept(rater: Rater) -> dict[int, dict[str, str]]:
    return dict(MalEntry.objects.filter(rater=rater).values_list("anime_id", "fields"))


def ids(found: Comparison) -> dict[str, list[int]]:
    return {kind.value: [change.anime_id for change in found[kind]] for kind in Kind if found[kind]}


def test_nothing_is_written_before_the_decision(alice: Rater) -> None:
    job = uploaded(alice, row(1, my_score=9), row(2))
    assert (job.state, job.file_name, job.rows_read) == (State.AWAITING, "animelist.xml", 2)
    assert ids(mal_import.preview(job=job)) == {"new": [1, 2]}
    assert state(alice) == []
    assert kept(alice) == {}


def test_titles_come_onto_the_list(alice: Rater) -> None:
    job = imported(
        alice,
        row(1, my_score=9),
        row(2, my_status="Watching", my_score=0, my_watched_episodes=3),
        row(3, my_status="6", my_score=0, my_watched_episodes=0),
    )
    assert state(alice) == [
        (1, Status.COMPLETED, 9, 12),
        (2, Status.WATCHING, None, 3),
        (3, Status.PLAN_TO_WATCH, None, None),
    ]
    assert kept(alice) == {}
    assert (job.state, job.rows_created, job.rows_updated, job.rows_unchanged) == (
        State.SUCCEEDED,
        3,
        0,
        0,
    )
    assert (job.summary["created"], job.summary["replaced"]) == (3, 0)


def test_score_of_zero_is_no_score(alice: Rater) -> None:
    imported(alice, row(1, my_score=0))
    assert state(alice) == [(1, Status.COMPLETED, None, 12)]
    assert not Dismissal.objects.exists()


def test_the_same_file_again_changes_nothing(alice: Rater) -> None:
    rows = [
        row(1, my_score=9, my_tags="a", my_start_date="2019-04-00"),
        row(2, my_watched_episodes=26, series_episodes=26),
        row(3, my_status="Plan to Watch", my_score=8),
        row(99, my_score=7),
    ]
    imported(alice, *rows)
    before, revision = (state(alice), kept(alice)), Rater.objects.get(pk=alice.pk).revision
    found = mal_import.preview(job=uploaded(alice, *rows))
    assert ids(found) == {"same": [1, 2, 3], "unknown": [99]}
    assert not found.has_changes
    job = imported(alice, *rows, choice=Choice.THEIRS)
    assert (state(alice), kept(alice)) == before
    assert (job.rows_created, job.rows_updated, job.rows_unchanged) == (0, 0, 3)
    assert Rater.objects.get(pk=alice.pk).revision == revision


@pytest.fixture
def mine(alice: Rater) -> None:
    """A list with titles 1 to 3, of which the file will say something else, and 4."""
    for anime_id, score in ((1, 5), (2, 6), (3, 7), (4, 8)):
        RatingFactory.create(
            rater=alice,
            anime_id=anime_id,
            score=score,
            episodes_watched=None,
            updated_at=LONG_AGO,
        )


THEIRS = (
    row(1, my_score=9),
    row(2, my_score=0, my_status="Dropped", my_watched_episodes=4),
    row(3, my_score=7, my_watched_episodes=0),
    row(5, my_score=10),
)


@pytest.mark.usefixtures("mine")
def test_preview_says_what_differs(alice: Rater) -> None:
    found = mal_import.preview(job=uploaded(alice, *THEIRS))
    assert ids(found) == {"new": [5], "changed": [1, 2], "same": [3]}
    assert [differences(change) for change in found[Kind.CHANGED]] == [
        [Difference("Score", "5", "9"), Difference("Episodes seen", "–", "12")],
        [
            Difference("Status", "Completed", "Dropped"),
            Difference("Score", "6", "none"),
            Difference("Episodes seen", "–", "4"),
        ],
    ]


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("choice", "otherwise", "expected", "counts"),
    [
        (
            Choice.MINE,
            set(),
            [(1, Status.COMPLETED, 5, None), (2, Status.COMPLETED, 6, None)],
            (0, 2),
        ),
        (
            Choice.THEIRS,
            set(),
            [(1, Status.COMPLETED, 9, 12), (2, Status.DROPPED, None, 4)],
            (2, 0),
        ),
        (
            Choice.MINE,
            {2},
            [(1, Status.COMPLETED, 5, None), (2, Status.DROPPED, None, 4)],
            (1, 1),
        ),
        (
            Choice.THEIRS,
            {2, 4, 12345},
            [(1, Status.COMPLETED, 9, 12), (2, Status.COMPLETED, 6, None)],
            (1, 1),
        ),
    ],
)
def test_decision_for_all_titles_and_for_single_ones(
    alice: Rater,
    choice: Choice,
    otherwise: set[int],
    expected: list[Row],
    counts: tuple[int, int],
) -> None:
    job = imported(alice, *THEIRS, choice=choice, otherwise=otherwise)
    assert state(alice) == [
        *expected,
        (3, Status.COMPLETED, 7, None),
        (4, Status.COMPLETED, 8, None),  # only mine: never taken away
        (5, Status.COMPLETED, 10, 12),
    ]
    assert (job.summary["replaced"], job.summary["kept_mine"]) == counts
    untouched = Rating.objects.filter(rater=alice, updated_at=LONG_AGO)
    assert untouched.count() == 2 + counts[1]


def test_what_is_not_in_the_file_stays(alice: Rater) -> None:
    RatingFactory.create(rater=alice, anime_id=1, score=5, episodes_watched=7)
    bare = anime(1, without=("my_score", "my_watched_episodes", "my_tags"), series_title="Title 1")
    found = mal_import.preview(job=uploaded(alice, bare))
    assert ids(found) == {"details": [1]}  # the file's number of episodes is another one
    imported(alice, bare, choice=Choice.THEIRS)
    assert state(alice) == [(1, Status.COMPLETED, 5, 7)]


def test_a_plan_with_a_score_keeps_it_for_exports(alice: Rater) -> None:
    planned = row(1, my_status="Plan to Watch", my_score=8, my_watched_episodes=0)
    job = uploaded(alice, planned)
    (change,) = mal_import.preview(job=job)[Kind.NEW]
    assert change.notes == (
        "Only planned, so it gets no score here. The file's 8 is kept for your exports.",
    )
    mal_import.apply(job=job, choice=Choice.MINE)
    assert state(alice) == [(1, Status.PLAN_TO_WATCH, None, None)]
    assert kept(alice) == {1: {"my_score": "8"}}


def test_more_episodes_than_the_title_has_are_kept_for_exports(alice: Rater) -> None:
    job = uploaded(alice, row(1, my_watched_episodes=26))
    (change,) = mal_import.preview(job=job)[Kind.NEW]
    (note,) = change.notes
    assert note.startswith("The file says 26 episodes; the title has 12 here.")
    mal_import.apply(job=job, choice=Choice.MINE)
    assert state(alice) == [(1, Status.COMPLETED, 8, 12)]
    assert kept(alice) == {1: {"my_watched_episodes": "26"}}


def test_details_are_kept_and_those_that_only_the_file_has_are_added(alice: Rater) -> None:
    RatingFactory.create(rater=alice, anime_id=1, score=8, episodes_watched=12)
    rows = [row(1, my_tags="a, b", my_start_date="2019-04-06", my_mood="happy")]
    assert ids(mal_import.preview(job=uploaded(alice, *rows))) == {"details": [1]}
    imported(alice, *rows, choice=Choice.MINE)
    details = {"my_tags": "a, b", "my_start_date": "2019-04-06", "my_mood": "happy"}
    assert kept(alice) == {1: details}
    other = row(1, my_tags="c", my_start_date="2019-04-06", my_comments="Good")
    (change,) = mal_import.preview(job=uploaded(alice, other))[Kind.CHANGED]
    assert differences(change) == [Difference("Tags", "a, b", "c")]
    imported(alice, other, choice=Choice.MINE)
    assert kept(alice) == {1: {**details, "my_comments": "Good"}}
    imported(alice, other, choice=Choice.THEIRS)
    assert kept(alice) == {1: {**details, "my_comments": "Good", "my_tags": "c"}}
    imported(alice, row(1, my_mood=""), choice=Choice.THEIRS)
    assert kept(alice) == {}


def test_titles_that_the_catalogue_lacks_are_kept_whole(alice: Rater) -> None:
    imported(alice, row(77, series_title="New", my_status="2", my_score=10, my_tags="x"))
    assert state(alice) == []
    entry = kept(alice)[77]
    assert (entry["my_status"], entry["my_score"], entry["my_tags"]) == ("Completed", "10", "x")
    assert entry["series_title"] == "New"


def test_bad_rows_are_told_and_cost_no_other(alice: Rater) -> None:
    job = imported(alice, row(1), row(2, my_score=11), row(3, my_status="Loved"), row(4))
    assert [entry[0] for entry in state(alice)] == [1, 4]
    assert job.rows_rejected == 2
    assert job.rejects == {
        "the score is not a whole number from 0 to 10": 1,
        "the status is not one of MyAnimeList's": 1,
    }
    assert sorted(samples[0][1] for samples in job.reject_samples.values()) == [
        "Title 2 (id 2): “11”",
        "Title 3 (id 3): “Loved”",
    ]


def test_an_imported_title_is_dismissed_no_longer(alice: Rater) -> None:
    Dismissal.objects.create(rater=alice, anime_id=1)
    Dismissal.objects.create(rater=alice, anime_id=2)
    imported(alice, row(1))
    assert list(Dismissal.objects.values_list("anime_id", flat=True)) == [2]


def test_receivers_are_told_once(
    alice: Rater, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[list[int]] = []

    def hear(rater_ids: list[int], **kwargs: Any) -> None:
        heard.append(rater_ids)

    ratings_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            imported(alice, row(1), row(2), row(3))
    finally:
        ratings_changed.disconnect(hear)
    assert heard == [[alice.pk]]
    assert Rater.objects.get(pk=alice.pk).revision == alice.revision + 1


def test_a_score_given_after_the_preview_counts_by_the_same_rule(alice: Rater) -> None:
    job = uploaded(alice, row(1, my_score=9))
    assert ids(mal_import.preview(job=job)) == {"new": [1]}
    RatingFactory.create(rater=alice, anime_id=1, score=3, updated_at=timezone.now())
    mal_import.apply(job=job, choice=Choice.MINE)
    assert state(alice) == [(1, Status.COMPLETED, 3, None)]
    assert (job.summary["created"], job.summary["kept_mine"]) == (0, 1)


def test_nothing_is_half_written(alice: Rater, monkeypatch: pytest.MonkeyPatch) -> None:
    job = uploaded(alice, row(1), row(2, my_tags="a"))

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(mal_import, "_write_info", fail)
    with pytest.raises(RuntimeError):
        mal_import.apply(job=job, choice=Choice.MINE)
    monkeypatch.undo()
    assert (state(alice), kept(alice)) == ([], {})
    job = ImportJob.objects.get(pk=job.pk)
    assert job.state == State.AWAITING
    mal_import.apply(job=job, choice=Choice.MINE)
    assert len(state(alice)) == 2


def test_queries_do_not_grow_with_the_list(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(6, 60):
        AnimeFactory.create(id=n, genres=[])
    imported(alice, row(5, my_tags="a"))  # makes the profile
    for rows in ([row(1, my_tags="a")], [row(n, my_tags="b") for n in range(2, 60)]):
        job = uploaded(alice, *rows)
        with django_assert_num_queries(4):  # the rater, titles, ratings, kept entries
            mal_import.preview(job=job)
        with django_assert_num_queries(24):
            mal_import.apply(job=job, choice=Choice.THEIRS)


def test_score_of_a_plan_is_refused_where_lists_are_written(alice: Rater) -> None:
    planned = Rating(
        rater=alice,
        anime_id=1,
        status=Status.PLAN_TO_WATCH,
        score=5,
        updated_at=timezone.now(),
    )
    with pytest.raises(ratings.InvalidRating, match="a plan has none"):
        ratings.write_many(rater=alice, rows=[planned])
    assert state(alice) == []
