"""The account's settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render

from catalog import selectors
from catalog.forms.account import SettingsForm
from catalog.pages import (
    MemberRequest,
)
from catalog.services import profiles


@login_required
def account_settings(request: MemberRequest) -> HttpResponse:
    """The account's own settings, and where to change the rest."""
    profile = selectors.profile_of(request.user)
    if request.method == "POST":
        form = SettingsForm(request.POST)
        if form.is_valid():
            profiles.save_settings(user=request.user, show_adult=form.cleaned_data["show_adult"])
            messages.success(request, "Your settings are saved.")
            return redirect("settings")
    else:
        form = SettingsForm(initial={"show_adult": profile.show_adult})
    return render(request, "account/settings.html", {"form": form})
