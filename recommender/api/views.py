"""Recommendations for the account, and titles like another one."""

from collections.abc import Sequence
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.conditional import weak_tag
from catalog.api.paging import page_address
from catalog.api.problems import Problem
from catalog.models import Anime
from catalog.selectors import catalogue_revision, rater_of
from recommender.api.filters import RecommendationQuery, SimilarQuery, filters_of
from recommender.api.serializers import (
    PredictionSerializer,
    RecommendationPage,
    RecommendationSerializer,
    SimilarPage,
    SimilarSerializer,
)
from recommender.services import serving
from recommender.services.list_pages import read_list
from recommender.services.lists import SimilarTitle
from recommender.services.snapshots import UnknownCursor
from recommender.services.title_view import SCORE_FIRST, alike_by_taste, outlook


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
    query_serializer = SimilarQuery

    @extend_schema(
        operation_id="list_similar_anime", summary="Titles like this one", responses=SimilarPage
    )
    def get(self, request: Request, anime_id: int) -> HttpResponseBase:
        """The titles most like this one, on one page: by genres and type, or by taste.

        By taste they are those that the same people watch, as far as the model knows them.
        """
        anime, show_adult = self.anime(anime_id), self.show_adult
        if self.query["by"] == "taste":
            found = alike_by_taste(anime=anime, n=self.query["limit"], show_adult=show_adult)
            tag = weak_tag(
                request, catalogue_revision(), show_adult, found.version_id, found.notice
            )
            return self.tagged(tag, lambda: _similar_page(found.titles, found.notice))
        tag = weak_tag(request, catalogue_revision(), show_adult)
        return self.tagged(tag, lambda: self._similar(anime, show_adult=show_adult))

    def _similar(self, anime: Anime, *, show_adult: bool) -> dict[str, Any]:
        found = serving.similar(anime=anime, n=self.query["limit"], show_adult=show_adult)
        return _similar_page(found)


class PredictionView(ApiView):
    """What the account is expected to think of a title."""

    tag = "Recommendations"

    @extend_schema(
        operation_id="get_my_prediction",
        summary="What I am expected to score a title",
        responses=PredictionSerializer,
    )
    def get(self, request: Request, anime_id: int) -> Response:
        """The score that you are expected to give a title, on your list or not, and why."""
        anime = self.anime(anime_id)
        rater = rater_of(self.account)
        found = outlook(rater=rater, anime=anime)
        data = {
            "anime_id": anime.pk,
            "prediction": found.prediction,
            "prediction_range": found.prediction_range,
            "reasons": found.reasons,
            "notice": SCORE_FIRST if rater is None else found.notice,
        }
        return Response(PredictionSerializer(data).data)


def _similar_page(found: Sequence[SimilarTitle], notice: str = "") -> dict[str, Any]:
    results = SimilarSerializer(found, many=True).data
    return {"next": None, "previous": None, "results": results, "notice": notice}
