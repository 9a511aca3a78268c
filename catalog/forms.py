"""What people may enter on the catalogue's pages."""

from typing import Any

from django import forms

from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Genre, Rating
from catalog.services.ratings import UNSET

STATUS_CHOICES = [(status.slug, status.label) for status in Rating.Status]
TITLE_SORTS = [("popular", "Most popular"), ("score", "Best rated"), ("title", "A to Z")]
LIST_SORTS = [("recent", "Last changed"), ("score", "Your score"), ("title", "A to Z")]


class ForgivingForm(forms.Form):
    """A form for an address: what it does not know is ignored and named, never an error page."""

    @property
    def values(self) -> dict[str, str]:
        """The value of each field, empty where nothing (or nothing valid) is given."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}

    @property
    def ignored(self) -> list[str]:
        """A sentence for each value that is ignored."""
        return [
            f"{self.fields[name].label}: “{self.data.get(name, '')[:40]}” is not known, "
            "so it was left out."
            for name in self.errors
        ]


class BrowseForm(ForgivingForm):
    """Search, filters and order of the catalogue."""

    q = forms.CharField(
        label="Search",
        max_length=100,
        required=False,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Part of a title", "autocomplete": "off"}
        ),
    )
    genre = forms.ChoiceField(label="Genre", required=False)
    type = forms.ChoiceField(
        label="Type", required=False, choices=[("", "All types"), *Anime.Type.choices]
    )
    sort = forms.ChoiceField(label="Sort by", required=False, choices=TITLE_SORTS)

    def __init__(self, *args: Any, genres: list[Genre], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["genre"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", "All genres"), *((genre.slug, genre.name) for genre in genres)]


class MyListForm(ForgivingForm):
    """Filter and order of one's own list."""

    status = forms.ChoiceField(
        label="Status", required=False, choices=[("", "All"), *STATUS_CHOICES]
    )
    sort = forms.ChoiceField(label="Sort by", required=False, choices=LIST_SORTS)


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


class SettingsForm(forms.Form):
    """How an account wants the site to be."""

    show_adult = forms.BooleanField(
        label="Show adult titles",
        required=False,
        help_text="Titles of the genre Hentai then appear in search, lists and recommendations. "
        "Otherwise they are hidden everywhere, also on your own list.",
    )
