"""Filters of one's own list, and changes to its entries."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict

from catalog.forms.forgiving import ForgivingForm
from catalog.forms.rating import STATUS_CHOICES, RatingForm
from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Genre, Rating
from catalog.services.bulk_ratings import EntryChange
from catalog.services.own_list import DEFAULT_ORDER, ORDERS, ListFilters
from catalog.services.ratings import InvalidRating

_SCORED = {"yes": True, "no": False}
_CHOICES = {
    "status": [("", "All"), *STATUS_CHOICES],
    "type": [("", "All types"), *Anime.Type.choices],
    "scored": [("", "Any"), ("yes", "Scored"), ("no", "Not scored")],
    "sort": [(name, order.label) for name, order in ORDERS.items()],
    "order": [("", "As usual"), ("reversed", "Reversed")],
}
# An id or a number of episodes; longer ones no column holds.
_NUMBER = re.compile(r"[0-9]{1,9}")
_FIELDS = {"status": "status", "score": "score", "episodes": "episodes_watched"}


class MyListForm(ForgivingForm):
    """Filters and order of one's own list, filled in by the page's address."""

    q = forms.CharField(label="Search", max_length=100, required=False)
    status = forms.ChoiceField(label="Status", required=False, choices=_CHOICES["status"])
    type = forms.ChoiceField(label="Type", required=False, choices=_CHOICES["type"])
    genre = forms.ChoiceField(label="Genre", required=False)
    scored = forms.ChoiceField(label="Score", required=False, choices=_CHOICES["scored"])
    sort = forms.ChoiceField(label="Sort by", required=False, choices=_CHOICES["sort"])
    order = forms.ChoiceField(label="Direction", required=False, choices=_CHOICES["order"])

    def __init__(self, *args: Any, genres: Iterable[Genre], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["genre"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        genre_choices = [("", "All genres"), *((genre.slug, genre.name) for genre in genres)]
        field.choices = genre_choices
        self._choices = {**_CHOICES, "genre": genre_choices}

    def choices_of(self, name: str) -> list[tuple[str, str]]:
        """The values and labels of a field of choices."""
        return self._choices[name]

    @cached_property
    def filters(self) -> ListFilters:
        """What is asked for."""
        values = self.values
        return ListFilters(
            search=values["q"],
            status=Rating.Status.from_slug(values["status"]) if values["status"] else None,
            type=values["type"],
            genre=values["genre"],
            is_scored=_SCORED.get(values["scored"]),
            order=values["sort"] or DEFAULT_ORDER,
            is_reversed=values["order"] == "reversed",
        )


def entry_changes(data: QueryDict) -> dict[int, EntryChange]:
    """What somebody has changed in the lines of their list.

    Each line says what it was, as ``id/status/score/episodes`` in a field ``was``; only what is
    otherwise now counts, so that a page which is out of date takes nothing back. ``plus`` names a
    title of which one more episode was seen. Raises InvalidRating, also for what is no line.
    """
    changes = {}
    for line in data.getlist("was"):
        anime_id, *was = line.split("/")
        if len(was) != len(_FIELDS) or not _NUMBER.fullmatch(anime_id):
            raise InvalidRating("This page is out of date. Load it again.", field="was")
        before = dict(zip(_FIELDS, was, strict=True))
        if changed := _changed_fields(data, anime_id, before):
            form = RatingForm(changed)
            if not form.is_valid():
                raise InvalidRating(form.problem, field=next(iter(changed)))
            changes[int(anime_id)] = EntryChange(**form.changes)
    return changes


def _changed_fields(data: QueryDict, anime_id: str, before: Mapping[str, str]) -> dict[str, str]:
    now = {name: data.get(f"{name}-{anime_id}", was).strip() for name, was in before.items()}
    if data.get("plus") == anime_id and (not now["episodes"] or _NUMBER.fullmatch(now["episodes"])):
        now["episodes"] = str(int(now["episodes"] or 0) + 1)
    return {_FIELDS[name]: value for name, value in now.items() if value != before[name]}


class ChosenForm(forms.Form):
    """One change of many entries: which ones, and what becomes of them."""

    which = forms.ChoiceField(
        label="Change",
        choices=[("chosen", "The chosen titles"), ("page", "This page"), ("found", "All")],
        error_messages={
            "required": "Say which titles to change.",
            "invalid_choice": "Say which titles to change.",
        },
    )
    do = forms.ChoiceField(
        choices=[(name, name) for name in ("status", "score", "clear", "remove")],
        error_messages={
            "required": "Say what to do with the titles.",
            "invalid_choice": "There is no such change.",
        },
    )
    status = forms.ChoiceField(label="Status", choices=STATUS_CHOICES, required=False)
    score = forms.IntegerField(
        label="Score", min_value=MIN_SCORE, max_value=MAX_SCORE, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a change that lacks its value."""
        cleaned = super().clean() or {}
        asked = cleaned.get("do")
        if asked in ("status", "score") and not cleaned.get(asked) and asked not in self.errors:
            raise forms.ValidationError(f"Choose a {asked} first.")
        return cleaned

    @property
    def change(self) -> EntryChange | None:
        """What becomes of each entry, None for a removal."""
        asked = self.cleaned_data["do"]
        if asked == "status":
            return EntryChange(status=Rating.Status.from_slug(self.cleaned_data["status"]))
        if asked == "remove":
            return None
        return EntryChange(score=self.cleaned_data["score"] if asked == "score" else None)

    @property
    def problem(self) -> str:
        """The first thing that is wrong, as a sentence."""
        return str(next(iter(self.errors.values()))[0]) if self.errors else ""
