"""Uploading a list, and deciding what an import does."""

from django import forms

from catalog.services.mal_import import Choice


class UploadForm(forms.Form):
    """A list to import."""

    file = forms.FileField(
        label="Your exported list",
        allow_empty_file=True,  # the reader says it in a sentence
        widget=forms.FileInput(attrs={"accept": ".xml,.gz,.json"}),
        help_text="An .xml or .xml.gz file of MyAnimeList, or a .json file that was exported here; "
        "at most 20 MB.",
        error_messages={
            "required": "Choose a file first.",
            "missing": "Choose a file first.",
            "invalid": "No file was sent. Choose a file, and upload it again.",
        },
    )


class TitleIdsField(forms.Field):
    """Ids of titles. What is none is ignored: it names no title of any file."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: list[str] | None) -> set[int]:
        """The ids that were sent."""
        return {int(text) for text in value or () if text.isdecimal() and len(text) <= 10}


class DecisionForm(forms.Form):
    """What counts for the titles that differ; ``otherwise`` are those with the other choice."""

    choice = forms.TypedChoiceField(
        choices=[(Choice.MINE.value, "Keep mine"), (Choice.THEIRS.value, "Take theirs")],
        coerce=Choice,
    )
    otherwise = TitleIdsField(required=False)
