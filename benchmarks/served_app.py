"""The site's own application with two more addresses: empty views to compare others with."""

import os

import django
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from rest_framework.request import Request  # noqa: E402 - after the set-up
from rest_framework.response import Response  # noqa: E402 - after the set-up
from rest_framework.views import APIView  # noqa: E402 - after the set-up

from config import api_urls, urls  # noqa: E402 - after the set-up
from config.wsgi import application  # noqa: E402 - after the set-up


def empty(request: HttpRequest) -> HttpResponse:
    """Answer nothing."""
    return HttpResponse("")


class EmptyView(APIView):
    """Answers nothing, with REST framework's settings as they are."""

    schema = None

    def get(self, request: Request) -> Response:
        """Answer nothing."""
        return Response({})


urls.urlpatterns.append(path("empty/", empty))
# Ahead of the pattern that everything unknown ends at.
api_urls.urlpatterns.insert(0, path("empty/", EmptyView.as_view()))

__all__ = ["application"]
