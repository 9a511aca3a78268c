"""Recommendations for the account, and titles like another one."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.conditional import weak_tag
from catalog.api.filters import LimitQuery
from catalog.api.paging import page_address
from catalog.api.problems import Problem
from catalog.models import Anime
from catalog.selectors import catalogue_revision, rater_of
from recommender.api.filters import RecommendationQuery, filters_of
from recommender.api.serializers import (
    RecommendationPage,
    RecommendationSerializer,
    SimilarPage,
    SimilarSerializer,
)
from recommender.services import serving
from recommender.services.list_pages import read_list
from recommender.services.snapshots import UnknownCursor


class RecommendationListView(ApiView):
    """What to watch next."""

    tag = "Recommendations"
    query_serializer = RecommendationQuery

    @extend_schema(
        operation_id="list_my_recommendations",
        summary="What to watch next",
        responses=RecommendationPage,
    )
    def get(self, request: Request) -> Response:
        """Titles that you have not seen, the best for you first.

        Titles on your list and those that you are not interested in are left out. Where nothing
        personal can be had, popular titles stand in: `source` and `fallback` say so.

        The pages behind the first belong to the list as it was then, for half an hour: they
        neither repeat nor skip a title when you score one or a new model comes between, and what
        you have seen by then is left out. Titles that the site has shown you five times without
        your opening them come further down.
        """
        query = self.query
        try:
            found = read_list(
                rater=rater_of(self.account),
                method=query["method"],
                filters=filters_of(query),
                show_adult=self.show_adult,
                n=query["limit"],
                cursor=query.get("cursor", ""),
            )
        except UnknownCursor as error:
            raise Problem("no_such_page") from error
        data: dict[str, Any] = {
            "next": page_address(self.request, found.next or None),
            "previous": page_address(self.request, found.previous or None),
            "results": RecommendationSerializer(found.items, many=True).data,
            "method": found.method,
            "source": found.ranking.source,
            "model_version": found.ranking.model_version,
            "fallback": found.ranking.fallback,
        }
        return Response(data)


class SimilarListView(ApiView):
    """Titles like another one."""

    public = True
    tag = "Titles"
    is_tagged = True
    query_serializer = LimitQuery

    @extend_schema(
        operation_id="list_similar_anime", summary="Titles like this one", responses=SimilarPage
    )
    def get(self, request: Request, anime_id: int) -> HttpResponseBase:
        """The titles most like this one by genres and type, on one page."""
        anime, show_adult = self.anime(anime_id), self.show_adult
        tag = weak_tag(request, catalogue_revision(), show_adult)
        return self.tagged(tag, lambda: self._similar(anime, show_adult=show_adult))

    def _similar(self, anime: Anime, *, show_adult: bool) -> dict[str, Any]:
        found = serving.similar(anime=anime, n=self.query["limit"], show_adult=show_adult)
        results = SimilarSerializer(found, many=True).data
        return {"next": None, "previous": None, "results": results}
