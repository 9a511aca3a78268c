"""Recommendations for somebody without an account, from scores in the request."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.examples import answer
from catalog.api.fields import MAX_INTEGER, BodySerializer, IntegerField
from catalog.api.paging import MAX_LIMIT
from catalog.models import MAX_SCORE, MIN_SCORE
from recommender.api import examples
from recommender.api.filter_bodies import ListFiltersBody, filters_of_body
from recommender.api.filters import UNKNOWN_METHOD
from recommender.api.serializers import RecommendationPage, RecommendationSerializer
from recommender.services.anonymous import recommend_for_scores
from recommender.services.lists import DEFAULT_METHOD, METHODS

MAX_SCORES = 5_000


class ScoreSerializer(BodySerializer):
    """What somebody gave a title."""

    anime_id = IntegerField(min_value=0, max_value=MAX_INTEGER, help_text="The MyAnimeList id.")
    score = IntegerField(min_value=MIN_SCORE, max_value=MAX_SCORE)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two scores",
            value={"scores": [{"anime_id": 9253, "score": 10}, {"anime_id": 19, "score": 9}]},
            request_only=True,
        ),
        OpenApiExample(
            "Movies only",
            value={
                "scores": [{"anime_id": 9253, "score": 10}],
                "method": "content",
                "limit": 5,
                "type": ["Movie"],
            },
            request_only=True,
        ),
    ]
)
class AnonymousRequestSerializer(ListFiltersBody):
    """Somebody's scores, and which list is wanted of them."""

    scores = ScoreSerializer(many=True, allow_empty=False, max_length=MAX_SCORES)  # type: ignore[call-arg]  # the list's
    method = serializers.ChoiceField(
        [(method.slug, method.description) for method in METHODS.values()],
        default=DEFAULT_METHOD,
        help_text="How the list is made.",
        error_messages={"invalid_choice": UNKNOWN_METHOD},
    )
    limit = IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=10, help_text="How many to answer with."
    )

    def validate_scores(self, scores: list[dict[str, int]]) -> dict[int, int]:
        """The scores by title id. Raises ValidationError for a title that comes twice."""
        found = {each["anime_id"]: each["score"] for each in scores}
        if len(found) < len(scores):
            raise serializers.ValidationError("Give each title only once.", code="repeated")
        return found


@extend_schema_serializer(
    examples=[answer({**examples.RECOMMENDATIONS, "next": None, "unknown": []})]
)
class AnonymousPage(RecommendationPage):
    """A list for the posted scores, on one page."""

    unknown = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="The ids of scored titles that were left out of account: the reader is shown "
        "no such title.",
    )


class AnonymousRecommendationView(ApiView):
    """What somebody with these scores could watch next."""

    public = True
    posting_reads = True
    tag = "Recommendations"

    @extend_schema(
        operation_id="recommend_for_scores",
        summary="What somebody with these scores could watch next",
        request=AnonymousRequestSerializer,
        responses=AnonymousPage,
    )
    def post(self, request: Request) -> Response:
        """Titles for a list of scores, the best first, without the scored ones.

        Nothing of it is stored, whoever asks; an account is not needed, and its own list is not
        looked at. There is one page: ask for as many as are wanted with `limit`.
        """
        body = self.body(AnonymousRequestSerializer)
        anonymous = recommend_for_scores(
            scores=body["scores"],
            method=body["method"],
            filters=filters_of_body(body),
            n=body["limit"],
            show_adult=self.show_adult,
        )
        found = anonymous.found
        data: dict[str, Any] = {
            "next": None,
            "previous": None,
            "results": RecommendationSerializer(found.items, many=True).data,
            "method": found.method,
            "source": found.source,
            "model_version": found.model_version,
            "fallback": found.fallback,
            "unknown": anonymous.unknown,
        }
        return Response(data)
