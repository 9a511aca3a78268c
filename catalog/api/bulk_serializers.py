"""Many entries of a list in one request, as the API takes and answers them."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from catalog.api.examples import answer
from catalog.api.fields import MAX_INTEGER, IntegerField
from catalog.api.serializers import RatingWriteSerializer
from catalog.services.bulk_ratings import EntryChange

MAX_ENTRIES: Final = 1_000


class RatingEntryListSerializer(serializers.ListSerializer[Any]):
    """Entries of a list, each title once."""

    def validate(self, attrs: list[dict[str, Any]]) -> dict[int, EntryChange]:
        """What to change, by title id. Raises ValidationError, naming each repeated entry."""
        changes: dict[int, EntryChange] = {}
        errors: list[dict[str, Any]] = []
        for entry in attrs:
            anime_id = entry.pop("anime_id")
            detail = ErrorDetail(f"Title {anime_id} is there twice.", "repeated")
            errors.append({"anime_id": [detail]} if anime_id in changes else {})
            changes[anime_id] = EntryChange(**entry)
        if any(errors):
            raise serializers.ValidationError(errors)
        return changes


class RatingEntrySerializer(RatingWriteSerializer):
    """A title, and what to write of it; what is left out keeps its value."""

    anime_id = IntegerField(min_value=0, max_value=MAX_INTEGER, help_text="The MyAnimeList id.")

    class Meta:
        list_serializer_class = RatingEntryListSerializer

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The title's id and what to change. Raises ValidationError."""
        anime_id = attrs.pop("anime_id")
        return {"anime_id": anime_id, **super().validate(attrs)}


EXAMPLES: Final = [
    OpenApiExample(
        "Two titles",
        value=[
            {"anime_id": 9253, "score": 9, "status": "completed"},
            {"anime_id": 19, "status": "watching", "episodes_watched": 3},
        ],
        request_only=True,
    ),
    answer({"created": 1, "changed": 1, "unchanged": 0}),
]


class EntriesPutSerializer(serializers.Serializer[Any]):
    """What became of the entries, as numbers of titles."""

    created = serializers.IntegerField(help_text="New on your list.")
    changed = serializers.IntegerField(help_text="Changed.")
    unchanged = serializers.IntegerField(help_text="They said so already; nothing was written.")
