"""The OpenAPI schema: what every operation has in common, said once.

Query parameters come from the very serializer that checks them, and each operation lists every
problem that it can answer with, so that neither can be forgotten in a view.
"""

from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_bearer_security_scheme_object
from drf_spectacular.utils import OpenApiParameter

from catalog.api.permissions import IsAdministrator
from catalog.api.problem_types import PROBLEM_TYPES, ProblemType
from catalog.api.problems import CONTENT_TYPE
from catalog.api.serializers import ProblemSerializer

if TYPE_CHECKING:
    # REST framework imports this module while it is itself being imported.
    from catalog.api.base import ApiView

_ALWAYS = ("invalid_request", "not_acceptable", "throttled", "internal_error", "unavailable")
_WITH_AUTHENTICATION = ("invalid_token", "token_expired", "insufficient_scope")
_WITH_BODY = ("malformed_json", "body_too_large", "unsupported_media_type")

_WAIT = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    description="The number of seconds after which another try makes sense.",
    response=["429", "503"],
)
_TAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="The state of what is answered, for If-None-Match.",
    response=["200", "304"],
)
_KNOWN = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of an answer that you have: 304 if it still holds.",
)
_CHALLENGE = OpenApiParameter(
    "WWW-Authenticate",
    str,
    OpenApiParameter.HEADER,
    description="The authentication scheme: Bearer.",
    response=["401"],
)
_PATH_PARAMETERS = {
    "anime_id": (int, "The title's MyAnimeList id."),
    "run_id": (int, "The training run's id."),
    "version_id": (int, "The model version's id."),
    "group_id": (int, "The group's id."),
    "username": (str, "The account's name, as the group's members have it."),
    "import_id": (int, "The import's id."),
    "name": (str, "The figure's name, as the report has it."),
    "job_id": (int, "The import's id."),
    "ending": (str, "What the file is."),
    "token_key": (str, "The first characters of the token, as the list of tokens gives them."),
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """Tokens, in the schema."""

    target_class = "catalog.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A bearer token."""
        scheme: dict[str, Any] = build_bearer_security_scheme_object("Authorization", "Bearer")
        return {**scheme, "description": "A token of POST /api/v1/auth/token/."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """The site's session, in the schema."""

    target_class = "catalog.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A cookie."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The site's own session; writing needs the header X-CSRFToken too.",
        }


class ApiSchema(AutoSchema):
    """An operation of an ApiView."""

    @property
    def _api_view(self) -> "ApiView":
        return cast("ApiView", self.view)

    @property
    def _is_public(self) -> bool:
        view = self._api_view
        is_read = self.method == "GET" or (self.method == "POST" and view.posting_reads)
        return view.public and is_read

    def get_tags(self) -> list[str]:
        """The group that the view belongs to."""
        return [self._api_view.tag]

    def get_auth(self) -> list[dict[str, Any]]:
        """How to authenticate; with an empty entry where it is not needed."""
        schemes: list[dict[str, Any]] = super().get_auth()
        if self._is_public:
            schemes.append({})
        return schemes

    def get_override_parameters(self) -> list[Any]:
        """The query parameters, the path's variables with their meaning, the headers."""
        parameters: list[Any] = [_WAIT]
        if self._api_view.get_authenticators() or "invalid_credentials" in self._view_problems():
            parameters.append(_CHALLENGE)
        if self._is_tagged:
            parameters += [_TAG, _KNOWN]
        if self.method == "GET" and self._api_view.query_serializer().fields:
            parameters.append(self._api_view.query_serializer)
        return parameters

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]  # untyped base
        for parameter in parameters:
            parameter["description"] = _PATH_PARAMETERS[parameter["name"]][1]
        return parameters

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code, body in bodies.items():
            body["description"] = body["description"] or HTTPStatus(int(code)).phrase
        if self._is_tagged:
            bodies["304"] = {
                "description": "What you have still holds.",
                "headers": self._get_response_headers_for_code("304"),
            }
        for status, kinds in sorted(self._problems_by_status().items()):
            bodies[str(status)] = self._problem_body(status, kinds)
        return bodies

    def _get_request_body(self, direction: Literal["request", "response"] = "request") -> Any:
        """What a request may hold; drf-spectacular itself expects no body of a DELETE."""
        body = self._api_view.delete_body
        if self.method != "DELETE" or body is None:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # untyped base
        schema, is_required = self._get_request_for_media_type(body, direction)  # type: ignore[no-untyped-call]  # untyped base
        return {"content": {"application/json": {"schema": schema}}, "required": is_required}

    def _problem_body(self, status: int, kinds: list[ProblemType]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "description": f"{HTTPStatus(status).phrase}: "
            + ", ".join(f"`{kind.code}`" for kind in kinds),
            "content": {
                CONTENT_TYPE: {
                    "schema": self.resolve_serializer(ProblemSerializer(), "response").ref,
                    "examples": {kind.code: self._example(kind) for kind in kinds},
                }
            },
        }
        if headers := self._get_response_headers_for_code(str(status)):
            body["headers"] = headers
        return body

    def _example(self, kind: ProblemType) -> dict[str, Any]:
        """A reference to the example of a problem, which all operations share."""
        example = ResolvedComponent(  # type: ignore[no-untyped-call]  # untyped class
            name=kind.code,
            type=ResolvedComponent.EXAMPLE,
            object=kind.code,
            schema={"summary": kind.title, "value": _example_of(kind)},
        )
        self.registry.register_on_missing(example)
        reference: dict[str, Any] = example.ref
        return reference

    @property
    def _is_tagged(self) -> bool:
        return self.method == "GET" and self._api_view.is_tagged

    def _view_problems(self) -> tuple[str, ...]:
        problems: tuple[str, ...] = getattr(self._api_view, f"{self.method.lower()}_problems", ())
        return problems

    def _problems_by_status(self) -> dict[int, list[ProblemType]]:
        codes = [*_ALWAYS, *self._view_problems()]
        if self._api_view.get_authenticators():
            codes += _WITH_AUTHENTICATION
            if not self._is_public:
                codes.append("not_authenticated")
            if self.method != "GET":
                codes.append("csrf_failed")
            if IsAdministrator in self._api_view.permission_classes:
                codes.append("permission_denied")
        if self.method in ("PUT", "POST", "PATCH") or (
            self.method == "DELETE" and self._api_view.delete_body
        ):
            codes += _WITH_BODY
        if "{" in self.path:
            codes.append("not_found")
        if self.method == "GET" and "cursor" in self._api_view.query_serializer().fields:
            codes.append("no_such_page")
        by_status: dict[int, list[ProblemType]] = defaultdict(list)
        # In the table's order, whatever the order above.
        for kind in PROBLEM_TYPES.values():
            if kind.code in codes:
                by_status[kind.status].append(kind)
        return by_status


def _example_of(kind: ProblemType) -> dict[str, Any]:
    error = {"field": "limit", "code": "max_value", "detail": "At most 100, please."}
    return {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "code": kind.code,
        "errors": [error] if kind.code == "invalid_request" else [],
    }
