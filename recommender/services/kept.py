"""What is kept of a rater between two requests: list, predictions, relevance of every title.

Each is kept under the revisions that it is of, so a change makes it unreachable, whichever process
made the change and whatever the clocks say.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from django.core.cache import caches

from catalog.models import Rater
from ml.rank_blend import RankBlend
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History, history_of
from recommender.services.lists import METHODS
from recommender.services.predictions import Predictions, predict_all
from recommender.services.rankings import Relevance, relevance_of
from recommender.services.registry import LoadedModel, ModelState

T = TypeVar("T")

cache = caches["lists"]

# How long something that nothing has made invalid stays cached.
CACHE_SECONDS = 30 * 60
# Changes with what is cached, so that nothing of an earlier release is read.
_CACHE_FORMAT = 3


def kept_history(*, rater: Rater | None) -> History:
    """The rater's list, read once for each change of it."""
    if rater is None:
        return history_of(rater=None)
    return _kept(_key("history", rater.pk), rater.revision, lambda: history_of(rater=rater))


def kept_predictions(
    *,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> Predictions:
    """Predictions for the whole catalogue: somebody's vector is folded in once for each change."""

    def computed() -> Predictions:
        return predict_all(rater=rater, history=history, catalogue=catalogue, state=state)

    if state.model is None:
        return Predictions.none(len(catalogue.items))
    if rater is None:
        return computed()
    return _kept(
        _key("predictions", rater.pk), _revisions(rater.revision, catalogue, state), computed
    )


def kept_relevance(
    *,
    method: str,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> Relevance:
    """The relevance of the whole catalogue by a known method."""

    def computed() -> Relevance:
        return relevance_of(
            method=method, rater=rater, history=history, catalogue=catalogue, state=state
        )

    if rater is None and len(history.listed):
        return computed()  # a visitor's: there is no revision to keep it under
    revision = rater.revision if rater else 0
    return _kept(
        _key(f"relevance:{method}", rater.pk if rater else 0),
        _revisions(revision, catalogue, state),
        computed,
    )


def kept_spreads(
    *, blend: RankBlend, rater: Rater, history: History, model: LoadedModel
) -> dict[str, float]:
    """How far each ranker of the default list tells the rater's candidates apart."""

    def computed() -> dict[str, float]:
        return blend.spreads(*history.known_to(model.items))

    return _kept(_key("spreads", rater.pk), (rater.revision, model.version_id), computed)


def kept_shelves(
    *,
    rater: Rater | None,
    history: History,
    question: Hashable,
    catalogue: CatalogueArrays,
    state: ModelState,
    compute: Callable[[], T],
) -> T:
    """The shelves of a home page, made once for each change of a list.

    ``question`` is all else that they depend on. Those of visitors are kept under their scores.
    """
    revisions = (_revisions(rater.revision if rater else 0, catalogue, state), question)
    name = "shelves" if rater else f"shelves:{history.digest}"
    return _kept(_key(name, rater.pk if rater else 0), revisions, compute)


def forget(*, rater_ids: Sequence[int]) -> None:
    """Drop what is cached of raters whose ratings have changed: it frees the memory."""
    names = (
        "history",
        "predictions",
        "spreads",
        "shelves",
        *(f"relevance:{method}" for method in METHODS),
    )
    cache.delete_many([_key(name, rater_id) for rater_id in rater_ids for name in names])


def _key(name: str, rater_id: int) -> str:
    return f"{name}:{_CACHE_FORMAT}:{rater_id}"


def _revisions(revision: int, catalogue: CatalogueArrays, state: ModelState) -> Hashable:
    version = state.model.version_id if state.model else None
    return (revision, catalogue.revision, version, state.problem)


def _kept(key: str, revisions: Hashable, compute: Callable[[], T]) -> T:
    """What is in the cache when it is of the same revisions, else computed and cached."""
    cached = cache.get(key)
    if cached is not None and cached[0] == revisions:
        found: T = cached[1]
        return found
    computed = compute()
    cache.set(key, (revisions, computed), CACHE_SECONDS)
    return computed
