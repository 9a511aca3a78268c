"""What a member was shown, and whether they looked: who never opens a title sees it less.

A title counts as shown once a visit, however often the list is read in it: after each score the
list is read anew. Showings are counted on the site only; a program may read lists as it likes.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, transaction
from django.utils import timezone

from catalog.models import Rater
from recommender.models import Exposure

logger = logging.getLogger(__name__)

# A title is not counted again within this time.
VISIT: Final = timedelta(minutes=30)
# Each time that a title was shown so often without being opened, it sinks by so many places.
SHOWINGS_A_STEP: Final = 5
PLACES_A_STEP: Final = 40


def places_down(*, rater: Rater | None) -> dict[int, int]:
    """By how many places titles sink, by id: 40 for each five showings, for those never opened."""
    if rater is None:
        return {}
    tired = Exposure.objects.filter(
        rater=rater, times_shown__gte=SHOWINGS_A_STEP, opened_at__isnull=True
    ).values_list("anime_id", "times_shown")
    return {
        anime_id: times_shown // SHOWINGS_A_STEP * PLACES_A_STEP for anime_id, times_shown in tired
    }


def shown(*, rater: Rater | None, anime_ids: Sequence[int]) -> None:
    """Count titles of a page as shown, in one query, and one more where one has to be counted.

    A page must not fail because nothing can be written just now: then it is not counted.
    """
    if rater is None or not anime_ids:
        return
    now = timezone.now()
    found = Exposure.objects.filter(rater=rater, anime_id__in=anime_ids)
    known = {
        row[0]: row[1:] for row in found.values_list("anime_id", "times_shown", "last_shown_at")
    }
    counted = []
    for anime_id in anime_ids:
        times_shown, last_shown_at = known.get(anime_id, (0, None))
        if last_shown_at is None or last_shown_at < now - VISIT:
            counted.append(
                Exposure(
                    rater=rater,
                    anime_id=anime_id,
                    times_shown=times_shown + 1,
                    last_shown_at=now,
                )
            )
    if not counted:
        return
    try:
        with transaction.atomic():
            Exposure.objects.bulk_create(
                counted,
                update_conflicts=True,
                unique_fields=["rater", "anime"],
                update_fields=["times_shown", "last_shown_at"],
            )
    except DatabaseError:
        logger.warning("What was shown to rater %s is not counted.", rater.pk, exc_info=True)


def opened(*, rater_id: int, anime_id: int) -> None:
    """Note that a member has opened a title's page, if it was shown to them and is news.

    A page must not fail because nothing can be written just now: then it is not noted.
    """
    unopened = Exposure.objects.filter(rater_id=rater_id, anime_id=anime_id, opened_at__isnull=True)
    # Asked before written: most titles that are opened come from elsewhere, and a write waits for
    # other writes.
    if not unopened.exists():
        return
    try:
        with transaction.atomic():
            unopened.update(opened_at=timezone.now())
    except DatabaseError:
        logger.warning("What rater %s has opened is not noted.", rater_id, exc_info=True)
