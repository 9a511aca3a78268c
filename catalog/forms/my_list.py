"""Filter and order of one's own list."""

from django import forms

from catalog.forms.forgiving import ForgivingForm
from catalog.forms.rating import STATUS_CHOICES

LIST_SORTS = [("recent", "Last changed"), ("score", "Your score"), ("title", "A to Z")]


class MyListForm(ForgivingForm):
    """Filter and order of one's own list."""

    status = forms.ChoiceField(
        label="Status", required=False, choices=[("", "All"), *STATUS_CHOICES]
    )
    sort = forms.ChoiceField(label="Sort by", required=False, choices=LIST_SORTS)
