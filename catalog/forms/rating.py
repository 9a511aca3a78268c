"""A change to one title of a list."""

from typing import Any

from django import forms

from catalog.models import MAX_SCORE, MIN_SCORE, Rating
from catalog.services.ratings import UNSET

STATUS_CHOICES = [(status.slug, status.label) for status in Rating.Status]


class RatingForm(forms.Form):
    """A change to one title of one's list: a field that is not sent stays as it is."""

    score = forms.IntegerField(
        min_value=MIN_SCORE,
        max_value=MAX_SCORE,
        required=False,
        error_messages={
            "invalid": "A score is a whole number from 1 to 10.",
            "min_value": "A score is a whole number from 1 to 10.",
            "max_value": "A score is a whole number from 1 to 10.",
        },
    )
    status = forms.ChoiceField(
        choices=STATUS_CHOICES,
        required=False,
        error_messages={"invalid_choice": "There is no status “%(value)s”."},
    )
    episodes_watched = forms.IntegerField(min_value=0, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a form that says nothing."""
        cleaned = super().clean() or {}
        numbers = ("score", "episodes_watched")
        if not self.data.get("status") and not any(name in self.data for name in numbers):
            raise forms.ValidationError("Choose a score or a status.")
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """The arguments of ``catalog.services.ratings.rate``; an empty score means none."""
        changes: dict[str, Any] = {
            name: self.cleaned_data[name] if name in self.data else UNSET
            for name in ("score", "episodes_watched")
        }
        if status := self.cleaned_data["status"]:
            changes["status"] = Rating.Status.from_slug(status)
        return changes

    @property
    def problem(self) -> str:
        """The first thing that is wrong, as a sentence."""
        return str(next(iter(self.errors.values()))[0]) if self.errors else ""
