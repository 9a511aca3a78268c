"""Recommendations for the account, and titles like another one."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.filters import LimitQuery
from catalog.api.paging import decode_cursor, encode_cursor, page_address
from catalog.selectors import rater_of
from recommender.api.filters import RecommendationQuery
from recommender.api.serializers import (
    RecommendationPage,
    RecommendationSerializer,
    SimilarPage,
    SimilarSerializer,
)
from recommender.services import serving


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
        """
        query = self.query
        offset = self._offset()
        found = serving.recommend(
            rater=rater_of(self.account),
            method=query["method"],
            n=query["limit"],
            offset=offset,
            show_adult=self.show_adult,
        )
        end, limit = offset + query["limit"], query["limit"]
        data: dict[str, Any] = {
            "next": self._address(end) if end < found.n_available else None,
            "previous": self._address(max(0, offset - limit)) if offset else None,
            "results": RecommendationSerializer(found.items, many=True).data,
            "method": found.method,
            "source": found.source,
            "model_version": found.model_version,
            "fallback": found.fallback,
        }
        return Response(data)

    def _offset(self) -> int:
        cursor, method = self.query.get("cursor"), self.query["method"]
        return int(decode_cursor(cursor, method=method)["offset"]) if cursor else 0

    def _address(self, offset: int) -> str | None:
        cursor = encode_cursor({"method": self.query["method"], "offset": offset})
        return page_address(self.request, cursor)


class SimilarListView(ApiView):
    """Titles like another one."""

    public = True
    tag = "Titles"
    query_serializer = LimitQuery

    @extend_schema(
        operation_id="list_similar_anime", summary="Titles like this one", responses=SimilarPage
    )
    def get(self, request: Request, anime_id: int) -> Response:
        """The titles most like this one by genres and type, on one page."""
        found = serving.similar(
            anime=self.anime(anime_id), n=self.query["limit"], show_adult=self.show_adult
        )
        results = SimilarSerializer(found, many=True).data
        return Response({"next": None, "previous": None, "results": results})
