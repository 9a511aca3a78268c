"""Writing ratings: the one way in which a person's list changes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Dismissal, Rater, Rating, User
from catalog.selectors import rater_of
from catalog.services.statistics import score_changed
from catalog.signals import ratings_changed

# SQLite before 3.32 allows 999 parameters a query.
_IDS_A_QUERY = 500


class Unset(Enum):
    """Stands for "leave it as it is", since None means "no score"."""

    UNSET = "unset"


UNSET = Unset.UNSET


class InvalidRating(ValueError):
    """A score or a number of episodes that cannot be; the message says why, ``field`` which."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


# Called with the row as it is, or None, while nobody else can change it. What it raises is the
# caller's own, and keeps the change from being made.
Precondition = Callable[[Rating | None], None]


def rater_for(*, user: User) -> Rater:
    """The account's rater, made at the first use; always the same object of the same account."""
    known = rater_of(user)
    if known is not None:
        return known
    rater, _ = Rater.objects.get_or_create(user=user, defaults={"source": Rater.Source.ACCOUNT})
    return rater


def rate(
    *,
    rater: Rater,
    anime: Anime,
    score: int | None | Unset = UNSET,
    status: Rating.Status | Unset = UNSET,
    episodes_watched: int | None | Unset = UNSET,
    precondition: Precondition | None = None,
) -> Rating:
    """Create or change the rater's row for a title; what is UNSET keeps its value.

    A new row is *completed* unless a status is given; a score given to a planned title makes it
    *completed* too, since only what was watched can be scored. Raises InvalidRating, and whatever
    ``precondition`` raises: then nothing is written.
    """
    check(anime=anime, score=score, episodes_watched=episodes_watched)
    check_plan(score=score, status=status)
    with transaction.atomic():
        touch(rater)
        found = _listed(rater, anime)
        if precondition:
            precondition(found)
        rating = found or Rating(rater=rater, anime=anime)
        score_before = rating.score
        apply_change(rating, score=score, status=status, episodes_watched=episodes_watched)
        rating.updated_at = timezone.now()
        rating.save()
        score_changed(anime_id=anime.pk, before=score_before, after=rating.score)
        Dismissal.objects.filter(rater=rater, anime=anime).delete()
    return rating


def apply_change(
    rating: Rating,
    *,
    score: int | None | Unset = UNSET,
    status: Rating.Status | Unset = UNSET,
    episodes_watched: int | None | Unset = UNSET,
) -> None:
    """Change a row that is not saved yet, so that only what was watched has a score."""
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


@dataclass(frozen=True, slots=True)
class MergedScores:
    """What became of scores that were merged into a list, as numbers of titles.

    ``added`` had no score on the list, ``replaced`` had an older one, ``kept`` has one that is as
    new or newer, ``same`` had this very score; of ``gone`` the catalogue has no title any more.
    """

    added: int = 0
    replaced: int = 0
    kept: int = 0
    same: int = 0
    gone: int = 0

    @property
    def changed(self) -> int:
        """How many scores of the list are others than before."""
        return self.added + self.replaced


def merge_scores(*, rater: Rater, scores: Mapping[int, tuple[int, datetime]]) -> MergedScores:
    """Put scores that were given elsewhere on the list, by title id: (1 to 10, when).

    Of two scores the newer one wins, by the time of the list's row; a row without a score takes
    the one that is given, whatever its time. Statuses and episodes stay, but a planned title is
    *completed*, and a dismissal of a title that gets a score is taken back, as by :func:`rate`.
    All of it happens or nothing; to merge the same again changes nothing. Raises InvalidRating.
    """
    _check_scores(scores)
    with transaction.atomic():
        # Two merges at once follow each other: the second one finds what the first has done.
        Rater.objects.select_for_update().get(pk=rater.pk)
        known = set(Anime.objects.filter(pk__in=scores).values_list("pk", flat=True))
        rows = {row.anime_id: row for row in rater.ratings.filter(anime_id__in=known)}
        new = {anime_id: scores[anime_id] for anime_id in known - rows.keys()}
        blank, older, kept, same = [], [], 0, 0
        for anime_id, row in rows.items():
            score, at = scores[anime_id]
            if row.score == score:
                same += 1
            elif row.score is None:
                blank.append(_scored(row, score, max(at, row.updated_at)))
            elif row.updated_at < at:
                older.append(_scored(row, score, at))
            else:
                kept += 1
        if new or blank or older:
            touch(rater)
            Rating.objects.bulk_create(
                Rating(rater=rater, anime_id=anime_id, score=score, updated_at=at)
                for anime_id, (score, at) in sorted(new.items())
            )
            changed = [*blank, *older]
            Rating.objects.bulk_update(changed, ["score", "status", "updated_at"])
            scored = [*new, *(row.anime_id for row in changed)]
            Dismissal.objects.filter(rater=rater, anime_id__in=scored).delete()
    return MergedScores(
        added=len(new) + len(blank),
        replaced=len(older),
        kept=kept,
        same=same,
        gone=len(scores) - len(known),
    )


def write_many(
    *,
    rater: Rater,
    rows: Sequence[Rating],
    dismissed: Collection[int] = (),
    removed: Collection[int] = (),
) -> None:
    """Put many rows on the list at once, each in place of what it has of the title.

    Dismissals of these titles are taken back, as by :func:`rate`; titles with an id in
    ``dismissed`` are dismissed, those in ``removed`` are taken off the list. All of it happens or
    nothing. Raises InvalidRating.
    """
    for row in rows:
        if row.score is None:
            continue
        if not MIN_SCORE <= row.score <= MAX_SCORE or row.status == Rating.Status.PLAN_TO_WATCH:
            raise InvalidRating(
                f"Title {row.anime_id}: a score is from {MIN_SCORE} to {MAX_SCORE}, and a plan "
                "has none.",
                field="score",
            )
    with transaction.atomic():
        touch(rater)
        Rating.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["rater", "anime"],
            update_fields=["status", "score", "episodes_watched", "updated_at"],
        )
        written = {row.anime_id for row in rows}
        dismissals = Dismissal.objects.filter(rater=rater)
        taken_back = [
            pk for pk, anime_id in dismissals.values_list("pk", "anime_id") if anime_id in written
        ]
        if taken_back:
            dismissals.filter(pk__in=taken_back).delete()
        Dismissal.objects.bulk_create(
            [Dismissal(rater=rater, anime_id=anime_id) for anime_id in dismissed],
            ignore_conflicts=True,
        )
        gone = list(removed)
        for start in range(0, len(gone), _IDS_A_QUERY):
            ids = gone[start : start + _IDS_A_QUERY]
            Rating.objects.filter(rater=rater, anime_id__in=ids).delete()


def remove(*, rater: Rater, anime: Anime, precondition: Precondition | None = None) -> bool:
    """Take a title off the list; False when it was not there. Raises what ``precondition`` does."""
    with transaction.atomic():
        touch(rater)
        rating = _listed(rater, anime)
        if precondition:
            precondition(rating)
        if rating is None:
            return False
        rating.delete()
        score_changed(anime_id=anime.pk, before=rating.score, after=None)
    return True


def dismiss(*, rater: Rater, anime: Anime) -> None:
    """Never recommend this title again. Harmless when it was dismissed before."""
    with transaction.atomic():
        touch(rater)
        Dismissal.objects.get_or_create(rater=rater, anime=anime)


def undo_dismissal(*, rater: Rater, anime: Anime) -> bool:
    """Take a dismissal back; False when there was none."""
    with transaction.atomic():
        touch(rater)
        deleted, _ = Dismissal.objects.filter(rater=rater, anime=anime).delete()
    return bool(deleted)


def _check_scores(scores: Mapping[int, tuple[int, datetime]]) -> None:
    if not all(MIN_SCORE <= score <= MAX_SCORE for score, _ in scores.values()):
        raise InvalidRating(
            f"A score is a whole number from {MIN_SCORE} to {MAX_SCORE}.", field="score"
        )


def _scored(row: Rating, score: int, at: datetime) -> Rating:
    row.score, row.updated_at = score, at
    if row.status == Rating.Status.PLAN_TO_WATCH:
        row.status = Rating.Status.COMPLETED
    return row


def check(*, anime: Anime, score: int | None | Unset, episodes_watched: int | None | Unset) -> None:
    """Raise InvalidRating for a score or a number of episodes that the title cannot have."""
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


def check_plan(*, score: int | None | Unset, status: Rating.Status | Unset) -> None:
    """Raise InvalidRating for a score that is given together with a plan."""
    if score not in (UNSET, None) and status is Rating.Status.PLAN_TO_WATCH:
        raise InvalidRating("A title that is only planned cannot have a score.", field="score")


def _listed(rater: Rater, anime: Anime) -> Rating | None:
    rating = Rating.objects.filter(rater=rater, anime=anime).first()
    if rating is not None:
        rating.anime = anime  # with its genres, if these are at hand
    return rating


def touch(rater: Rater) -> None:
    """Count the rater's revision up and tell the receivers after the commit.

    The update locks the rater's row, so two writers of one list follow each other.
    """
    Rater.objects.filter(pk=rater.pk).update(revision=F("revision") + 1)
    rater.refresh_from_db(fields=["revision"])
    transaction.on_commit(partial(ratings_changed.send, sender=Rater, rater_ids=[rater.pk]))
