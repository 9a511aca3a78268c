"""Reads of the catalogue. Nothing here changes anything."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, FloatField, OuterRef, QuerySet, Value

from catalog.models import (
    Anime,
    ApiToken,
    CatalogueState,
    Dismissal,
    Genre,
    Profile,
    Rater,
    Rating,
    User,
)
from catalog.querysets import AnimeQuerySet, RatingQuerySet
from catalog.titles import search_title

# A community score counts as if this many members more had given the data set's mean score.
# Without it, titles that a handful of people know would head the list of the best.
PRIOR_MEMBERS = 2_000
PRIOR_SCORE = 6.5
_SHRUNK_SCORE = (
    F("mean_score") * F("members") + Value(PRIOR_SCORE * PRIOR_MEMBERS, output_field=FloatField())
) / (F("members") + Value(PRIOR_MEMBERS, output_field=FloatField()))

# The orders in which titles can be browsed. Every order ends with the id, so that pages are stable.
TITLE_ORDERS = {
    "popular": (F("members").desc(), F("pk").asc()),
    "score": (_SHRUNK_SCORE.desc(nulls_last=True), F("pk").asc()),
    "title": (F("title").asc(), F("pk").asc()),
}
MY_LIST_ORDERS = {
    "recent": (F("updated_at").desc(), F("pk").desc()),
    "score": (F("score").desc(nulls_last=True), F("anime__title").asc(), F("pk").asc()),
    "title": (F("anime__title").asc(), F("pk").asc()),
}


def titles(
    *,
    show_adult: bool,
    search: str = "",
    genre: str = "",
    type: str = "",
    order: str = "popular",
) -> AnimeQuerySet:
    """Titles to browse, their genres prefetched.

    ``search`` must be contained in the title, accents and punctuation aside; ``genre`` is a slug;
    ``order`` is a key of TITLE_ORDERS (KeyError otherwise).
    """
    found = Anime.objects.visible(show_adult=show_adult).prefetch_related("genres")
    if plain := search_title(search):
        found = found.filter(search_title__contains=plain)
    elif search:  # nothing but punctuation, which only the title itself still has
        found = found.filter(title__contains=search)
    if genre:
        found = found.filter(genres__slug=genre)
    if type:
        found = found.filter(type=type)
    return found.order_by(*TITLE_ORDERS[order])


def genres(*, show_adult: bool) -> list[Genre]:
    """Genres by name, each with ``n_titles``: the titles somebody with this setting can see."""
    counts = dict(
        Anime.objects.visible(show_adult=show_adult)
        .values_list("genres")
        .annotate(n_titles=Count("pk"))
        .values_list("genres", "n_titles")
    )
    found = [genre for genre in Genre.objects.all() if counts.get(genre.pk)]
    for genre in found:
        genre.n_titles = counts[genre.pk]  # type: ignore[attr-defined]  # an annotation
    return found


def genre_choices(*, show_adult: bool) -> list[Genre]:
    """Genres by name of which there are titles that somebody with this setting can see."""
    seen = Anime.objects.visible(show_adult=show_adult).filter(genres=OuterRef("pk"))
    return list(Genre.objects.filter(Exists(seen)))


def visible_anime(*, anime_id: int, show_adult: bool) -> Anime | None:
    """A title with its genres; None when there is none, or none for this adult setting."""
    return (
        Anime.objects.visible(show_adult=show_adult)
        .prefetch_related("genres")
        .filter(pk=anime_id)
        .first()
    )


def anime_by_id(*, anime_ids: Iterable[int]) -> dict[int, Anime]:
    """Titles by id with their genres, in two queries; ids without a title are left out."""
    return Anime.objects.prefetch_related("genres").in_bulk(list(anime_ids))


def rater_of(user: User | AnonymousUser) -> Rater | None:
    """The rater of an account, or None for a visitor and for somebody who never rated."""
    if not user.is_authenticated:
        return None
    return Rater.objects.filter(user=user).first()


def profile_of(user: User | AnonymousUser) -> Profile:
    """The account's settings; unsaved defaults for a visitor and for a new account."""
    if user.is_authenticated:
        profile = Profile.objects.filter(user=user).first()
        return profile or Profile(user=user)
    return Profile()


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


def tokens(*, user: User) -> QuerySet[ApiToken]:
    """The account's API tokens, the newest first, expired ones too."""
    return ApiToken.objects.filter(user=user).order_by(F("created").desc(), F("pk").asc())


def score_histogram(*, anime_id: int) -> dict[int, int]:
    """How often the title got each score from 1 to 10, every score present."""
    histogram = dict.fromkeys(range(1, 11), 0)
    rows = Rating.objects.scored().filter(anime_id=anime_id).values_list("score")
    histogram.update({score: count for score, count in rows.annotate(Count("pk")) if score})
    return histogram


def catalogue_revision() -> int:
    """A number that grows with every change of a title or a genre."""
    return CatalogueState.objects.values_list("revision", flat=True).first() or 0
