"""Health checks for whoever runs the site."""

from django.http import HttpRequest, HttpResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work."""
    return HttpResponse("ok", content_type="text/plain")
