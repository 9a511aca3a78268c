"""Writing ratings: the one way in which a person's list changes."""

from enum import Enum
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Dismissal, Rater, Rating, User
from catalog.signals import ratings_changed


class Unset(Enum):
    """Stands for "leave it as it is", since None means "no score"."""

    UNSET = "unset"


UNSET = Unset.UNSET


class InvalidRating(ValueError):
    """A score or a number of episodes that cannot be; the message says why, ``field`` which."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def rater_for(*, user: User) -> Rater:
    """The account's rater, made at the first use."""
    rater, _ = Rater.objects.get_or_create(user=user, defaults={"source": Rater.Source.ACCOUNT})
    return rater


def rate(
    *,
    rater: Rater,
    anime: Anime,
    score: int | None | Unset = UNSET,
    status: Rating.Status | Unset = UNSET,
    episodes_watched: int | None | Unset = UNSET,
) -> Rating:
    """Create or change the rater's row for a title; what is UNSET keeps its value.

    A new row is *completed* unless a status is given; a score given to a planned title makes it
    *completed* too, since only what was watched can be scored. Raises InvalidRating.
    """
    _check(anime=anime, score=score, episodes_watched=episodes_watched)
    if score not in (UNSET, None) and status is Rating.Status.PLAN_TO_WATCH:
        raise InvalidRating("A title that is only planned cannot have a score.", field="score")
    with transaction.atomic():
        _touch(rater)
        rating = Rating.objects.filter(rater=rater, anime=anime).first() or Rating(
            rater=rater, anime=anime
        )
        if not isinstance(score, Unset):
            rating.score = score
            if score is not None and rating.status == Rating.Status.PLAN_TO_WATCH:
                rating.status = Rating.Status.COMPLETED
        if not isinstance(status, Unset):
            rating.status = status
            if status is Rating.Status.PLAN_TO_WATCH:
                rating.score = None
        if not isinstance(episodes_watched, Unset):
            rating.episodes_watched = episodes_watched
        rating.updated_at = timezone.now()
        rating.save()
        Dismissal.objects.filter(rater=rater, anime=anime).delete()
    return rating


def remove(*, rater: Rater, anime: Anime) -> bool:
    """Take a title off the list; False when it was not there."""
    with transaction.atomic():
        _touch(rater)
        deleted, _ = Rating.objects.filter(rater=rater, anime=anime).delete()
    return bool(deleted)


def dismiss(*, rater: Rater, anime: Anime) -> None:
    """Never recommend this title again. Harmless when it was dismissed before."""
    with transaction.atomic():
        _touch(rater)
        Dismissal.objects.get_or_create(rater=rater, anime=anime)


def undo_dismissal(*, rater: Rater, anime: Anime) -> bool:
    """Take a dismissal back; False when there was none."""
    with transaction.atomic():
        _touch(rater)
        deleted, _ = Dismissal.objects.filter(rater=rater, anime=anime).delete()
    return bool(deleted)


def _check(
    *, anime: Anime, score: int | None | Unset, episodes_watched: int | None | Unset
) -> None:
    if isinstance(score, int) and not MIN_SCORE <= score <= MAX_SCORE:
        raise InvalidRating(
            f"A score is a whole number from {MIN_SCORE} to {MAX_SCORE}.", field="score"
        )
    if isinstance(episodes_watched, int):
        if episodes_watched < 0:
            raise InvalidRating(
                "The number of episodes cannot be negative.", field="episodes_watched"
            )
        if anime.episodes is not None and episodes_watched > anime.episodes:
            raise InvalidRating(
                f"{anime.title} has {anime.episodes} episodes.", field="episodes_watched"
            )


def _touch(rater: Rater) -> None:
    """Count the rater's revision up and tell the receivers after the commit.

    The update locks the rater's row, so two writers of one list follow each other.
    """
    Rater.objects.filter(pk=rater.pk).update(revision=F("revision") + 1)
    rater.refresh_from_db(fields=["revision"])
    transaction.on_commit(partial(ratings_changed.send, sender=Rater, rater_ids=[rater.pk]))
