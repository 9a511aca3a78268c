"""The account's settings: one page with a section for each thing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from catalog import selectors
from catalog.forms.account import ProfileForm, SettingsForm
from catalog.models import Profile
from catalog.pages import MemberRequest, remember_theme
from catalog.services import profiles


@login_required
def account_settings(request: MemberRequest) -> HttpResponse:
    """What the account can change; a POST is of the section "What is shown"."""
    if request.method != "POST":
        return _settings_page(request)
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, shown_form=form, status=400)
    theme = Profile.Theme(form.cleaned_data["theme"]) if form.cleaned_data["theme"] else None
    profile = profiles.save_settings(
        user=request.user, show_adult=form.cleaned_data["show_adult"], theme=theme
    )
    messages.success(request, "Your settings are saved.")
    response = redirect("settings")
    remember_theme(response, profile.theme)
    return response


@login_required
@require_POST
def profile_settings(request: MemberRequest) -> HttpResponse:
    """What others may see of the account, and whether they may."""
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, profile_form=form, status=400)
    profile = profiles.save_profile(user=request.user, **form.cleaned_data)
    who = "Everybody can see your profile" if profile.is_public else "Only you see your profile"
    messages.success(request, f"{who}.")
    return redirect("settings")


def _settings_page(
    request: MemberRequest,
    *,
    shown_form: SettingsForm | None = None,
    profile_form: ProfileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    profile = selectors.profile_of(request.user)
    context = {
        "profile": profile,
        "shown_form": shown_form
        or SettingsForm(initial={"show_adult": profile.show_adult, "theme": profile.theme}),
        "profile_form": profile_form
        or ProfileForm(initial={"about": profile.about, "is_public": profile.is_public}),
        "n_tokens": selectors.tokens(user=request.user).count(),
    }
    return render(request, "account/settings.html", context, status=status)
