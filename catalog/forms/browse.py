"""Search, filters and order of the catalogue."""

from typing import Any

from django import forms

from catalog.forms.forgiving import ForgivingForm
from catalog.models import Anime, Genre

TITLE_SORTS = [("popular", "Most popular"), ("score", "Best rated"), ("title", "A to Z")]


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
