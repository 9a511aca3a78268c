"""What the accounts of this site have been putting on their lists lately."""

from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Count, F
from django.utils import timezone

from catalog.models import Rater, Rating

# How far back is lately.
LATELY: Final = timedelta(days=30)
# A title that fewer have says more about them than about what is popular.
LEAST_PEOPLE: Final = 3
_MOST_TITLES: Final = 60
_KEPT_SECONDS: Final = 10 * 60
_KEY: Final = "popular-now:1"


def popular_now() -> tuple[int, ...]:
    """Ids of titles that at least three accounts have added or scored lately, most first.

    Read once in ten minutes: it need not be newer than that, and is the same for everybody.
    """
    found: tuple[int, ...] | None = cache.get(_KEY)
    if found is None:
        found = _read()
        cache.set(_KEY, found, _KEPT_SECONDS)
    return found


def _read() -> tuple[int, ...]:
    since = timezone.now() - LATELY
    rows = (
        Rating.objects.filter(rater__source=Rater.Source.ACCOUNT, updated_at__gte=since)
        .values("anime_id")
        .annotate(people=Count("pk"))
        .filter(people__gte=LEAST_PEOPLE)
        .order_by(F("people").desc(), F("anime_id").asc())
    )
    return tuple(rows.values_list("anime_id", flat=True)[:_MOST_TITLES])
