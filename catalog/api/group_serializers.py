"""Groups and invitations, as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from catalog.api.examples import answer, only_page, page
from catalog.api.fields import BodySerializer, StringField
from catalog.api.serializers import PageSerializer
from catalog.services.groups import NAME_LENGTH

GROUP: dict[str, Any] = {
    "id": 4,
    "name": "Film night",
    "owner": "mia",
    "n_members": 2,
    "created_at": "2026-11-24T19:42:07.123456Z",
}
GROUP_DETAIL: dict[str, Any] = {
    **GROUP,
    "members": [
        {"username": "mia", "joined_at": "2026-11-24T19:42:07.123456Z"},
        {"username": "ben", "joined_at": "2026-11-24T19:45:00.000001Z"},
    ],
    "invited": [{"username": "zoe", "invited_at": "2026-11-24T19:46:00.000001Z"}],
    "affinities": [{"members": ["mia", "ben"], "n_shared": 41, "value": 0.52}],
}
INVITATION: dict[str, Any] = {
    "group": {"id": 4, "name": "Film night", "owner": "mia"},
    "members": ["mia", "ben"],
    "invited_at": "2026-11-24T19:46:00.000001Z",
}


@extend_schema_serializer(
    examples=[OpenApiExample("Name", value={"name": "Film night"}, request_only=True)]
)
class GroupBody(BodySerializer):
    """A group's name."""

    name = StringField(max_length=NAME_LENGTH)

    def validate_name(self, name: str) -> str:
        """The name. Raises ValidationError for one of blanks only."""
        if not name.strip():
            raise serializers.ValidationError("A group needs a name.", code="blank")
        return name


@extend_schema_serializer(
    examples=[OpenApiExample("Name", value={"username": "zoe"}, request_only=True)]
)
class InvitationBody(BodySerializer):
    """Whom to ask."""

    username = StringField(max_length=150)


class GroupSerializer(serializers.Serializer[Any]):
    """A group."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = serializers.CharField(source="owner.username")
    n_members = serializers.IntegerField(source="n_joined", help_text="Who has joined.")
    created_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[page("groups/", GROUP)])
class GroupPage(PageSerializer):
    """The groups that the account has joined, by name."""

    results = GroupSerializer(many=True)


class MemberSerializer(serializers.Serializer[Any]):
    """Somebody who has joined."""

    username = serializers.CharField()
    joined_at = serializers.DateTimeField()


class InvitedSerializer(serializers.Serializer[Any]):
    """Somebody who was asked and has not answered."""

    username = serializers.CharField()
    invited_at = serializers.DateTimeField()


class AffinitySerializer(serializers.Serializer[Any]):
    """How alike the tastes of two members are."""

    members = serializers.ListField(
        child=serializers.CharField(), min_length=2, max_length=2, help_text="Their names."
    )
    n_shared = serializers.IntegerField(help_text="The titles that both have scored.")
    value = serializers.FloatField(
        allow_null=True,
        help_text="From -1 (opposite) over 0 to 1 (alike); null where too little is known.",
    )


@extend_schema_serializer(examples=[answer(GROUP_DETAIL)])
class GroupDetailSerializer(GroupSerializer):
    """A group with its members."""

    members = MemberSerializer(many=True, help_text="Who has joined, the earliest first.")
    invited = InvitedSerializer(many=True, help_text="Open invitations; only its owner sees them.")
    affinities = AffinitySerializer(
        many=True, help_text="Every two members, the most alike tastes first."
    )


class InvitingGroupSerializer(serializers.Serializer[Any]):
    """The group of an invitation."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = serializers.CharField()


class InvitationSerializer(serializers.Serializer[Any]):
    """A question whether to join."""

    group = InvitingGroupSerializer()
    members = serializers.ListField(
        child=serializers.CharField(), help_text="The names of who has joined."
    )
    invited_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[only_page(INVITATION)])
class InvitationPage(PageSerializer):
    """The account's open invitations, the oldest first, on one page."""

    results = InvitationSerializer(many=True)
