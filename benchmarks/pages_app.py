"""The site's own application with one more address: an empty view behind the same middleware."""

import os

import django
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config import urls  # noqa: E402 - after the set-up
from config.wsgi import application  # noqa: E402 - after the set-up

EMPTY = "empty/"


def empty(request: HttpRequest) -> HttpResponse:
    """Answer nothing."""
    return HttpResponse("")


urls.urlpatterns.append(path(EMPTY, empty))

__all__ = ["application"]
