"""Who may do what: scopes for tokens, staff for what administrators do."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from catalog.models import ApiToken
from catalog.services.tokens import Scope

if TYPE_CHECKING:
    # REST framework imports this module while it is itself being imported.
    from rest_framework.views import APIView


def token_of(request: Request) -> ApiToken | None:
    """The token that the request came with."""
    return request.auth if isinstance(request.auth, ApiToken) else None


class HasScope(BasePermission):
    """An account, and for a token the scope: ``read`` to read, ``write`` to change something.

    A view with ``public = True`` can be read without an account. Where ``posting_reads`` is set, a
    POST counts as reading: it changes nothing.
    """

    code: str | None = None
    message: str | None = None

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the request may go on; if not, ``code`` and ``message`` say why."""
        token = token_of(request)
        is_read = request.method in SAFE_METHODS or (
            request.method == "POST" and getattr(view, "posting_reads", False)
        )
        if token is not None:
            return self._check(token, Scope.READ if is_read else Scope.WRITE)
        return request.user.is_authenticated or (is_read and getattr(view, "public", False))

    def _check(self, token: ApiToken, scope: Scope) -> bool:
        if scope in token.scopes:
            return True
        self.code = "insufficient_scope"
        self.message = f"This needs a token with the scope {scope.value}."
        return False


class IsAdministrator(HasScope):
    """An administrator: with the session, or with a token that has the scope ``admin``."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the request may go on; if not, ``code`` and ``message`` say why."""
        if not request.user.is_authenticated:
            return False
        if not request.user.is_staff:
            self.code, self.message = "permission_denied", "Only administrators may do this."
            return False
        token = token_of(request)
        return token is None or self._check(token, Scope.ADMIN)
