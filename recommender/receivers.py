"""What the recommender does when something changes in the catalogue."""

from collections.abc import Sequence
from typing import Any

from catalog.models import Rater, User
from catalog.services.data_download import Part
from catalog.signals import (
    data_requested,
    predictions_requested,
    ratings_changed,
    title_opened,
    titles_imported,
)
from recommender import selectors, tasks
from recommender.services import exposures, serving


def connect() -> None:
    """Connect the receivers; called once, when the app is ready."""
    ratings_changed.connect(drop_cached_lists, dispatch_uid="recommender.drop_cached_lists")
    title_opened.connect(note_opened_title, dispatch_uid="recommender.note_opened_title")
    titles_imported.connect(find_similar_titles, dispatch_uid="recommender.find_similar_titles")
    data_requested.connect(add_what_was_shown, dispatch_uid="recommender.add_what_was_shown")
    predictions_requested.connect(predict_scores, dispatch_uid="recommender.predict_scores")


def drop_cached_lists(sender: object, *, rater_ids: Sequence[int], **kwargs: Any) -> None:
    """Forget the lists of raters whose ratings have changed."""
    serving.forget(rater_ids=rater_ids)


def note_opened_title(sender: object, *, rater_id: int, anime_id: int, **kwargs: Any) -> None:
    """Let a title that was opened not sink in its reader's lists."""
    exposures.opened(rater_id=rater_id, anime_id=anime_id)


def find_similar_titles(sender: object, **kwargs: Any) -> None:
    """Have the similar titles computed anew after an import."""
    tasks.wake_similarity_worker()


def add_what_was_shown(sender: object, *, user: User, **kwargs: Any) -> list[Part]:
    """What of an account's data is the recommender's: which titles its lists have shown."""
    about = "The titles that lists of recommendations have shown you, how often, and when last."
    shown = list(selectors.titles_shown(user=user))
    return [Part.of_json("recommendations-shown.json", about, shown)]


def predict_scores(
    sender: object, *, rater: Rater, anime_ids: Sequence[int], **kwargs: Any
) -> dict[int, float]:
    """The scores that we expect of a rater, for an order of the catalogue's."""
    return serving.predict(rater=rater, anime_ids=anime_ids)
