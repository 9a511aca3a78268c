"""Titles and genres: readable without an account."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from catalog import selectors
from catalog.api.base import ApiView
from catalog.api.conditional import weak_tag
from catalog.api.filters import AnimeQuery
from catalog.api.problems import Problem
from catalog.api.serializers import (
    AnimeDetailSerializer,
    AnimePage,
    AnimeSerializer,
    GenreCountSerializer,
    GenrePage,
)


class AnimeListView(ApiView):
    """The catalogue."""

    public = True
    tag = "Titles"
    is_tagged = True
    query_serializer = AnimeQuery
    get_problems = ("adult_titles_hidden", "not_found")

    @extend_schema(operation_id="list_anime", summary="Browse and search", responses=AnimePage)
    def get(self, request: Request) -> HttpResponseBase:
        """Titles, the most popular first. Adult titles are hidden unless the account wants them.

        Every order ends with the id, so that pages neither repeat nor skip a title.
        """
        show_adult = self._show_adult(self.query.get("adult"))
        # The revision first: what changes meanwhile gets a tag that does not hold for long.
        tag = weak_tag(request, selectors.catalogue_revision(), show_adult)
        return self.tagged(tag, lambda: self._titles(show_adult=show_adult))

    def _titles(self, *, show_adult: bool) -> dict[str, Any]:
        query = self.query
        titles = selectors.titles(
            show_adult=show_adult,
            search=query["search"],
            genre=query["genre"],
            type=query.get("type", ""),
            order=query["ordering"],
        )
        page = self.page(titles, AnimeSerializer)
        if query["genre"] and not page["results"]:
            self._check_genre(query["genre"], show_adult=show_adult)
        return page

    def _show_adult(self, wanted: str | None) -> bool:
        if wanted == "false":
            return False
        shown = self.show_adult
        if wanted == "true" and not shown:
            raise Problem("adult_titles_hidden")
        return shown

    def _check_genre(self, slug: str, *, show_adult: bool) -> None:
        """Tell a genre that nothing matches from one that does not exist."""
        genres = selectors.genres(show_adult=show_adult)
        if slug not in {genre.slug for genre in genres}:
            raise Problem(
                "not_found", f"There is no genre {slug!r}. GET /api/v1/genres/ lists them."
            )


class AnimeDetailView(ApiView):
    """One title."""

    public = True
    tag = "Titles"
    is_tagged = True

    @extend_schema(operation_id="get_anime", summary="One title", responses=AnimeDetailSerializer)
    def get(self, request: Request, anime_id: int) -> HttpResponseBase:
        """A title and how often each score was given to it here."""
        anime = self.anime(anime_id)
        scores = selectors.score_histogram(anime_id=anime.pk)
        data: dict[str, Any] = {
            **AnimeSerializer(anime).data,
            "scores": [{"score": score, "count": count} for score, count in scores.items()],
        }
        # Every score that somebody gives changes it: no revision is counted for that.
        return self.tagged(weak_tag(request, data), lambda: data)


class GenreListView(ApiView):
    """Genres."""

    public = True
    tag = "Titles"
    is_tagged = True

    @extend_schema(operation_id="list_genres", summary="Genres", responses=GenrePage)
    def get(self, request: Request) -> HttpResponseBase:
        """All genres by name, on one page, with the number of titles that the reader can see."""
        show_adult = self.show_adult
        tag = weak_tag(request, selectors.catalogue_revision(), show_adult)
        return self.tagged(tag, lambda: self._genres(show_adult=show_adult))

    def _genres(self, *, show_adult: bool) -> dict[str, Any]:
        genres = selectors.genres(show_adult=show_adult)
        results = GenreCountSerializer(genres, many=True).data
        return {"next": None, "previous": None, "results": results}
