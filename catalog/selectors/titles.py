"""Titles, genres, and what a title's page tells of them."""

from collections.abc import Iterable

from django.db.models import Count, F, FloatField, Value

from catalog.models import (
    Anime,
    CatalogueState,
    Genre,
    Rating,
    TitleStatistics,
)
from catalog.querysets import AnimeQuerySet
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


def score_histogram(*, anime_id: int) -> dict[int, int]:
    """How often the title got each score from 1 to 10, every score present.

    Read from what was counted ahead. A title without that was never scored, or not since the
    last count of all: then its few ratings are counted.
    """
    counted = TitleStatistics.objects.filter(pk=anime_id).first()
    if counted is not None:
        return counted.counts
    histogram = dict.fromkeys(range(1, 11), 0)
    rows = Rating.objects.scored().filter(anime_id=anime_id).values_list("score")
    histogram.update({score: count for score, count in rows.annotate(Count("pk")) if score})
    return histogram


def catalogue_revision() -> int:
    """A number that grows with every change of a title or a genre."""
    return CatalogueState.objects.values_list("revision", flat=True).first() or 0


def catalogue_state() -> CatalogueState:
    """The revisions of the catalogue and of its statistics, unsaved ones before the first."""
    return CatalogueState.objects.first() or CatalogueState()


def spread_of_scores() -> dict[int, float]:
    """How far raters here disagree about each title that was scored, by title id."""
    return dict(TitleStatistics.objects.values_list("pk", "spread"))
