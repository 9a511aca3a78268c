"""Lists of recommendations and similar titles, as the API gives them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from catalog.api.examples import answer
from catalog.api.serializers import AnimeSerializer, PageSerializer
from recommender.api import examples


class InfluenceSerializer(serializers.Serializer[Any]):
    """One of your titles that moved the listed one."""

    id = serializers.IntegerField(source="anime_id", help_text="The title's id.")
    title = serializers.CharField(help_text="Its name.")
    score = serializers.FloatField(help_text="What you gave it; 0 for no score.")
    contribution = serializers.FloatField(
        help_text="How much lower the relevance would be without it; negative where higher.",
    )


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a title is in the list."""

    kind = serializers.CharField(help_text="What kind of reason it is, such as `genres`.")
    text = serializers.CharField(help_text="The reason in words.")
    genres = serializers.ListField(child=serializers.CharField(), help_text="The genres' names.")
    titles = InfluenceSerializer(many=True, help_text="Your own titles that moved it most.")
    is_exact = serializers.BooleanField(
        help_text="Whether the contributions are exact; approximate otherwise."
    )


class RecommendationSerializer(serializers.Serializer[Any]):
    """One title of a list of recommendations."""

    rank = serializers.IntegerField(
        help_text="The place in the whole list, 1 for the first. A title that was left out since "
        "the list was made leaves a gap."
    )
    anime = AnimeSerializer()
    prediction = serializers.FloatField(
        allow_null=True,
        help_text="The score from 1 to 10 that you are expected to give; null without a model.",
    )
    prediction_range = serializers.ListField(
        child=serializers.FloatField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="The lowest and the highest of the likely scores: four in five lie there at "
        "least. Null where there is none.",
    )
    relevance = serializers.FloatField(
        help_text="What the method orders the list by, in its own unit."
    )
    recommender_score = serializers.FloatField(
        help_text="The relevance divided by the best relevance of the list: 1 for the most "
        "relevant, which is the first unless `variety` or `popularity` say otherwise."
    )
    sim = serializers.FloatField(
        allow_null=True,
        help_text="The similarity to your profile; null unless `source` is `content`.",
    )
    reasons = ReasonSerializer(many=True)
    is_exploration = serializers.BooleanField(
        help_text="A title that nobody has rated yet, placed by its genres and type."
    )
    is_planned = serializers.BooleanField(
        help_text="A title that you plan to watch; only listed with `include_planned`."
    )


@extend_schema_serializer(examples=[answer(examples.RECOMMENDATIONS)])
class RecommendationPage(PageSerializer):
    """A list of recommendations and where it comes from."""

    results = RecommendationSerializer(many=True)
    method = serializers.CharField(help_text="The method that was asked for.")
    source = serializers.CharField(  # type: ignore[assignment]  # leaves no attribute
        help_text="What made the list: `popular` where nothing personal can be had."
    )
    model_version = serializers.IntegerField(
        allow_null=True, help_text="The version that predicted; null without a model."
    )
    fallback = serializers.CharField(
        help_text="Why another method stands in, in a sentence; empty otherwise."
    )


class SimilarSerializer(serializers.Serializer[Any]):
    """A title like another one."""

    anime = AnimeSerializer()
    sim = serializers.FloatField(
        help_text="How alike they are, 0 to 1: the cosine of genres and types, or of what the "
        "model knows of who watches them."
    )
    shared_genres = serializers.ListField(
        child=serializers.CharField(), help_text="The names of the genres that both have."
    )


@extend_schema_serializer(examples=[answer(examples.SIMILAR_PAGE)])
class SimilarPage(PageSerializer):
    """Similar titles, the most similar first, on one page."""

    results = SimilarSerializer(many=True)
    notice = serializers.CharField(help_text="Why there are none by taste; empty otherwise.")


@extend_schema_serializer(examples=[answer(examples.PREDICTION)])
class PredictionSerializer(serializers.Serializer[Any]):
    """What you are expected to think of a title."""

    anime_id = serializers.IntegerField()
    prediction = serializers.FloatField(
        allow_null=True, help_text="The score from 1 to 10; null where nothing can be said."
    )
    prediction_range = serializers.ListField(
        child=serializers.FloatField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="The lowest and the highest of the likely scores: four in five lie there at "
        "least. Null where there is none.",
    )
    reasons = ReasonSerializer(many=True, help_text="Your titles that speak for it and against it.")
    notice = serializers.CharField(help_text="Why there is no prediction; empty otherwise.")
