"""Titles, genres, and what a title's page tells of them."""

from collections.abc import Iterable

from django.db.models import Count

from catalog.models import (
    Anime,
    CatalogueState,
    Genre,
    Rating,
    TitleStatistics,
)

# A community score counts as if this many members more had given the data set's mean score.
# Without it, titles that a handful of people know would head the list of the best.
PRIOR_MEMBERS = 2_000
PRIOR_SCORE = 6.5


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
