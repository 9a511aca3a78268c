"""A list as it looks, for the page that says what this is: real, for scores that it states."""

import threading
from dataclasses import dataclass

from catalog.models import Anime
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays, titles_of
from recommender.services.history import History
from recommender.services.lists import Recommendation
from recommender.services.onboarding import titles_to_score
from recommender.services.registry import LoadedModel
from recommender.services.serving import recommend

# What somebody might say of the first titles that one is asked about, taken by turns.
_SCORES = (10, 4, 9, 8)
_LENGTH = 3


@dataclass(frozen=True, slots=True)
class ExampleList:
    """Scores that nobody has given, and what would be recommended for them."""

    scored: list[tuple[Anime, int]]
    items: list[Recommendation]
    is_simulated: bool


@dataclass(frozen=True, eq=False)
class _Kept:
    catalogue: CatalogueArrays
    model: LoadedModel
    example: ExampleList | None


_lock = threading.Lock()
_kept: _Kept | None = None


def example_list() -> ExampleList | None:
    """The same for everybody until the catalogue or the model changes; None without a model."""
    global _kept  # noqa: PLW0603 - one catalogue and one model a process is the point
    catalogue, model = catalogue_arrays(), registry.active_model().model
    if model is None:
        return None
    kept = _kept
    if kept is not None and kept.catalogue is catalogue and kept.model is model:
        return kept.example
    with _lock:
        _kept = _Kept(catalogue, model, _made(catalogue, model))
        return _kept.example


def _made(catalogue: CatalogueArrays, model: LoadedModel) -> ExampleList | None:
    asked = titles_to_score(history=None, asked=(), n=len(_SCORES))
    titles = titles_of(catalogue, asked)
    if len(titles) < len(_SCORES):
        return None
    scores = dict(zip(asked, _SCORES, strict=True))
    found = recommend(rater=None, history=History.of_scores(scores), n=_LENGTH)
    if found.fallback or not found.items:
        return None
    scored = [(titles[anime_id], score) for anime_id, score in scores.items()]
    return ExampleList(scored, found.items, is_simulated=model.is_simulated)
