"""Titles and genres: readable without an account."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from catalog import selectors
from catalog.api.base import ApiView
from catalog.api.conditional import weak_tag
from catalog.api.filters import AnimeQuery, filters_of
from catalog.api.id_pages import id_page
from catalog.api.paging import page_address
from catalog.api.problems import Problem
from catalog.api.serializers import (
    AnimeDetailSerializer,
    AnimePage,
    AnimeSerializer,
    GenreCountSerializer,
    GenrePage,
)
from catalog.models import CatalogueState, Rater
from catalog.services.browsing import Filters, browse


class AnimeListView(ApiView):
    """The catalogue."""

    public = True
    tag = "Titles"
    is_tagged = True
    query_serializer = AnimeQuery
    get_problems = ("adult_titles_hidden", "not_authenticated", "not_found")

    @extend_schema(operation_id="list_anime", summary="Browse and search", responses=AnimePage)
    def get(self, request: Request) -> HttpResponseBase:
        """Titles, the most popular first. Adult titles are hidden unless the account wants them.

        The search forgives what is written otherwise, and without `ordering` the best match comes
        first. Every order is complete, so that pages neither repeat nor skip a title.
        """
        show_adult, filters = self._show_adult(self.query.get("adult")), filters_of(self.query)
        rater = None
        if filters.on_list is not None:
            rater = selectors.rater_of(self.account)
        # The revisions first: what changes meanwhile gets a tag that does not hold for long.
        state = selectors.catalogue_state()
        counted = state.statistics_revision if filters.order == "controversial" else 0
        mine = (rater.pk, rater.revision) if rater else ()
        tag = weak_tag(request, state.revision, counted, show_adult, mine)
        return self.tagged(
            tag, lambda: self._titles(filters, show_adult=show_adult, rater=rater, state=state)
        )

    def _titles(
        self, filters: Filters, *, show_adult: bool, rater: Rater | None, state: CatalogueState
    ) -> dict[str, Any]:
        found = browse(filters, show_adult=show_adult, rater=rater, state=state)
        known = {genre.slug for genre in found.arrays.genre_choices(show_adult=show_adult)}
        for slug in (*filters.genres, *filters.without):
            if slug not in known:
                raise Problem(
                    "not_found", f"There is no genre {slug!r}. GET /api/v1/genres/ lists them."
                )
        page = id_page(
            found.anime_ids,
            question=filters,
            limit=self.query["limit"],
            cursor=self.query.get("cursor", ""),
        )
        titles = found.arrays.anime(page.ids)
        return {
            "next": page_address(self.request, page.next),
            "previous": page_address(self.request, page.previous),
            "results": [AnimeSerializer(titles[pk]).data for pk in page.ids if pk in titles],
        }

    def _show_adult(self, wanted: str | None) -> bool:
        if wanted == "false":
            return False
        shown = self.show_adult
        if wanted == "true" and not shown:
            raise Problem("adult_titles_hidden")
        return shown


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
