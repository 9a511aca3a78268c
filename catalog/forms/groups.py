"""Groups and invitations."""

from django import forms

from catalog.services.groups import NAME_LENGTH


class GroupForm(forms.Form):
    """A group's name."""

    name = forms.CharField(label="Name of the group", max_length=NAME_LENGTH)


class InvitationForm(forms.Form):
    """Whom to invite."""

    username = forms.CharField(
        label="Username",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        help_text="Nothing of theirs is used or shown before they have accepted.",
    )
