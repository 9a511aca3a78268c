"""Imports of list files, as the API takes and gives them."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from catalog.api.examples import answer, page
from catalog.api.fields import MAX_INTEGER, BodySerializer, IntegerField
from catalog.api.serializers import STATUSES, PageSerializer
from catalog.models import ImportJob, Rating
from catalog.services.mal_compare import Change, Comparison, Kind
from catalog.services.mal_elements import Standing
from catalog.services.mal_import import Choice
from catalog.services.mal_words import differences

SHOWN_ENTRIES = 200
CONFLICTS = {"keep-mine": Choice.MINE, "take-theirs": Choice.THEIRS}
_SHOWN = (Kind.NEW, Kind.CHANGED, Kind.UNKNOWN)
_RESULTS = (
    "created",
    "replaced",
    "kept_mine",
    "details",
    "same",
    "unknown",
    "dismissed",
)

IMPORT: dict[str, Any] = {
    "id": 12,
    "state": "awaiting",
    "file_name": "animelist.xml.gz",
    "error": "",
    "rows_read": 3,
    "rows_rejected": 1,
    "created_at": "2026-11-24T19:42:07.123456Z",
    "finished_at": None,
}
IMPORT_DETAIL: dict[str, Any] = {
    **IMPORT,
    "rejects": [
        {
            "reason": "the score is not a whole number from 0 to 10",
            "count": 1,
            "samples": [{"line": 71, "text": "Title 3: 12"}],
        }
    ],
    "preview": {
        "counts": {"new": 0, "changed": 1, "details": 0, "same": 0, "unknown": 1, "dismissals": 0},
        "hidden": 0,
        "new": [],
        "changed": [
            {
                "anime_id": 9253,
                "title": "Steins;Gate",
                "before": {"status": "completed", "score": 9, "episodes_watched": 24},
                "after": {"status": "completed", "score": 10, "episodes_watched": 24},
                "differences": [{"label": "Score", "old": "9", "new": "10"}],
                "notes": [],
            }
        ],
        "unknown": [
            {
                "anime_id": 99999,
                "title": "A title of next year",
                "before": None,
                "after": {"status": "plan-to-watch", "score": None, "episodes_watched": None},
                "differences": [],
                "notes": [],
            }
        ],
    },
    "result": None,
}


class ListUploadSerializer(BodySerializer):
    """A list file in a form."""

    file = serializers.FileField(
        allow_empty_file=True,
        help_text="An export of MyAnimeList (.xml or .xml.gz) or of this site (.json); up to "
        "20 MB.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample("The list stays", value={"conflicts": "keep-mine"}, request_only=True),
        OpenApiExample(
            "The file counts, but for one title",
            value={"conflicts": "take-theirs", "otherwise": [9253]},
            request_only=True,
        ),
    ]
)
class DecisionSerializer(BodySerializer):
    """What counts for a title that is on the list and in the file, and differs."""

    conflicts = serializers.ChoiceField([(name, name) for name in CONFLICTS])
    otherwise = serializers.ListField(
        child=IntegerField(min_value=0, max_value=MAX_INTEGER),
        default=list,
        max_length=50_000,
        help_text="The ids of titles for which the other one counts.",
    )


class StandingSerializer(serializers.Serializer[Any]):
    """What a list or a file says of a title."""

    status = serializers.ChoiceField(STATUSES)
    score = serializers.IntegerField(allow_null=True)
    episodes_watched = serializers.IntegerField(allow_null=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """One thing that list and file say differently, in words."""

    label = serializers.CharField()  # type: ignore[assignment]  # leaves no attribute
    old = serializers.CharField()
    new = serializers.CharField()


class ListedTitleSerializer(serializers.Serializer[Any]):
    """A title of the file beside the list."""

    anime_id = serializers.IntegerField()
    title = serializers.CharField()
    before = StandingSerializer(allow_null=True, help_text="Null: it is not on the list.")
    after = StandingSerializer(help_text="What the file says, as far as a list here can.")
    differences = DifferenceSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class PreviewCountsSerializer(serializers.Serializer[Any]):
    """How many titles of each kind the file has."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="On the list, and different: conflicts.")
    details = serializers.IntegerField(help_text="Only details are added, such as dates.")
    same = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="The catalogue has no such title.")
    dismissals = serializers.IntegerField(help_text="Titles to be marked as not interesting.")


class PreviewSerializer(serializers.Serializer[Any]):
    """What the file would change now. Of each kind the first 200 titles are listed."""

    counts = PreviewCountsSerializer()
    hidden = serializers.IntegerField(
        help_text="Adult titles that are counted and not listed, as the account hides them."
    )
    new = ListedTitleSerializer(many=True)
    changed = ListedTitleSerializer(many=True)
    unknown = ListedTitleSerializer(many=True)


class ImportResultSerializer(serializers.Serializer[Any]):
    """What was done."""

    conflicts = serializers.ChoiceField([(name, name) for name in CONFLICTS])
    created = serializers.IntegerField()
    replaced = serializers.IntegerField(help_text="Conflicts in which the file counted.")
    kept_mine = serializers.IntegerField(help_text="Conflicts in which the list counted.")
    details = serializers.IntegerField()
    same = serializers.IntegerField()
    unknown = serializers.IntegerField()
    dismissed = serializers.IntegerField()


class RejectSampleSerializer(serializers.Serializer[Any]):
    """A row that was left out."""

    line = serializers.IntegerField(help_text="Where it begins in the file, 1 for the first.")
    text = serializers.CharField()


class RejectsSerializer(serializers.Serializer[Any]):
    """Rows that were left out for one reason, with the first of them."""

    reason = serializers.CharField()
    count = serializers.IntegerField()
    samples = RejectSampleSerializer(many=True)


class ListImportSerializer(serializers.Serializer[ImportJob]):
    """An imported file."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(
        ImportJob.State.choices, help_text="`awaiting` until it is applied or cancelled."
    )
    file_name = serializers.CharField()
    error = serializers.CharField(help_text="Why nothing came of it; empty otherwise.")
    rows_read = serializers.IntegerField()
    rows_rejected = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[page("me/imports/", IMPORT)])
class ListImportPage(PageSerializer):
    """Imported files, the newest first."""

    results = ListImportSerializer(many=True)


@extend_schema_serializer(examples=[answer(IMPORT_DETAIL)])
class ListImportDetailSerializer(ListImportSerializer):
    """An imported file with what it would change, or has changed."""

    rejects = RejectsSerializer(many=True)
    preview = PreviewSerializer(allow_null=True, help_text="Null once it waits no longer.")
    result = ImportResultSerializer(allow_null=True, help_text="Null unless it was applied.")


def import_detail(job: ImportJob, found: Comparison | None, *, show_adult: bool) -> dict[str, Any]:
    """The answer about one import; ``found`` is its preview while it waits."""
    return {
        **ListImportSerializer(job).data,
        "rejects": rejects_of(job),
        "preview": None if found is None else _preview(found, show_adult=show_adult),
        "result": _result(job),
    }


def rejects_of(job: ImportJob) -> list[dict[str, Any]]:
    """The rows of a job that were left out, the most frequent reason first."""
    counts = sorted(job.rejects.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        {
            "reason": reason,
            "count": count,
            "samples": [
                {"line": line, "text": text} for line, text in job.reject_samples.get(reason, ())
            ],
        }
        for reason, count in counts
    ]


def _preview(found: Comparison, *, show_adult: bool) -> dict[str, Any]:
    counts = {kind.value: len(found[kind]) for kind in Kind}
    listed = {kind.value: _entries(found[kind], show_adult=show_adult) for kind in _SHOWN}
    hidden = 0 if show_adult else sum(change.is_adult for change in found)
    return {
        "counts": {**counts, "dismissals": len(found.dismissals)},
        "hidden": hidden,
        **listed,
    }


def _entries(changes: Iterable[Change], *, show_adult: bool) -> list[dict[str, Any]]:
    visible = [change for change in changes if show_adult or not change.is_adult]
    return [
        {
            "anime_id": change.anime_id,
            "title": change.name,
            "before": None if change.before is None else _standing(change.before),
            "after": _standing(change.after),
            "differences": DifferenceSerializer(differences(change), many=True).data,
            "notes": list(change.notes),
        }
        for change in visible[:SHOWN_ENTRIES]
    ]


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "status": Rating.Status(standing.status).slug,
        "score": standing.score,
        "episodes_watched": standing.episodes,
    }


def _result(job: ImportJob) -> dict[str, Any] | None:
    names = {choice.value: name for name, choice in CONFLICTS.items()}
    if job.state != ImportJob.State.SUCCEEDED or "choice" not in job.summary:
        return None
    return {
        "conflicts": names[job.summary["choice"]],
        **{name: job.summary[name] for name in _RESULTS},
    }
