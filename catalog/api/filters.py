"""The query parameters of the catalogue's lists."""

from rest_framework import serializers

from catalog.api.fields import QueryIntegerField, QuerySerializer
from catalog.api.paging import MAX_LIMIT
from catalog.api.problem_types import PROBLEM_TYPES
from catalog.api.serializers import STATUSES
from catalog.models import Anime


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
        help_text="A part of the title; accents, case and punctuation do not matter.",
    )
    genre = serializers.RegexField(
        r"^[a-z0-9-]*$",
        error_messages={
            "invalid": "A genre's slug consists of small letters, digits and hyphens. "
            "GET /api/v1/genres/ lists them."
        },
        max_length=60,
        default="",
        allow_blank=True,
        help_text="A genre's `slug`.",
    )
    type = serializers.ChoiceField(
        Anime.Type.choices, required=False, help_text="The kind of title."
    )
    ordering = serializers.ChoiceField(
        [
            ("popular", "Most members first"),
            ("score", "Best mean score first"),
            ("title", "By title"),
        ],
        default="popular",
    )
    adult = serializers.ChoiceField(
        [("true", "Adult titles too"), ("false", "No adult titles")],
        required=False,
        help_text="Whether adult titles are listed, for accounts that are shown them; as the "
        "account's settings say unless given.",
    )


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
