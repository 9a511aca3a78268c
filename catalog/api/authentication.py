"""Who is asking: an API token, or the site's session."""

import re
from hmac import compare_digest

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework import exceptions
from rest_framework.authentication import (
    SessionAuthentication as RestSessionAuthentication,
)
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request

from catalog.api.problem_types import PROBLEM_TYPES
from catalog.api.problems import CHALLENGE, Problem
from catalog.models import ApiToken, User

# "Token" is what knox and REST framework use; "Bearer" is RFC 6750's, which tools know.
SCHEMES = (b"bearer", b"token")
_TOKEN = re.compile(rb"[\x21-\x7e]+")


class TokenAuthentication(KnoxTokenAuthentication):
    """A knox token in the header ``Authorization: Bearer <token>`` (or ``Token <token>``).

    Unlike knox's own class it writes nothing, so that a read stays a read: expired tokens are
    removed when the account gets a new one. And it tells an expired token from an unknown one.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's account and the token; None when the header is not about a token."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() not in SCHEMES:
            return None
        if len(parts) != 2 or not _TOKEN.fullmatch(parts[1]):
            raise exceptions.AuthenticationFailed(
                "The header must be Authorization: Bearer <token>, with the token in one piece."
            )
        return self.authenticate_credentials(parts[1])

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """The account of a token. Raises AuthenticationFailed."""
        text = token.decode("ascii")
        digest = hash_token(text)
        candidates = ApiToken.objects.filter(token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH])
        for candidate in candidates.select_related("user"):
            if not compare_digest(digest, candidate.digest):
                continue
            if candidate.expiry is not None and candidate.expiry <= timezone.now():
                raise exceptions.AuthenticationFailed(
                    PROBLEM_TYPES["token_expired"].detail, code="token_expired"
                )
            if candidate.user.is_active:
                return candidate.user, candidate
        raise exceptions.AuthenticationFailed(PROBLEM_TYPES["invalid_token"].detail)

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return CHALLENGE


class SessionAuthentication(RestSessionAuthentication):
    """The site's session, with its CSRF check under a code of its own."""

    def enforce_csrf(self, request: Request) -> None:
        """Refuse a write without the CSRF token."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise Problem("csrf_failed", f"{error.detail}") from error
