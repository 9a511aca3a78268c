"""What the catalogue's part of the API takes and gives."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from catalog.api import examples
from catalog.api.fields import MAX_INTEGER, BodySerializer, IntegerField, StringField
from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Dismissal, Rating
from catalog.services.ratings import UNSET
from catalog.services.tokens import DEFAULT_SCOPES, Scope

STATUSES = [(status.slug, status.label) for status in Rating.Status]
SCOPES = [(scope.value, scope.value) for scope in Scope]
_SCORE_HELP = f"A whole number from {MIN_SCORE} to {MAX_SCORE}, or null for no score."
_SCORE_ERROR = f"A score is a whole number from {MIN_SCORE} to {MAX_SCORE}, or null for no score."
_STATUS_ERROR = "There is no status {input!r}. Statuses: " + ", ".join(s for s, _ in STATUSES) + "."


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one field of the body or one query parameter."""

    field = serializers.CharField(
        help_text="Its name, `outer.inner` for a nested one, `body` for the body as a whole."
    )
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="For people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details after RFC 9457."""

    type = serializers.CharField(help_text="Identifies the kind of problem: a URN.")
    title = serializers.CharField(help_text="The kind of problem in words.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="What was wrong and what to do, for people.")
    code = serializers.CharField(help_text="The kind of problem, stable, for programs.")
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]  # a declared field leaves no attribute


class PageSerializer(serializers.Serializer[Any]):
    """One page of a list."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null on the last.")
    previous = serializers.URLField(
        allow_null=True, help_text="The page before; null on the first."
    )


class GenreSerializer(serializers.Serializer[Any]):
    """A genre."""

    slug = serializers.CharField(help_text="Its name in addresses and filters.")
    name = serializers.CharField()


class GenreCountSerializer(GenreSerializer):
    """A genre and how many titles it has."""

    n_titles = serializers.IntegerField(help_text="The titles that the reader can see.")


@extend_schema_serializer(examples=[examples.only_page(examples.GENRE)])
class GenrePage(PageSerializer):
    """All genres, by name."""

    results = GenreCountSerializer(many=True)


class AnimeSerializer(serializers.Serializer[Anime]):
    """A title."""

    id = serializers.IntegerField(help_text="Its MyAnimeList id.")
    title = serializers.CharField()
    type = serializers.ChoiceField(Anime.Type.choices, allow_null=True)
    episodes = serializers.IntegerField(allow_null=True)
    genres = GenreSerializer(many=True)
    mean_score = serializers.FloatField(
        allow_null=True, help_text="The community's mean score, 1 to 10."
    )
    members = serializers.IntegerField(help_text="How many people have it on a list.")
    is_adult = serializers.BooleanField()

    def to_representation(self, instance: Anime) -> dict[str, Any]:
        """The title as the fields describe it.

        Every list consists of titles, and most of the time of a page would go into looking the
        fields up one by one.
        """
        return {
            "id": instance.pk,
            "title": instance.title,
            "type": instance.type,
            "episodes": instance.episodes,
            "genres": [{"slug": genre.slug, "name": genre.name} for genre in instance.genres.all()],
            "mean_score": instance.mean_score,
            "members": instance.members,
            "is_adult": instance.is_adult,
        }


@extend_schema_serializer(examples=[examples.page("anime/", examples.ANIME)])
class AnimePage(PageSerializer):
    """Titles."""

    results = AnimeSerializer(many=True)


class ScoreCountSerializer(serializers.Serializer[Any]):
    """How often a score was given."""

    score = serializers.IntegerField(min_value=MIN_SCORE, max_value=MAX_SCORE)
    count = serializers.IntegerField()


@extend_schema_serializer(examples=[examples.answer(examples.ANIME_DETAIL)])
class AnimeDetailSerializer(AnimeSerializer):
    """A title and how it is scored here."""

    scores = ScoreCountSerializer(
        many=True, help_text="How often each score from 1 to 10 was given here."
    )


@extend_schema_serializer(examples=[examples.answer(examples.RATING)])
class RatingSerializer(serializers.Serializer[Rating]):
    """A title on a list: what its owner has done with it."""

    anime = AnimeSerializer()
    score = serializers.IntegerField(
        allow_null=True, min_value=MIN_SCORE, max_value=MAX_SCORE, help_text=_SCORE_HELP
    )
    status = serializers.SerializerMethodField()
    episodes_watched = serializers.IntegerField(allow_null=True)
    updated_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(STATUSES))
    def get_status(self, rating: Rating) -> str:
        """The status as the API calls it."""
        return Rating.Status(rating.status).slug


@extend_schema_serializer(examples=[examples.page("me/ratings/", examples.RATING)])
class RatingPage(PageSerializer):
    """A person's list."""

    results = RatingSerializer(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("Scored", value={"score": 9, "status": "completed"}, request_only=True),
        OpenApiExample("Only a score", value={"score": 9}, request_only=True),
        OpenApiExample(
            "Being watched", value={"status": "watching", "episodes_watched": 3}, request_only=True
        ),
        OpenApiExample("Score taken back", value={"score": None}, request_only=True),
    ]
)
class RatingWriteSerializer(BodySerializer):
    """What to write on the list; what is left out keeps its value."""

    score = IntegerField(
        required=False,
        allow_null=True,
        min_value=MIN_SCORE,
        max_value=MAX_SCORE,
        help_text=_SCORE_HELP,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _SCORE_ERROR),
    )
    status = serializers.ChoiceField(
        STATUSES, required=False, error_messages={"invalid_choice": _STATUS_ERROR}
    )
    episodes_watched = IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MAX_INTEGER
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of ``services.ratings.rate``. Raises ValidationError."""
        if not attrs:
            raise serializers.ValidationError(
                f"Give at least one of: {', '.join(self.fields)}.", code="empty"
            )
        status = attrs.get("status")
        return {
            "score": attrs.get("score", UNSET),
            "status": Rating.Status.from_slug(status) if status else UNSET,
            "episodes_watched": attrs.get("episodes_watched", UNSET),
        }


class DismissalSerializer(serializers.Serializer[Dismissal]):
    """A title that is never to be recommended."""

    anime = AnimeSerializer()
    created_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[examples.page("me/dismissals/", examples.DISMISSAL)])
class DismissalPage(PageSerializer):
    """Titles that are never to be recommended, the latest first."""

    results = DismissalSerializer(many=True)


class ScopeList(serializers.ListField):
    """Scopes, each of them once."""

    child = serializers.ChoiceField(SCOPES)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty=False, max_length=len(SCOPES), **kwargs)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Name and password", value={"username": "mia", "password": "…"}, request_only=True
        ),
        OpenApiExample(
            "Only to read, for a week",
            value={
                "username": "mia",
                "password": "…",
                "name": "shelf display",
                "scopes": ["read"],
                "expires_in_days": 7,
            },
            request_only=True,
        ),
    ]
)
class TokenRequestSerializer(BodySerializer):
    """Who asks for a token, and what for."""

    username = StringField(max_length=254, help_text="The account's name or its e-mail address.")
    password = StringField(max_length=1000, write_only=True)
    name = StringField(
        max_length=100, default="API", help_text="Tells you later what the token is for."
    )
    scopes = ScopeList(
        default=list(DEFAULT_SCOPES),
        help_text="`read`, `write` and, for administrators, `admin`.",
    )
    expires_in_days = IntegerField(
        min_value=1, max_value=365, required=False, help_text="90 days unless given."
    )


class TokenSerializer(serializers.Serializer[Any]):
    """A token as its owner sees it later: without its text."""

    token_key = serializers.CharField(help_text="The token's first characters.")
    name = serializers.CharField()
    scopes = ScopeList()
    created = serializers.DateTimeField()
    expiry = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[examples.only_page(examples.TOKEN)])
class TokenPage(PageSerializer):
    """An account's tokens, the newest first."""

    results = TokenSerializer(many=True)


@extend_schema_serializer(examples=[examples.answer(examples.NEW_TOKEN)])
class NewTokenSerializer(TokenSerializer):
    """A new token: the only time that its text is shown."""

    token = serializers.CharField(help_text="Keep it: it is shown only once.")
