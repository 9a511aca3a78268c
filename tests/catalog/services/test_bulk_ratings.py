"""Many entries of a list change at once, and can be put back."""

from datetime import UTC, datetime

import pytest
from django.test import TestCase

from catalog.models import Anime, Dismissal, Rater, Rating
from catalog.services import ratings
from catalog.services.bulk_ratings import (
    EntriesPut,
    EntryChange,
    InvalidEntries,
    change_entries,
    put_entries,
    remove_entries,
    undo_change,
)
from catalog.services.ratings import InvalidRating
from catalog.signals import ratings_changed
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory

pytestmark = pytest.mark.django_db

Status = Rating.Status
DAY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def rater(alice: Rater) -> Rater:
    """Alice with a completed, a watched and a planned title; all have 12 episodes."""
    for pk, score, status in (
        (1, 8, Status.COMPLETED),
        (2, None, Status.WATCHING),
        (3, None, Status.PLAN_TO_WATCH),
    ):
        anime = AnimeFactory.create(id=pk, episodes=12)
        RatingFactory.create(rater=alice, anime=anime, score=score, status=status, updated_at=DAY)
    return alice


def entries(rater: Rater) -> dict[int, tuple[int, int | None, int | None]]:
    rows = rater.ratings.order_by("anime_id")
    return {row.anime_id: (row.status, row.score, row.episodes_watched) for row in rows}


def test_entries_change_in_one_go(rater: Rater) -> None:
    heard = []

    def hear(sender: object, rater_ids: list[int], **kwargs: object) -> None:
        heard.append(rater_ids)

    ratings_changed.connect(hear)
    with TestCase.captureOnCommitCallbacks(execute=True):
        change = change_entries(
            rater=rater,
            changes={
                1: EntryChange(score=None),
                2: EntryChange(score=7, status=Status.DROPPED),
                3: EntryChange(score=9),
                99: EntryChange(score=9),
            },
        )
    ratings_changed.disconnect(hear)
    assert entries(rater) == {
        1: (Status.COMPLETED, None, None),
        2: (Status.DROPPED, 7, None),
        # What is scored was watched.
        3: (Status.COMPLETED, 9, None),
    }
    assert set(change.before) == {1, 2, 3}
    assert set(rater.ratings.values_list("updated_at", flat=True)) == {change.at}
    # One change of the list, told once.
    assert rater.revision == 1
    assert heard == [[rater.pk]]


def test_a_plan_has_no_score(rater: Rater) -> None:
    change_entries(rater=rater, changes={1: EntryChange(status=Status.PLAN_TO_WATCH)})
    assert entries(rater)[1] == (Status.PLAN_TO_WATCH, None, None)


def test_what_stays_the_same_is_not_written(rater: Rater) -> None:
    change = change_entries(
        rater=rater,
        changes={1: EntryChange(score=8, status=Status.COMPLETED), 2: EntryChange(score=None)},
    )
    assert change.before == {}
    assert set(rater.ratings.values_list("updated_at", flat=True)) == {DAY}
    rater.refresh_from_db()
    assert rater.revision == 0


@pytest.mark.parametrize(
    ("anime_id", "change", "status"),
    [
        (2, EntryChange(episodes_watched=11), Status.WATCHING),
        (2, EntryChange(episodes_watched=12), Status.COMPLETED),
        # Said otherwise.
        (2, EntryChange(episodes_watched=12, status=Status.WATCHING), Status.WATCHING),
        (3, EntryChange(episodes_watched=1), Status.WATCHING),
        (3, EntryChange(episodes_watched=12), Status.COMPLETED),
        (3, EntryChange(episodes_watched=0), Status.PLAN_TO_WATCH),
        # Watched again.
        (1, EntryChange(episodes_watched=3), Status.COMPLETED),
    ],
)
def test_episodes_move_the_status(
    rater: Rater, anime_id: int, change: EntryChange, status: Rating.Status
) -> None:
    change_entries(rater=rater, changes={anime_id: change})
    assert entries(rater)[anime_id][0] == status


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (EntryChange(score=11), "A score is a whole number from 1 to 10."),
        (EntryChange(episodes_watched=13), "has 12 episodes"),
    ],
)
def test_all_or_nothing(rater: Rater, change: EntryChange, message: str) -> None:
    before = entries(rater)
    with pytest.raises(InvalidRating, match=message):
        change_entries(rater=rater, changes={1: EntryChange(score=2), 2: change})
    assert entries(rater) == before


def test_entries_are_removed_and_put_back(rater: Rater) -> None:
    before = entries(rater)
    change = remove_entries(rater=rater, anime_ids={1, 3, 99})
    assert set(entries(rater)) == {2}
    assert undo_change(rater=rater, change=change) == 2
    assert entries(rater) == before
    assert set(rater.ratings.values_list("updated_at", flat=True)) == {DAY}


def test_a_change_is_undone_but_for_what_has_changed_again(rater: Rater) -> None:
    change = change_entries(
        rater=rater, changes={pk: EntryChange(score=1, status=Status.DROPPED) for pk in (1, 2, 3)}
    )
    ratings.rate(rater=rater, anime=rater.ratings.get(anime_id=2).anime, score=5)
    ratings.remove(rater=rater, anime=rater.ratings.get(anime_id=3).anime)
    assert undo_change(rater=rater, change=change) == 1
    assert entries(rater) == {1: (Status.COMPLETED, 8, None), 2: (Status.DROPPED, 5, None)}


def test_a_removal_is_undone_but_for_what_was_listed_again(rater: Rater) -> None:
    anime = rater.ratings.get(anime_id=1).anime
    change = remove_entries(rater=rater, anime_ids={1, 2})
    ratings.rate(rater=rater, anime=anime, score=3)
    assert undo_change(rater=rater, change=change) == 1
    assert entries(rater)[1] == (Status.COMPLETED, 3, None)
    assert entries(rater)[2] == (Status.WATCHING, None, None)


def test_dismissals_of_what_is_put_back_are_taken_back(rater: Rater) -> None:
    anime = rater.ratings.get(anime_id=1).anime
    change = remove_entries(rater=rater, anime_ids={1})
    ratings.dismiss(rater=rater, anime=anime)
    undo_change(rater=rater, change=change)
    assert not Dismissal.objects.exists()


def test_lists_of_others_are_out_of_reach(rater: Rater) -> None:
    charlie = AccountRaterFactory.create()
    before = entries(rater)
    remove_entries(rater=charlie, anime_ids={1, 2, 3})
    change_entries(rater=charlie, changes={1: EntryChange(score=1)})
    assert entries(rater) == before


def test_thousands_of_entries(alice: Rater) -> None:
    many = [
        Anime(id=10_000 + n, title="T", search_title="t", franchise_key="t") for n in range(1_200)
    ]
    Anime.objects.bulk_create(many)
    Rating.objects.bulk_create(
        Rating(rater=alice, anime_id=title.pk, score=5, updated_at=DAY) for title in many
    )
    ids = {title.pk for title in many}
    changed = change_entries(rater=alice, changes={pk: EntryChange(score=6) for pk in ids})
    assert alice.ratings.filter(score=6).count() == 1_200
    assert undo_change(rater=alice, change=changed) == 1_200
    removed = remove_entries(rater=alice, anime_ids=ids)
    assert not alice.ratings.exists()
    assert undo_change(rater=alice, change=removed) == 1_200
    assert alice.ratings.filter(score=5, updated_at=DAY).count() == 1_200


def test_entries_are_put_on_a_list_or_changed(alice: Rater) -> None:
    listed, same, new = (AnimeFactory.create(episodes=12) for _ in range(3))
    ratings.rate(rater=alice, anime=listed, score=5)
    ratings.rate(rater=alice, anime=same, score=7)
    untouched = alice.ratings.get(anime=same).updated_at
    Dismissal.objects.create(rater=alice, anime=new)

    done = put_entries(
        rater=alice,
        changes={
            listed.pk: EntryChange(status=Rating.Status.DROPPED),
            same.pk: EntryChange(score=7),
            new.pk: EntryChange(episodes_watched=3, status=Rating.Status.WATCHING),
        },
        show_adult=False,
    )

    assert done == EntriesPut(created=1, changed=1, unchanged=1)
    rows = alice.ratings.order_by("anime_id")
    assert list(rows.values_list("anime_id", "score", "status", "episodes_watched")) == [
        (listed.pk, 5, Rating.Status.DROPPED, None),
        (same.pk, 7, Rating.Status.COMPLETED, None),
        (new.pk, None, Rating.Status.WATCHING, 3),
    ]
    assert alice.ratings.get(anime=same).updated_at == untouched
    assert not Dismissal.objects.exists()


def test_every_entry_that_cannot_be_is_named_and_nothing_written(alice: Rater) -> None:
    good, short = AnimeFactory.create(), AnimeFactory.create(episodes=12)
    adult = AnimeFactory.create(is_adult=True)
    ratings.rate(rater=alice, anime=adult, score=5)
    revision = alice.revision

    with pytest.raises(InvalidEntries) as raised:
        put_entries(
            rater=alice,
            changes={
                good.pk: EntryChange(score=8),
                short.pk: EntryChange(episodes_watched=13),
                adult.pk: EntryChange(score=8),
                999: EntryChange(score=8),
            },
            show_adult=False,
        )

    assert {pk: (error.field, str(error)) for pk, error in raised.value.errors.items()} == {
        short.pk: ("episodes_watched", f"{short.title} has 12 episodes."),
        adult.pk: ("anime_id", f"There is no title {adult.pk}."),
        999: ("anime_id", "There is no title 999."),
    }
    assert list(alice.ratings.values_list("anime_id", "score")) == [(adult.pk, 5)]
    alice.refresh_from_db()
    assert alice.revision == revision
