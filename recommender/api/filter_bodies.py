"""The filters of a list in a body: with the names that they have in an address, as JSON."""

from collections.abc import Callable, Collection
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from catalog.api.examples import answer
from catalog.api.fields import BodySerializer, BooleanField, IntegerField, StringField
from catalog.models import Anime
from recommender.services.catalogue import catalogue_arrays
from recommender.services.list_filters import (
    MOST_NUMBER,
    MOST_POPULARITY,
    MOST_VARIETY,
    ListFilters,
)

_MOST_NAMED = 100


class NamesField(serializers.ListField):
    """Several names out of those that there are, each counted once."""

    child = StringField(max_length=60)

    def __init__(self, names: Callable[[], Collection[str]], what: str, **kwargs: Any) -> None:
        super().__init__(max_length=_MOST_NAMED, **kwargs)
        self._names, self._what = names, what

    def to_internal_value(self, data: Any) -> Any:
        """The names. Raises ValidationError for one that there is not."""
        chosen = tuple(dict.fromkeys(super().to_internal_value(data)))
        known = self._names() if chosen else ()
        unknown = [each for each in chosen if each not in known]
        if unknown:
            raise serializers.ValidationError(
                f"There is no {self._what} {unknown[0]!r}. There are: {', '.join(known)}."
            )
        return chosen


def _genres() -> Collection[str]:
    return catalogue_arrays().genre_names


def _types() -> Collection[str]:
    return Anime.Type.values


_KEPT: dict[str, Any] = {
    "type": ["TV", "Movie"],
    "genre": [],
    "without": ["horror"],
    "members_min": 0,
    "episodes_min": None,
    "episodes_max": 26,
    "hide_sequels": True,
    "include_planned": False,
    "adult": True,
    "variety": 0,
    "popularity": 0,
}


@extend_schema_serializer(
    examples=[
        answer(_KEPT),
        OpenApiExample(
            "Short ones", value={"episodes_max": 26, "hide_sequels": True}, request_only=True
        ),
        OpenApiExample("None", value={}, request_only=True),
    ]
)
class ListFiltersBody(BodySerializer):
    """Filters and sliders of a list; what is left out is as by default."""

    type = NamesField(_types, "type", default=(), help_text="Only these types.")
    genre = NamesField(
        _genres, "genre", default=(), help_text="Only titles with all of these genres: `slug`s."
    )
    without = NamesField(
        _genres, "genre", default=(), help_text="Only titles with none of these genres: `slug`s."
    )
    members_min = IntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        default=0,
        help_text="Only titles on at least so many people's lists.",
    )
    episodes_min = IntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        default=None,
        allow_null=True,
        help_text="Only titles of at least so many episodes; those of unknown length are left out.",
    )
    episodes_max = IntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        default=None,
        allow_null=True,
        help_text="Only titles of at most so many episodes; those of unknown length are left out.",
    )
    hide_sequels = BooleanField(
        default=False, help_text="Leave out sequels and extras of what you have not begun."
    )
    include_planned = BooleanField(default=False, help_text="List what you plan to watch, too.")
    adult = BooleanField(
        default=True,
        help_text="Whether adult titles are listed, for accounts that are shown them.",
    )
    variety = IntegerField(
        min_value=0,
        max_value=MOST_VARIETY,
        default=0,
        help_text="How unlike each other the first titles are: 0 as ranked, 100 as can be.",
    )
    popularity = IntegerField(
        min_value=-MOST_POPULARITY,
        max_value=MOST_POPULARITY,
        default=0,
        help_text="0 as ranked; below, little known titles come sooner; above, popular ones.",
    )


def filters_of_body(body: dict[str, Any]) -> ListFilters:
    """The filters of a checked body."""
    return ListFilters(
        types=tuple(body["type"]),
        genres=tuple(body["genre"]),
        without_genres=tuple(body["without"]),
        min_members=body["members_min"],
        min_episodes=body["episodes_min"],
        max_episodes=body["episodes_max"],
        hide_sequels=body["hide_sequels"],
        include_planned=body["include_planned"],
        adult=body["adult"],
        variety=body["variety"],
        popularity=body["popularity"],
    )


def body_of_filters(filters: ListFilters) -> dict[str, Any]:
    """Filters as a body has them."""
    return {
        "type": list(filters.types),
        "genre": list(filters.genres),
        "without": list(filters.without_genres),
        "members_min": filters.min_members,
        "episodes_min": filters.min_episodes,
        "episodes_max": filters.max_episodes,
        "hide_sequels": filters.hide_sequels,
        "include_planned": filters.include_planned,
        "adult": filters.adult,
        "variety": filters.variety,
        "popularity": filters.popularity,
    }
