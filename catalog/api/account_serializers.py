"""The account, its counts and figures, as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from catalog.api.examples import answer
from catalog.api.fields import BodySerializer, BooleanField, StringField
from catalog.api.serializers import STATUSES, PageSerializer
from catalog.models import Profile

_THEME_ERROR = "There is no theme {input!r}. Themes: " + ", ".join(Profile.Theme.values) + "."

ACCOUNT: dict[str, Any] = {
    "username": "mia",
    "email": "mia@example.org",
    "is_administrator": False,
    "joined_at": "2026-11-24T19:40:00.000001Z",
    "about": "Mostly dramas.",
    "is_public": False,
    "show_adult": False,
    "theme": "system",
}
STATUS_COUNTS: dict[str, Any] = {
    "next": None,
    "previous": None,
    "results": [
        {"status": "watching", "count": 2},
        {"status": "completed", "count": 131},
        {"status": "on-hold", "count": 0},
        {"status": "dropped", "count": 4},
        {"status": "plan-to-watch", "count": 23},
    ],
    "total": 160,
    "scored": 120,
    "hidden": 0,
}
_LEANING: dict[str, Any] = {
    "slug": "drama",
    "name": "Drama",
    "n_scored": 41,
    "mean": 8.4,
    "community": 7.7,
    "deviation": 0.31,
}
_EXTREME: dict[str, Any] = {
    "anime_id": 9253,
    "title": "Steins;Gate",
    "score": 6,
    "community": 9.17,
    "gap": -2.1,
}
STATISTICS: dict[str, Any] = {
    "n_titles": 160,
    "n_watched": 137,
    "n_scored": 120,
    "n_episodes": 2410,
    "mean": 7.6,
    "spread": 1.4,
    "community_mean": 7.7,
    "own_shares": [0.0, 0.0, 0.01, 0.02, 0.07, 0.12, 0.22, 0.28, 0.18, 0.1],
    "community_shares": [0.01, 0.01, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.2, 0.1],
    "genres": [_LEANING],
    "types": [{**_LEANING, "slug": "TV", "name": "TV"}],
    "overrated": [],
    "underrated": [_EXTREME],
}


@extend_schema_serializer(examples=[answer(ACCOUNT)])
class AccountSerializer(serializers.Serializer[Any]):
    """An account, as its owner sees it."""

    username = serializers.CharField()
    email = serializers.CharField(help_text="Empty unless one was given.")
    is_administrator = serializers.BooleanField()
    joined_at = serializers.DateTimeField()
    about = serializers.CharField()
    is_public = serializers.BooleanField(help_text="Whether everybody can see the profile.")
    show_adult = serializers.BooleanField(help_text="Whether adult titles are shown.")
    theme = serializers.ChoiceField(Profile.Theme.choices)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Profile", value={"about": "Mostly dramas.", "is_public": True}, request_only=True
        ),
        OpenApiExample("What is shown", value={"show_adult": False}, request_only=True),
    ]
)
class AccountBody(BodySerializer):
    """What to change; what is left out stays."""

    about = StringField(required=False, max_length=500, allow_blank=True)
    is_public = BooleanField(required=False)
    show_adult = BooleanField(required=False)
    theme = serializers.ChoiceField(
        Profile.Theme.choices, required=False, error_messages={"invalid_choice": _THEME_ERROR}
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """At least one thing. Raises ValidationError."""
        if not attrs:
            raise serializers.ValidationError(
                f"Give at least one of: {', '.join(self.fields)}.", code="empty"
            )
        return attrs


@extend_schema_serializer(
    examples=[OpenApiExample("Password", value={"password": "…"}, request_only=True)]
)
class DeletionBody(BodySerializer):
    """The account's password once more."""

    password = StringField(max_length=1000, write_only=True)


class StatusCountSerializer(serializers.Serializer[Any]):
    """How many titles of a list have a status."""

    status = serializers.ChoiceField(STATUSES)
    count = serializers.IntegerField()


@extend_schema_serializer(examples=[answer(STATUS_COUNTS)])
class StatusCountPage(PageSerializer):
    """Every status and the number of its titles, on one page."""

    results = StatusCountSerializer(many=True)
    total = serializers.IntegerField()
    scored = serializers.IntegerField()
    hidden = serializers.IntegerField(
        help_text="Adult titles that the account hides; they are in no other count."
    )


class LeaningSerializer(serializers.Serializer[Any]):
    """How a genre, or a type, is scored."""

    slug = serializers.CharField()
    name = serializers.CharField()
    n_scored = serializers.IntegerField()
    mean = serializers.FloatField()
    community = serializers.FloatField(allow_null=True, help_text="The community's mean of these.")
    deviation = serializers.FloatField(
        help_text="Points above what is to be expected, drawn to 0 where there are few titles."
    )


class ExtremeSerializer(serializers.Serializer[Any]):
    """A title that is scored much otherwise than by the community."""

    anime_id = serializers.IntegerField()
    title = serializers.CharField()
    score = serializers.IntegerField()
    community = serializers.FloatField()
    gap = serializers.FloatField(help_text="In standard deviations; positive: scored higher.")


@extend_schema_serializer(examples=[answer(STATISTICS)])
class StatisticsSerializer(serializers.Serializer[Any]):
    """The figures of a list; means are null where nothing is scored."""

    n_titles = serializers.IntegerField()
    n_watched = serializers.IntegerField()
    n_scored = serializers.IntegerField()
    n_episodes = serializers.IntegerField(help_text="Episodes seen, as far as it is known.")
    mean = serializers.FloatField(allow_null=True)
    spread = serializers.FloatField(allow_null=True, help_text="The standard deviation.")
    community_mean = serializers.FloatField(allow_null=True)
    own_shares = serializers.ListField(
        child=serializers.FloatField(), help_text="Of the scores 1 to 10; empty without any."
    )
    community_shares = serializers.ListField(
        child=serializers.FloatField(),
        help_text="The same of everybody's scores of these titles.",
    )
    genres = LeaningSerializer(many=True, help_text="The highest deviation first.")
    types = LeaningSerializer(many=True, help_text="The most scored first.")
    overrated = ExtremeSerializer(many=True)
    underrated = ExtremeSerializer(many=True)
