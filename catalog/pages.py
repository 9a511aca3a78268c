"""What the pages of both apps share: the request as htmx sends it, and the answer to a change."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from catalog.models import Profile, User

P = ParamSpec("P")

_THEME_SECONDS = 365 * 24 * 3600


class PageRequest(HttpRequest):
    """A request after the middleware."""

    htmx: HtmxDetails


class MemberRequest(PageRequest):
    """A request of somebody who is logged in."""

    user: User


def back_url(request: HttpRequest, *, default: str) -> str:
    """Where the form came from: its ``next`` field, if that is an address of this site."""
    url = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else default


def member_action(
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[Concatenate[PageRequest, P], HttpResponse]:
    """A view that writes: POST only, and only for somebody who is logged in.

    Others are sent to the login page, and from there back to the page with the form rather than
    to this address, which answers no GET.
    """

    @require_POST
    @wraps(view)
    def inner(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if isinstance(request.user, User):
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # now a member's
        query = urlencode({"next": back_url(request, default="/")})
        url = f"{resolve_url(settings.LOGIN_URL)}?{query}"
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)

    return inner


def tell(
    request: HttpRequest, text: str, *, undo: tuple[str, dict[str, str]] | None = None
) -> None:
    """A message about a change, with what an undo button sends: an address and form fields."""
    tags = json.dumps({"url": undo[0], "fields": undo[1]}) if undo else ""
    messages.success(request, text, extra_tags=tags)


def is_fragment(request: PageRequest, target: str) -> bool:
    """Whether htmx asks for the element with this id only, and not for the page around it."""
    return (
        bool(request.htmx)
        and not request.htmx.history_restore_request
        and request.htmx.target == target
    )


def vary_on_htmx(response: HttpResponse) -> HttpResponse:
    """Keep caches from handing a fragment to who asks for the page."""
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def remember_theme(response: HttpResponse, theme: str) -> None:
    """Let the browser keep what the person has chosen; ``system`` is no choice."""
    if theme == Profile.Theme.SYSTEM:
        response.delete_cookie("theme", samesite="Lax")
        return
    response.set_cookie(
        "theme",
        theme,
        max_age=_THEME_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
