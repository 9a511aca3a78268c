"""The one limit on wrong passwords: what it counts and what it answers.

django-axes counts and locks, for the site, the admin and the API's token endpoint alike; these are
the callables that its settings name.
"""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from catalog.models import User

_NAME_FIELDS = ("login", "username", "email")


def client_address(request: HttpRequest) -> str | None:
    """The address of the person, as allauth sees it: RECOMMENDER_TRUSTED_PROXIES are believed.

    None for a login that a program makes, with no connection behind it.
    """
    if "REMOTE_ADDR" not in request.META:
        return None
    address: str = get_adapter().get_client_ip(request)
    return address


def attempted_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The account that somebody tries to enter, under one name however they spell it.

    Letter case does not matter, and an e-mail address counts as the account that it belongs to;
    otherwise each spelling would have ten attempts of its own.
    """
    source = credentials or getattr(request, "data", None) or request.POST
    given = next((source[field] for field in _NAME_FIELDS if source.get(field)), "")
    name = str(given).replace("\0", "").strip().lower()[:255]
    if "@" in name:
        owner = User.objects.filter(email__iexact=name).order_by("pk").first()
        name = owner.get_username().lower() if owner else name
    return name


def locked_out(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """429 for who has tried too often: JSON under /api/, a page elsewhere."""
    wait: timedelta = settings.AXES_COOLOFF_TIME
    minutes = int(wait.total_seconds()) // 60
    if request.path_info.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            {
                "detail": "Too many wrong passwords for this account from your address. "
                f"Try again in {minutes} minutes."
            },
            status=429,
        )
    else:
        response = render(request, "account/locked_out.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(int(wait.total_seconds()))
    return response
