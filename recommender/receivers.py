"""What the recommender does when something changes in the catalogue."""

from collections.abc import Sequence
from typing import Any

from catalog.signals import ratings_changed, titles_imported
from recommender import tasks
from recommender.services import serving


def connect() -> None:
    """Connect the receivers; called once, when the app is ready."""
    ratings_changed.connect(drop_cached_lists, dispatch_uid="recommender.drop_cached_lists")
    titles_imported.connect(find_similar_titles, dispatch_uid="recommender.find_similar_titles")


def drop_cached_lists(sender: object, *, rater_ids: Sequence[int], **kwargs: Any) -> None:
    """Forget the lists of raters whose ratings have changed."""
    serving.forget(rater_ids=rater_ids)


def find_similar_titles(sender: object, **kwargs: Any) -> None:
    """Have the similar titles computed anew after an import."""
    tasks.wake_similarity_worker()
