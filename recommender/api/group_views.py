"""What a group could watch."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.examples import ANIME, SERVER, answer
from catalog.api.filters import ShortPageQuery
from catalog.api.group_views import GroupView
from catalog.api.paging import decode_cursor, encode_cursor, page_address
from catalog.api.serializers import AnimeSerializer, PageSerializer
from catalog.models import Group, Membership
from catalog.selectors import catalogue_revision
from catalog.selectors import groups as selectors
from recommender.services.snapshots import hashed
from recommender.services.together import (
    DEFAULT_STRATEGY,
    STRATEGIES,
    Member,
    SharedTitle,
    recommend_together,
)

_EXAMPLE: dict[str, Any] = {
    "next": f"{SERVER}/api/v1/groups/4/recommendations/?cursor=eyJhdCI6MTB9%3AkzW5Q8x",
    "previous": None,
    "results": [
        {
            "rank": 1,
            "anime": ANIME,
            "score": 8.6,
            "predictions": [
                {"username": "mia", "prediction": 9.1},
                {"username": "ben", "prediction": 8.1},
            ],
            "planned_by": ["ben"],
        }
    ],
    "strategy": "average",
    "counted": ["mia", "ben"],
    "left_out": [],
    "model_version": 3,
    "notice": "",
}


class SharedListQuery(ShortPageQuery):
    """Which list, and which page of it."""

    strategy = serializers.ChoiceField(
        [(strategy.slug, strategy.description) for strategy in STRATEGIES.values()],
        default=DEFAULT_STRATEGY,
        help_text="How the members' predicted scores become one.",
    )


class MemberPredictionSerializer(serializers.Serializer[Any]):
    """What one member is expected to score it."""

    username = serializers.CharField()
    prediction = serializers.FloatField(help_text="1 to 10.")


class SharedTitleSerializer(serializers.Serializer[Any]):
    """A title for a group."""

    rank = serializers.IntegerField()
    anime = AnimeSerializer()
    score = serializers.FloatField(help_text="What the strategy makes of the predictions.")
    predictions = MemberPredictionSerializer(many=True)
    planned_by = serializers.ListField(
        child=serializers.CharField(), help_text="Members who plan to watch it."
    )


@extend_schema_serializer(examples=[answer(_EXAMPLE)])
class SharedListPage(PageSerializer):
    """What a group could watch, and whose tastes it goes by."""

    results = SharedTitleSerializer(many=True)
    strategy = serializers.CharField()
    counted = serializers.ListField(child=serializers.CharField())
    left_out = serializers.ListField(
        child=serializers.CharField(),
        help_text="Members of whom nothing can be predicted; what they have seen is not listed.",
    )
    model_version = serializers.IntegerField(allow_null=True)
    notice = serializers.CharField(help_text="Why there is no list; empty otherwise.")


class GroupRecommendationListView(GroupView):
    """A list for a group."""

    query_serializer = SharedListQuery

    @extend_schema(
        operation_id="list_group_recommendations",
        summary="What a group could watch",
        responses=SharedListPage,
    )
    def get(self, request: Request, group_id: int) -> Response:
        """Up to 200 titles that nobody in the group has seen, with each member's prediction.

        A cursor is good until a member's list, the group, the catalogue or the model changes:
        begin again after `no_such_page`.
        """
        members = _members(self.group(group_id))
        query, strategy = self.query, self.query["strategy"]
        cursor = decode_cursor(query["cursor"], group=group_id) if "cursor" in query else {"at": 0}
        shared = recommend_together(
            members=members, strategy=strategy, n=query["limit"], offset=cursor["at"]
        )
        made_from = hashed(
            [
                (each.user.pk, each.rater and (each.rater.pk, each.rater.revision), each.show_adult)
                for each in members
            ],
            strategy,
            shared.model_version,
            catalogue_revision(),
        )[:16]
        if "cursor" in query:
            decode_cursor(query["cursor"], made_from=made_from)
        end, at = cursor["at"] + query["limit"], cursor["at"]

        def page_at(place: int) -> str | None:
            state = {"group": group_id, "made_from": made_from, "at": place}
            return page_address(request, encode_cursor(state))

        data: dict[str, Any] = {
            "next": page_at(end) if end < shared.n_available else None,
            "previous": page_at(max(0, at - query["limit"])) if at else None,
            "results": [_entry(item) for item in shared.items],
            "strategy": shared.strategy.slug,
            "counted": [user.get_username() for user in shared.counted],
            "left_out": [user.get_username() for user in shared.left_out],
            "model_version": shared.model_version,
            "notice": shared.notice,
        }
        return Response(data)


def _entry(item: SharedTitle) -> dict[str, Any]:
    return {
        "rank": item.rank,
        "anime": AnimeSerializer(item.anime).data,
        "score": item.score,
        "predictions": [
            {"username": user.get_username(), "prediction": prediction}
            for user, prediction in item.shares
        ],
        "planned_by": [user.get_username() for user in item.wished_by],
    }


def _members(group: Group) -> list[Member]:
    return [
        Member(
            user=each.user,
            rater=getattr(each.user, "rater", None),
            show_adult=selectors.shows_adult(each),
        )
        for each in selectors.memberships(group=group)
        if each.state == Membership.State.JOINED
    ]
