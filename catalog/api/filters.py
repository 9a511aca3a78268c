"""The query parameters of the catalogue's lists."""

from typing import Any, Final

from rest_framework import serializers

from catalog.api.fields import MAX_INTEGER, QueryIntegerField, QuerySerializer
from catalog.api.paging import MAX_LIMIT
from catalog.api.problem_types import PROBLEM_TYPES
from catalog.api.serializers import STATUSES
from catalog.models import MAX_SCORE, MIN_SCORE, Anime
from catalog.services.browsing import ORDERS, Filters

_SLUGS: Final = r"^[a-z0-9-]*(,[a-z0-9-]+)*$"
_NO_SLUG: Final = (
    "A genre's slug consists of small letters, digits and hyphens; several are separated by "
    "commas. GET /api/v1/genres/ lists them."
)


class LimitQuery(QuerySerializer):
    """How many."""

    limit = QueryIntegerField(
        min_value=1, max_value=MAX_LIMIT, default=10, help_text="How many to answer with."
    )


class ShortPageQuery(LimitQuery):
    """Which page of a list that is read a few at a time."""

    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_:-]+$",
        required=False,
        error_messages={"invalid": PROBLEM_TYPES["no_such_page"].detail},
        help_text="Where the page begins; part of the addresses in `next` and `previous`.",
    )


class PageQuery(ShortPageQuery):
    """Which page of a long list."""

    limit = QueryIntegerField(
        min_value=1, max_value=MAX_LIMIT, default=50, help_text="How many a page."
    )


class AnimeQuery(PageQuery):
    """Which titles."""

    search = serializers.RegexField(
        r"^[^\x00]*$",
        error_messages={"invalid": "A title has no such characters."},
        max_length=255,
        default="",
        allow_blank=True,
        help_text="A title or a part of it, as far as one remembers how it is written.",
    )
    genre = serializers.RegexField(
        _SLUGS,
        error_messages={"invalid": _NO_SLUG},
        max_length=1000,
        default="",
        allow_blank=True,
        help_text="Only titles with all of these genres: `slug`s, separated by commas.",
    )
    without = serializers.RegexField(
        _SLUGS,
        error_messages={"invalid": _NO_SLUG},
        max_length=1000,
        default="",
        allow_blank=True,
        help_text="Only titles with none of these genres: `slug`s, separated by commas.",
    )
    type = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        help_text=f"Only these types, separated by commas: {', '.join(Anime.Type.values)}.",
    )
    episodes_min = QueryIntegerField(
        min_value=0,
        max_value=MAX_INTEGER,
        required=False,
        help_text="Only titles of at least so many episodes; those of unknown length are left out.",
    )
    episodes_max = QueryIntegerField(
        min_value=0,
        max_value=MAX_INTEGER,
        required=False,
        help_text="Only titles of at most so many episodes; those of unknown length are left out.",
    )
    members_min = QueryIntegerField(
        min_value=0,
        max_value=MAX_INTEGER,
        required=False,
        help_text="Only titles on at least so many people's lists.",
    )
    score_min = serializers.FloatField(
        min_value=MIN_SCORE,
        max_value=MAX_SCORE,
        required=False,
        help_text="Only titles with at least this community score.",
    )
    mine = serializers.ChoiceField(
        [("on", "On my list"), ("off", "Not on my list")],
        required=False,
        help_text="Only titles on the account's list, or only others; for accounts.",
    )
    ordering = serializers.ChoiceField(
        [(name, order.first) for name, order in ORDERS.items() if name != "random"],
        required=False,
        help_text="Unless given the best match first for a search, and otherwise `popular`.",
    )
    adult = serializers.ChoiceField(
        [("true", "Adult titles too"), ("false", "No adult titles")],
        required=False,
        help_text="Whether adult titles are listed, for accounts that are shown them; as the "
        "account's settings say unless given.",
    )

    def validate_genre(self, value: str) -> tuple[str, ...]:
        """The slugs."""
        return _parts(value)

    def validate_without(self, value: str) -> tuple[str, ...]:
        """The slugs."""
        return _parts(value)

    def validate_type(self, value: str) -> tuple[str, ...]:
        """The types. Raises ValidationError for one that there is not."""
        chosen = tuple(dict.fromkeys(value.split(",")))
        unknown = [each for each in chosen if each not in Anime.Type.values]
        if unknown:
            raise serializers.ValidationError(
                f"There is no type {unknown[0]!r}. There are: {', '.join(Anime.Type.values)}.",
                code="invalid_choice",
            )
        return chosen


def filters_of(query: dict[str, Any]) -> Filters:
    """What a checked query asks for."""
    mine = query.get("mine")
    return Filters(
        search=query["search"],
        genres=query["genre"],
        without=query["without"],
        types=query.get("type", ()),
        episodes_min=query.get("episodes_min"),
        episodes_max=query.get("episodes_max"),
        members_min=query.get("members_min"),
        score_min=query.get("score_min"),
        on_list=None if mine is None else mine == "on",
        order=query.get("ordering", ""),
    )


def _parts(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.split(","))) if value else ()


class RatingQuery(PageQuery):
    """Which part of a person's list."""

    status = serializers.ChoiceField(
        STATUSES, required=False, help_text="Only titles with this status."
    )
    ordering = serializers.ChoiceField(
        [
            ("recent", "Last changed first"),
            ("score", "Best score first"),
            ("title", "By title"),
        ],
        default="recent",
    )
