"""API tokens: issued for a name and a password, listed, revoked."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from knox.settings import knox_settings

from catalog.models import ApiToken, User


class Scope(StrEnum):
    """What a token may be used for; ``admin`` comes on top of the other two."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


DEFAULT_SCOPES = (Scope.READ, Scope.WRITE)


class TokenRefused(Exception):
    """No token is issued; the message says why."""


class WrongCredentials(TokenRefused):
    """No account has this name and this password."""


class TooManyAttempts(TokenRefused):
    """Too many wrong passwords: the right one is not tried any more for ``wait``."""

    def __init__(self, wait: timedelta) -> None:
        minutes = int(wait.total_seconds()) // 60
        super().__init__(
            "Too many wrong passwords for this account from your address. "
            f"Try again in {minutes} minutes."
        )
        self.wait = wait


class ScopeNotAllowed(TokenRefused):
    """The account may not have such a token."""


class TooManyTokens(TokenRefused):
    """The account has as many valid tokens as it may have."""


def check_credentials(*, request: HttpRequest, username: str, password: str) -> User:
    """The account of a name (or an e-mail address) and a password.

    Failures count towards the one limit that the site has, and a success clears them. What is
    raised does not tell whether there is such an account: WrongCredentials, TooManyAttempts.
    """
    user = authenticate(request, username=username, password=password)
    if isinstance(user, User):
        user_logged_in.send(sender=User, request=request, user=user)
        return user
    if getattr(request, "axes_locked_out", False):
        raise TooManyAttempts(settings.AXES_COOLOFF_TIME)
    raise WrongCredentials("No account has this name and this password.")


def issue(
    *,
    user: User,
    name: str = "API",
    scopes: Iterable[Scope] = DEFAULT_SCOPES,
    ttl: timedelta | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its text, which is stored nowhere. ``ttl`` defaults to TOKEN_TTL.

    Raises ScopeNotAllowed and TooManyTokens.
    """
    wanted = set(scopes)
    if Scope.ADMIN in wanted and not user.is_staff:
        raise ScopeNotAllowed("Only administrators can have a token with the scope admin.")
    limit = knox_settings.TOKEN_LIMIT_PER_USER
    with transaction.atomic():
        # The lock on the account lets simultaneous requests follow each other.
        User.objects.select_for_update().get(pk=user.pk)
        tokens = ApiToken.objects.filter(user=user)
        tokens.filter(expiry__lte=timezone.now()).delete()
        if tokens.filter(Q(expiry=None) | Q(expiry__gt=timezone.now())).count() >= limit:
            raise TooManyTokens(f"You have {limit} valid tokens, which is the limit. Revoke one.")
        token, text = ApiToken.objects.create(  # type: ignore[no-untyped-call]  # knox is untyped
            user=user,
            expiry=knox_settings.TOKEN_TTL if ttl is None else ttl,
            name=name,
            scopes=[scope.value for scope in Scope if scope in wanted],
        )
    return token, text


def revoke(*, user: User, token_key: str) -> bool:
    """Revoke one of the account's own tokens; False when it has none with this key."""
    deleted, _ = ApiToken.objects.filter(user=user, token_key=token_key).delete()
    return bool(deleted)


def revoke_all(*, user: User) -> int:
    """Revoke every token of an account; how many it were."""
    deleted, _ = ApiToken.objects.filter(user=user).delete()
    return deleted
