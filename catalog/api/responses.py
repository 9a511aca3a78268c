"""The answer of a POST that makes something."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    description="The address of what was made.",
    response=["201"],
)


def created(request: Request, data: Any, *, name: str, **variables: Any) -> Response:
    """A 201 with the new thing and its address; ``name`` is that of a URL pattern."""
    address = request.build_absolute_uri(reverse(name, kwargs=variables))
    return Response(data, status=201, headers={"Location": address})
