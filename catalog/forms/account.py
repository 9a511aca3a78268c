"""The account's settings."""

from django import forms


class SettingsForm(forms.Form):
    """How an account wants the site to be."""

    show_adult = forms.BooleanField(
        label="Show adult titles",
        required=False,
        help_text="Titles of the genre Hentai then appear in search, lists and recommendations. "
        "Otherwise they are hidden everywhere, also on your own list.",
    )
