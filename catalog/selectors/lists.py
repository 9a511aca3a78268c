"""What a rater has done with which title."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet

from catalog.models import (
    Anime,
    Dismissal,
    Rater,
    Rating,
)
from catalog.querysets import RatingQuerySet

MY_LIST_ORDERS = {
    "recent": (F("updated_at").desc(), F("pk").desc()),
    "score": (F("score").desc(nulls_last=True), F("anime__title").asc(), F("pk").asc()),
    "title": (F("anime__title").asc(), F("pk").asc()),
}


def my_list(
    *,
    rater: Rater | None,
    show_adult: bool,
    status: Rating.Status | None = None,
    order: str = "recent",
) -> RatingQuerySet:
    """A rater's list with its titles and genres; ``order`` is a key of MY_LIST_ORDERS."""
    found = Rating.objects.filter(rater=rater) if rater else Rating.objects.none()
    if not show_adult:
        found = found.filter(anime__is_adult=False)
    if status is not None:
        found = found.filter(status=status)
    return (
        found.select_related("anime")
        .prefetch_related("anime__genres")
        .order_by(*MY_LIST_ORDERS[order])
    )


@dataclass(frozen=True, slots=True)
class ListCounts:
    """How many titles a list has: by status (every status present), scored, adult and hidden."""

    by_status: dict[Rating.Status, int]
    total: int
    scored: int
    hidden: int


def list_counts(*, rater: Rater | None, show_adult: bool) -> ListCounts:
    """The figures of a rater's list, in one query; ``hidden`` titles are in no other count."""
    by_status = dict.fromkeys(Rating.Status, 0)
    scored = hidden = 0
    rows: Iterable[tuple[int, bool, int, int]] = ()
    if rater:
        rows = (
            Rating.objects.filter(rater=rater)
            .values_list("status", "anime__is_adult")
            .annotate(Count("pk"), Count("score"))
        )
    for status, is_adult, count, count_scored in rows:
        if is_adult and not show_adult:
            hidden += count
        else:
            by_status[Rating.Status(status)] += count
            scored += count_scored
    return ListCounts(by_status, sum(by_status.values()), scored, hidden)


def ratings_by_title(*, rater: Rater | None, anime_ids: Iterable[int]) -> dict[int, Rating]:
    """The rater's own ratings of these titles, by title id."""
    if rater is None:
        return {}
    found = Rating.objects.filter(rater=rater, anime_id__in=list(anime_ids))
    return {rating.anime_id: rating for rating in found}


def listed_ids(*, rater: Rater | None) -> list[int]:
    """The ids of all titles on a rater's list."""
    if rater is None:
        return []
    return list(Rating.objects.filter(rater=rater).values_list("anime_id", flat=True))


def is_dismissed(*, rater: Rater | None, anime: Anime) -> bool:
    """Whether the rater has said "not interested" of the title."""
    return rater is not None and Dismissal.objects.filter(rater=rater, anime=anime).exists()


def dismissals(*, rater: Rater | None, show_adult: bool) -> QuerySet[Dismissal]:
    """What a rater is not interested in, the latest first, with titles and genres."""
    found = Dismissal.objects.filter(rater=rater) if rater else Dismissal.objects.none()
    if not show_adult:
        found = found.filter(anime__is_adult=False)
    return (
        found.select_related("anime")
        .prefetch_related("anime__genres")
        .order_by(F("created_at").desc(), F("pk").desc())
    )
