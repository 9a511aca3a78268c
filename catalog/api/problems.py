"""Every error of the API: an RFC 9457 problem with a stable code.

Answers are plain HttpResponses: an error has the same form whatever the client accepts and
whichever renderer the view has.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions

from catalog.api.problem_types import PROBLEM_TYPES, ProblemType

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# The authentication scheme that a 401 asks for.
CHALLENGE = "Bearer"
# Errors of the request's body as a whole, rather than of one of its fields.
BODY = "body"


# Seconds after which a database that could not be reached may be there again.
DATABASE_WAIT = 10

# What REST framework calls its exceptions, where that is not our code.
_CODES = {
    "authentication_failed": "invalid_token",
    "parse_error": "malformed_json",
    "invalid": "invalid_request",
    "error": "internal_error",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the body or one query parameter."""

    field: str
    code: str
    detail: str


class Problem(exceptions.APIException):
    """A problem of PROBLEM_TYPES, to be raised anywhere in a view.

    ``wait`` is the number of seconds after which another try makes sense.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        wait: float | None = None,
    ) -> None:
        kind = PROBLEM_TYPES[code]
        super().__init__(detail or kind.detail, code)
        self.status_code = kind.status
        self.errors = tuple(errors)
        self.wait = wait


def invalid(field: str, detail: str, *, code: str = "invalid") -> Problem:
    """A 400 about one field or query parameter."""
    return Problem("invalid_request", detail, errors=[FieldError(field, code, detail)])


def problem_response(code: str, detail: str, *, errors: Iterable[FieldError] = ()) -> HttpResponse:
    """The answer for a problem."""
    kind = PROBLEM_TYPES[code]
    body = {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": kind.code,
        "errors": [
            {"field": error.field, "code": error.code, "detail": error.detail} for error in errors
        ],
    }
    return JsonResponse(body, status=kind.status, content_type=CONTENT_TYPE)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """REST framework's EXCEPTION_HANDLER: whatever was raised in a view, as a problem."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound("There is no such thing here.")
    elif isinstance(exc, DjangoPermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        exc = Problem(
            "body_too_large",
            f"The body has more than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.",
        )
    elif isinstance(exc, MultiPartParserError):
        exc = invalid(BODY, f"The form cannot be read: {exc}")
    elif isinstance(exc, UnreadablePostError):
        exc = exceptions.ParseError("The body ended early.")
    elif isinstance(exc, OperationalError | InterfaceError):
        logger.error("The database cannot be used.", exc_info=exc)
        exc = Problem("unavailable", wait=DATABASE_WAIT)
    if not isinstance(exc, exceptions.APIException):
        return _unexpected(exc, context["request"])
    code, detail, errors = _describe(exc, context)
    response = problem_response(code, detail, errors=errors)
    if response.status_code == 401:
        response["WWW-Authenticate"] = CHALLENGE
    if wait := getattr(exc, "wait", None):
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def _unexpected(exc: Exception, request: HttpRequest) -> HttpResponse:
    """A bug: told to the log and to whoever listens for failed requests, not to the client."""
    logger.error("%s %s failed.", request.method, request.path, exc_info=exc)
    got_request_exception.send(sender=None, request=request)
    kind = PROBLEM_TYPES["internal_error"]
    return problem_response(kind.code, kind.detail)


def _describe(
    exc: exceptions.APIException, context: Mapping[str, Any]
) -> tuple[str, str, tuple[FieldError, ...]]:
    """Code, detail and field errors of an exception."""
    if isinstance(exc, Problem):
        return str(exc.get_codes()), str(exc.detail), exc.errors
    if isinstance(exc, exceptions.ValidationError):
        errors = tuple(_field_errors(exc.detail, ""))
        return "invalid_request", _summary(errors), errors
    code = str(exc.get_codes())
    code = _CODES.get(code, code)
    if code not in PROBLEM_TYPES:
        code = "permission_denied" if exc.status_code == 403 else "internal_error"
    return code, _detail(exc, PROBLEM_TYPES[code], context), ()


def _detail(exc: exceptions.APIException, kind: ProblemType, context: Mapping[str, Any]) -> str:
    """What to say: REST framework's own texts leave open what to do."""
    match kind.code:
        case "not_authenticated" | "internal_error":
            return kind.detail
        case "unsupported_media_type":
            forms = " or ".join(parser.media_type for parser in context["view"].get_parsers())
            return f"The body must be {forms}, and the header Content-Type must say so."
        case "method_not_allowed":
            allowed = ", ".join(context["view"].allowed_methods)
            return f"{context['request'].method} is not possible here. Possible: {allowed}."
        case "not_acceptable":
            forms = ", ".join(
                dict.fromkeys(renderer.media_type for renderer in context["view"].get_renderers())
            )
            return f"The answer can only be had as {forms}. Change the header Accept."
        case _:
            return str(exc.detail)


def _summary(errors: tuple[FieldError, ...]) -> str:
    """All in one sentence or two, for whoever reads only ``detail``."""
    return " ".join(f"{error.field}: {error.detail}" for error in errors)


def _field_errors(detail: Any, path: str) -> Iterable[FieldError]:
    """Flatten REST framework's nested details; a nested field is called ``outer.inner``."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            nested = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _field_errors(inner, nested)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            # Texts are about the whole; an object is what is wrong with one entry of a list.
            nested = f"{path}.{index}".lstrip(".") if isinstance(inner, Mapping) else path
            yield from _field_errors(inner, nested)
    else:
        yield FieldError(path or BODY, str(getattr(detail, "code", "invalid")), str(detail))
