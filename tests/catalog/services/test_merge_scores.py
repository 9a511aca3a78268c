"""Scores given elsewhere join a list: the newer one wins, nothing is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from pytest_django import DjangoCaptureOnCommitCallbacks

from catalog.models import Dismissal, Rater, Rating
from catalog.services import ratings
from catalog.services.ratings import InvalidRating, MergedScores, merge_scores
from catalog.signals import ratings_changed
from tests.factories import AnimeFactory, RatingFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def told() -> Iterator[list[list[int]]]:
    """What the signal has said, each time."""
    heard: list[list[int]] = []

    def hear(sender: object, rater_ids: list[int], **kwargs: object) -> None:
        heard.append(rater_ids)

    ratings_changed.connect(hear)
    yield heard
    ratings_changed.disconnect(hear)


def row(rater: Rater, anime_id: int) -> tuple[int | None, Rating.Status, datetime]:
    found = Rating.objects.get(rater=rater, anime_id=anime_id)
    return found.score, Rating.Status(found.status), found.updated_at


def test_scores_come_on_an_empty_list(alice: Rater) -> None:
    AnimeFactory.create(id=1)
    AnimeFactory.create(id=2)
    merged = merge_scores(rater=alice, scores={2: (9, NOON), 1: (4, NOON + HOUR)})
    assert merged == MergedScores(added=2)
    assert row(alice, 1) == (4, Rating.Status.COMPLETED, NOON + HOUR)
    assert row(alice, 2) == (9, Rating.Status.COMPLETED, NOON)


@pytest.mark.parametrize(
    ("before", "after", "merged"),
    [
        ((3, NOON - HOUR), (9, NOON), MergedScores(replaced=1)),
        ((3, NOON + HOUR), (3, NOON + HOUR), MergedScores(kept=1)),
        ((3, NOON), (3, NOON), MergedScores(kept=1)),
        ((9, NOON - HOUR), (9, NOON - HOUR), MergedScores(same=1)),
        ((None, NOON - HOUR), (9, NOON), MergedScores(added=1)),
        ((None, NOON + HOUR), (9, NOON + HOUR), MergedScores(added=1)),
    ],
    ids=["older gives way", "newer stays", "equal stays", "same", "no score", "no score, newer"],
)
def test_of_two_scores_the_newer_one_wins(
    alice: Rater,
    before: tuple[int | None, datetime],
    after: tuple[int, datetime],
    merged: MergedScores,
) -> None:
    dropped, (score, at) = Rating.Status.DROPPED, before
    listed = RatingFactory.create(rater=alice, score=score, status=dropped, updated_at=at)
    assert merge_scores(rater=alice, scores={listed.anime_id: (9, NOON)}) == merged
    assert row(alice, listed.anime_id) == (after[0], dropped, after[1])


def test_episodes_stay(alice: Rater) -> None:
    watching = RatingFactory.create(
        rater=alice, status=Rating.Status.WATCHING, episodes_watched=5, updated_at=NOON - HOUR
    )
    merge_scores(rater=alice, scores={watching.anime_id: (9, NOON)})
    watching.refresh_from_db()
    assert (watching.status, watching.episodes_watched) == (Rating.Status.WATCHING, 5)


@pytest.mark.parametrize("planned_at", [NOON - HOUR, NOON + HOUR])
def test_a_planned_title_is_completed(alice: Rater, planned_at: datetime) -> None:
    plan = RatingFactory.create(
        rater=alice, status=Rating.Status.PLAN_TO_WATCH, score=None, updated_at=planned_at
    )
    assert merge_scores(rater=alice, scores={plan.anime_id: (9, NOON)}).added == 1
    assert row(alice, plan.anime_id)[:2] == (9, Rating.Status.COMPLETED)


def test_a_dismissal_is_taken_back_as_by_scoring(alice: Rater) -> None:
    scored, other = AnimeFactory.create(), AnimeFactory.create()
    for anime in (scored, other):
        ratings.dismiss(rater=alice, anime=anime)
    merge_scores(rater=alice, scores={scored.pk: (9, NOON)})
    assert list(Dismissal.objects.values_list("anime_id", flat=True)) == [other.pk]


def test_to_merge_the_same_again_changes_nothing(
    alice: Rater,
    told: list[list[int]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    scores = {AnimeFactory.create().pk: (score, NOON) for score in (3, 9)}
    with django_capture_on_commit_callbacks(execute=True):
        merge_scores(rater=alice, scores=scores)
    rows = list(Rating.objects.order_by("pk").values())
    with django_capture_on_commit_callbacks(execute=True):
        assert merge_scores(rater=alice, scores=scores) == MergedScores(same=2)
    assert list(Rating.objects.order_by("pk").values()) == rows
    assert told == [[alice.pk]]
    alice.refresh_from_db()
    assert alice.revision == 1


def test_a_title_that_is_gone_does_not_stop_the_others(alice: Rater) -> None:
    anime = AnimeFactory.create()
    merged = merge_scores(rater=alice, scores={anime.pk: (9, NOON), 999_999: (4, NOON)})
    assert merged == MergedScores(added=1, gone=1)


def test_all_or_nothing(alice: Rater, monkeypatch: pytest.MonkeyPatch) -> None:
    older = RatingFactory.create(rater=alice, score=3, updated_at=NOON - HOUR)
    new = AnimeFactory.create()

    def fail(*args: object, **kwargs: object) -> None:
        raise DatabaseError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(Rating.objects, "bulk_update", fail)
        with pytest.raises(DatabaseError):
            merge_scores(rater=alice, scores={new.pk: (9, NOON), older.anime_id: (9, NOON)})
    assert list(Rating.objects.values_list("anime_id", "score")) == [(older.anime_id, 3)]


def test_a_score_out_of_range_is_refused(alice: Rater) -> None:
    with pytest.raises(InvalidRating, match="from 1 to 10"):
        merge_scores(rater=alice, scores={AnimeFactory.create().pk: (11, NOON)})
    assert not Rating.objects.exists()
