"""How often one may ask: limits for each account, each token, each address, and for what is costly.

A limit counts in the shared cache in two counters, of this period and of the one before, of which
the part counts that is not longer ago than a period. Unlike REST framework's lists of times, a
counter is changed in one step, so that requests at the same moment are all counted, and stays
small.
"""

import logging
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from catalog.api.permissions import token_of

if TYPE_CHECKING:
    # REST framework imports this module while it is itself being imported.
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class WindowThrottle(BaseThrottle, ABC):
    """At most so many requests in a period; ``API_THROTTLE_RATES`` has both by scope."""

    scope: ClassVar[str]
    _wait: float | None = None

    @abstractmethod
    def identity(self, request: Request, view: "APIView") -> str | None:
        """Whose requests are counted together; None where this limit does not apply."""

    def scope_of(self, view: "APIView") -> str:
        """The name of the limit."""
        return self.scope

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request; False when it is one too many. That one does not count."""
        identity = self.identity(request, view)
        if identity is None:
            return True
        scope = self.scope_of(view)
        try:
            self._wait = _count(f"{scope}:{identity}", *settings.API_THROTTLE_RATES[scope])
        except RedisError:
            # Better without a limit for a while than without an API.
            logger.warning("The cache cannot be reached: requests are not counted.", exc_info=True)
        return self._wait is None

    def wait(self) -> float | None:
        """Seconds until another request is possible."""
        return self._wait


class AddressThrottle(WindowThrottle):
    """For visitors, and for whoever sends a wrong token."""

    scope = "address"

    def identity(self, request: Request, view: "APIView") -> str | None:
        """The address."""
        return None if request.user.is_authenticated else self.get_ident(request)


class UserThrottle(WindowThrottle):
    """For an account, with all its tokens and sessions together."""

    scope = "user"

    def identity(self, request: Request, view: "APIView") -> str | None:
        """The account's id."""
        return str(request.user.pk) if request.user.is_authenticated else None


class TokenThrottle(WindowThrottle):
    """For one token, so that a program gone wild leaves something to the account's others."""

    scope = "token"

    def identity(self, request: Request, view: "APIView") -> str | None:
        """The token's digest, under which it is stored."""
        token = token_of(request)
        return token.digest if token is not None else None


class CostlyThrottle(WindowThrottle):
    """For what a view with a ``throttle_scope`` does by POST or PUT, by account or address."""

    def scope_of(self, view: "APIView") -> str:
        """The view's own."""
        scope: str = view.throttle_scope  # type: ignore[attr-defined]  # identity() has seen it
        return scope

    def identity(self, request: Request, view: "APIView") -> str | None:
        """The account's id, or the address of who has none."""
        if request.method not in ("POST", "PUT") or not getattr(view, "throttle_scope", ""):
            return None
        user = request.user
        return f"user-{user.pk}" if user.is_authenticated else self.get_ident(request)


def _count(name: str, limit: int, period: int) -> float | None:
    """Count a request; the seconds to wait, uncounted, if it is one too many, None otherwise."""
    now = time.time()
    window, elapsed = divmod(now, period)
    key, key_before = (f"throttle:{name}:{int(window) - back}" for back in (0, 1))
    count: int = _increased(key, period)
    before: int = cache.get(key_before, 0)
    remaining = 1 - elapsed / period
    if count + before * remaining <= limit:
        return None
    count = cache.decr(key)
    if count + 1 <= limit and before:
        # Until enough of the period before is over.
        return max(0.0, (remaining - (limit - count - 1) / before) * period)
    return (remaining + 1 - (limit - 1) / max(count, 1)) * period


def _increased(key: str, period: int) -> int:
    """Add one to a counter, which is kept as long as it matters."""
    if cache.add(key, 1, timeout=2 * period):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it has run out or been pushed out just now
        cache.set(key, 1, timeout=2 * period)
        return 1
