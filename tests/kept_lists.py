"""What the cache of lists holds, in the memory of the process or in Redis."""

import redis
from django.conf import settings
from django.core.cache import caches


def kept_keys() -> list[str]:
    """The full names of all that is kept."""
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
            return sorted(str(key) for key in client.scan_iter(match="lists:*"))
    return sorted(caches["lists"]._cache)  # type: ignore[attr-defined]  # a dictionary
