"""The query parameters of the recommender's lists."""

from rest_framework import serializers

from catalog.api.filters import PageQuery, ShortPageQuery
from recommender.models import TrainingRun
from recommender.services.lists import DEFAULT_METHOD, METHODS

_UNKNOWN_METHOD = "There is no method {input!r}. Methods: " + ", ".join(METHODS) + "."


class RecommendationQuery(ShortPageQuery):
    """Which list, and which page of it."""

    method = serializers.ChoiceField(
        [(method.slug, method.description) for method in METHODS.values()],
        default=DEFAULT_METHOD,
        help_text="How the list is made.",
        error_messages={"invalid_choice": _UNKNOWN_METHOD},
    )


class TrainingRunQuery(PageQuery):
    """Which runs."""

    state = serializers.ChoiceField(
        TrainingRun.State.choices, required=False, help_text="Only runs in this state."
    )
