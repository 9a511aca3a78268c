"""The account's settings, tokens, and its end."""

from typing import Any

from django import forms

from catalog.models import Profile, User
from catalog.services.tokens import Scope

TOKEN_DAYS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "a year"}


class SettingsForm(forms.Form):
    """How an account wants the site to be."""

    show_adult = forms.BooleanField(
        label="Show adult titles",
        required=False,
        help_text="Titles of the genre Hentai then appear in search, lists and recommendations. "
        "Otherwise they are hidden everywhere, also on your own list.",
    )
    theme = forms.ChoiceField(
        label="Appearance",
        required=False,
        choices=Profile.Theme.choices,
        help_text="Light or dark pages, on every device on which you log in.",
    )


class ProfileForm(forms.Form):
    """What others may see."""

    about = forms.CharField(
        label="About you",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Up to 500 characters, shown on your profile as plain text.",
    )
    is_public = forms.BooleanField(
        label="Let everybody see my profile",
        required=False,
        help_text="Your name, this text, when you joined, how many titles you have, your "
        "favourite genres, your best-scored titles and how you score. Never your e-mail address "
        "or your whole list. Otherwise your profile is private: nobody but you sees it.",
    )


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="What the token is for, so that you know it again: “phone”, “backup”.",
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ.value],
        error_messages={"required": "Choose at least one thing that the token may do."},
    )
    days = forms.ChoiceField(
        label="Valid for", choices=tuple(TOKEN_DAYS.items()), initial="90", required=True
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (Scope.READ.value, "Read: your list and recommendations"),
            (Scope.WRITE.value, "Write: change your list"),
        ]
        if user.is_staff:
            choices.append((Scope.ADMIN.value, "Administer: trainings and models"))
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)  # noqa: S101 - as declared above
        scopes.choices = choices


class DeletionForm(forms.Form):
    """The last question before an account is deleted."""

    username = forms.CharField(
        label="Your username, to be sure", max_length=150, widget=forms.TextInput
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["username"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none"}

    def clean_username(self) -> str:
        """Only the account's own name will do."""
        name: str = self.cleaned_data["username"]
        if name != self._user.get_username():
            raise forms.ValidationError(
                f"This is not your username, which is {self._user.get_username()}."
            )
        return name
