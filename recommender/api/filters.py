"""The query parameters of the recommender's lists."""

from collections.abc import Callable, Collection
from typing import Any, Final

from rest_framework import serializers

from catalog.api.fields import QueryIntegerField
from catalog.api.filters import LimitQuery, PageQuery, ShortPageQuery
from catalog.models import Anime
from recommender.models import TrainingRun
from recommender.services.catalogue import catalogue_arrays
from recommender.services.list_filters import (
    MOST_NUMBER,
    MOST_POPULARITY,
    MOST_VARIETY,
    ListFilters,
)
from recommender.services.lists import DEFAULT_METHOD, METHODS

_SEVERAL: Final = r"^[A-Za-z0-9-]*(,[A-Za-z0-9-]+)*$"
_SWITCH: Final = [("true", "Yes"), ("false", "No")]
UNKNOWN_METHOD = "There is no method {input!r}. Methods: " + ", ".join(METHODS) + "."


class RecommendationQuery(ShortPageQuery):
    """Which list, and which page of it."""

    method = serializers.ChoiceField(
        [(method.slug, method.description) for method in METHODS.values()],
        default=DEFAULT_METHOD,
        help_text="How the list is made.",
        error_messages={"invalid_choice": UNKNOWN_METHOD},
    )
    type = serializers.RegexField(
        _SEVERAL,
        default="",
        allow_blank=True,
        max_length=100,
        error_messages={"invalid": "Types are separated by commas: TV,Movie."},
        help_text="Only these types, separated by commas.",
    )
    genre = serializers.RegexField(
        _SEVERAL,
        default="",
        allow_blank=True,
        max_length=1000,
        error_messages={"invalid": "Genres' slugs are separated by commas: drama,sci-fi."},
        help_text="Only titles with all of these genres: `slug`s, separated by commas.",
    )
    without = serializers.RegexField(
        _SEVERAL,
        default="",
        allow_blank=True,
        max_length=1000,
        error_messages={"invalid": "Genres' slugs are separated by commas: drama,sci-fi."},
        help_text="Only titles with none of these genres: `slug`s, separated by commas.",
    )
    members_min = QueryIntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        default=0,
        help_text="Only titles on at least so many people's lists.",
    )
    episodes_min = QueryIntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        required=False,
        help_text="Only titles of at least so many episodes; those of unknown length are left out.",
    )
    episodes_max = QueryIntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        required=False,
        help_text="Only titles of at most so many episodes; those of unknown length are left out.",
    )
    hide_sequels = serializers.ChoiceField(
        _SWITCH,
        default="false",
        help_text="Leave out sequels and extras of what you have not begun.",
    )
    include_planned = serializers.ChoiceField(
        _SWITCH, default="false", help_text="List what you plan to watch, too."
    )
    adult = serializers.ChoiceField(
        _SWITCH,
        default="true",
        help_text="Whether adult titles are listed, for accounts that are shown them.",
    )
    variety = QueryIntegerField(
        min_value=0,
        max_value=MOST_VARIETY,
        default=0,
        help_text="How unlike each other the first titles are: 0 as ranked, 100 as can be.",
    )
    popularity = QueryIntegerField(
        min_value=-MOST_POPULARITY,
        max_value=MOST_POPULARITY,
        default=0,
        help_text="0 as ranked; below, little known titles come sooner; above, popular ones.",
    )

    def validate_type(self, value: str) -> tuple[str, ...]:
        """The types. Raises ValidationError for one that there is not."""
        return _known(value, lambda: Anime.Type.values, "type")

    def validate_genre(self, value: str) -> tuple[str, ...]:
        """The slugs. Raises ValidationError for one that there is not."""
        return _known(value, _genres, "genre")

    def validate_without(self, value: str) -> tuple[str, ...]:
        """The slugs. Raises ValidationError for one that there is not."""
        return _known(value, _genres, "genre")


def filters_of(query: dict[str, Any]) -> ListFilters:
    """The filters of a checked query."""
    return ListFilters(
        types=query["type"],
        genres=query["genre"],
        without_genres=query["without"],
        min_members=query["members_min"],
        min_episodes=query.get("episodes_min"),
        max_episodes=query.get("episodes_max"),
        hide_sequels=query["hide_sequels"] == "true",
        include_planned=query["include_planned"] == "true",
        adult=query["adult"] == "true",
        variety=query["variety"],
        popularity=query["popularity"],
    )


def _genres() -> Collection[str]:
    return catalogue_arrays().genre_names


def _known(value: str, names: Callable[[], Collection[str]], what: str) -> tuple[str, ...]:
    """The parts of a list separated by commas, each once."""
    chosen = tuple(each for each in dict.fromkeys(value.split(",")) if each)
    if not chosen:
        return ()
    known = names()
    unknown = [each for each in chosen if each not in known]
    if unknown:
        raise serializers.ValidationError(
            f"There is no {what} {unknown[0]!r}. There are: {', '.join(known)}."
        )
    return chosen


class SimilarQuery(LimitQuery):
    """Alike in what."""

    by = serializers.ChoiceField(
        [
            ("content", "The same genres and type"),
            ("taste", "The same people watch them"),
        ],
        default="content",
        help_text="In what they are alike.",
    )


class TrainingRunQuery(PageQuery):
    """Which runs."""

    state = serializers.ChoiceField(
        TrainingRun.State.choices, required=False, help_text="Only runs in this state."
    )
