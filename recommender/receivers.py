"""What the recommender does when something changes in the catalogue."""

from collections.abc import Sequence
from typing import Any

from catalog.signals import ratings_changed
from recommender.services import serving


def connect() -> None:
    """Connect the receivers; called once, when the app is ready."""
    ratings_changed.connect(drop_cached_lists, dispatch_uid="recommender.drop_cached_lists")


def drop_cached_lists(sender: object, *, rater_ids: Sequence[int], **kwargs: Any) -> None:
    """Forget the lists of raters whose ratings have changed."""
    serving.forget(rater_ids=rater_ids)
