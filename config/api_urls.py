"""The API, version 1: what the apps offer, under one prefix, and its documentation."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from catalog.api.problems import problem_response


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    """404 in the API's own form, whatever the method."""
    detail = f"There is nothing at {request.path}."
    if not request.path.endswith("/"):
        detail += " The API's addresses end with a slash."
    return problem_response("not_found", f"{detail} GET /api/v1/docs/ shows what there is.")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("catalog.api.urls")),
    path("", include("recommender.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    # The split view keeps its script out of the page, as the Content-Security-Policy demands.
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    re_path(r"", no_such_address, name="api-not-found"),
]
