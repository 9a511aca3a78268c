"""Light or dark: for everybody, with or without an account."""

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from catalog.models import Profile, User
from catalog.pages import PageRequest, back_url, remember_theme
from catalog.services import profiles


@require_POST
def appearance(request: PageRequest) -> HttpResponse:
    """Keep the choice in a cookie, and for a member in the account as well."""
    theme = request.POST.get("theme", "")
    if theme not in Profile.Theme.values:
        return HttpResponseBadRequest("Choose system, light or dark.", content_type="text/plain")
    if isinstance(request.user, User):
        profiles.save_theme(user=request.user, theme=Profile.Theme(theme))
    response: HttpResponse = HttpResponseClientRefresh()
    if not request.htmx:
        response = redirect(back_url(request, default="/"))
    remember_theme(response, theme)
    return response
