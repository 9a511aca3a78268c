"""Lists of recommendations for pages, API and commands, in numpy and without torch."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from django.core.cache import cache

from catalog.models import Anime, Rater
from catalog.selectors import anime_by_id
from ml.serving import clip_score
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.history import History, history_of
from recommender.services.influences import influences_on
from recommender.services.lists import (
    DEFAULT_METHOD,
    METHODS,
    Recommendation,
    RecommendationList,
    SimilarTitle,
    UnknownMethod,
)
from recommender.services.rankings import Ranking, predict_all, rank
from recommender.services.reasons import (
    exploration_reason,
    liking_of,
    reasons_for,
    title_reasons,
)
from recommender.services.registry import LoadedModel, ModelState
from recommender.services.similarity import similar_rows

T = TypeVar("T")
FloatArray = npt.NDArray[np.float64]

# How long a list that nothing has made invalid stays cached.
CACHE_SECONDS = 30 * 60
# Changes with what a cached ranking holds, so that one of an earlier release is not read.
_CACHE_FORMAT = 2


def recommend(
    *,
    rater: Rater | None,
    history: History | None = None,
    method: str = DEFAULT_METHOD,
    n: int = 10,
    offset: int = 0,
    show_adult: bool = False,
) -> RecommendationList:
    """Unseen titles, best first: ``n`` of them behind the first ``offset``.

    Titles on the rater's list, planned ones included, and dismissed ones are left out. A visitor
    has no rater but may have a ``history``. Raises UnknownMethod.
    """
    if method not in METHODS:
        raise UnknownMethod(method)
    catalogue, state = catalogue_arrays(), registry.active_model()
    if rater is not None or history is None:
        history = history_of(rater=rater)
    ranking = _cached_ranking(
        rater=rater,
        history=history,
        method=method,
        catalogue=catalogue,
        state=state,
        show_adult=show_adult,
    )
    page = slice(offset, offset + n)
    return RecommendationList(
        method=method,
        source=ranking.source,
        items=_items(ranking, page, history=history, catalogue=catalogue, model=state.model),
        n_available=len(ranking.anime_ids),
        model_version=ranking.model_version,
        fallback=ranking.fallback,
    )


def predict(*, rater: Rater | None, anime_ids: Iterable[int]) -> dict[int, float]:
    """The scores (1 to 10) that a rater is expected to give, by title id.

    Titles that the model does not know are left out; nothing is left without an active model or
    for a rater who has scored nothing.
    """
    catalogue, state = catalogue_arrays(), registry.active_model()
    predictions = _cached_predictions(
        rater=rater,
        history=lambda: history_of(rater=rater),
        catalogue=catalogue,
        state=state,
    )
    rows = {anime_id: catalogue.items.get(anime_id) for anime_id in anime_ids}
    return {
        anime_id: float(clip_score(predictions[row]))
        for anime_id, row in rows.items()
        if row is not None and np.isfinite(predictions[row])
    }


def predicted_and_ranked(
    *,
    rater: Rater,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
    show_adult: bool,
) -> tuple[FloatArray, Ranking]:
    """A rater's predictions for the whole catalogue and their usual list, for who combines them.

    The predictions are those of :func:`recommender.services.rankings.predict_all`, not clipped.
    """
    predictions = _cached_predictions(
        rater=rater, history=lambda: history, catalogue=catalogue, state=state
    )
    ranking = _cached_ranking(
        rater=rater,
        history=history,
        method=DEFAULT_METHOD,
        catalogue=catalogue,
        state=state,
        show_adult=show_adult,
    )
    return predictions, ranking


def similar(*, anime: Anime, n: int = 10, show_adult: bool = False) -> list[SimilarTitle]:
    """The complete titles most like one by genres and type: cosine, ties by id."""
    catalogue = catalogue_arrays()
    row = catalogue.items.get(anime.pk)
    if row is None:
        return []
    others, cosines = similar_rows(catalogue=catalogue, row=row, n=n, show_adult=show_adult)
    titles = anime_by_id(anime_ids=catalogue.items.ids[others].tolist())
    return [
        SimilarTitle(
            anime=titles[int(catalogue.items.ids[other])],
            sim=round(float(cosine), 6),  # as many digits as it has
            shared_genres=tuple(
                genre for genre in catalogue.genres[other] if genre in catalogue.genres[row]
            ),
        )
        for other, cosine in zip(others, cosines, strict=True)
        if int(catalogue.items.ids[other]) in titles
    ]


def forget(*, rater_ids: Sequence[int]) -> None:
    """Drop the cached lists of raters whose ratings have changed.

    A list also carries the revision that it is of, so that a process whose cache is its own
    notices the change as well; this frees the memory.
    """
    lists = [
        _list_key(rater_id, method, show_adult)
        for rater_id in rater_ids
        for method in METHODS
        for show_adult in (False, True)
    ]
    cache.delete_many([*lists, *(_predictions_key(rater_id) for rater_id in rater_ids)])


def _list_key(rater_id: int, method: str, show_adult: bool) -> str:
    return f"ranking:{_CACHE_FORMAT}:{rater_id}:{method}:{int(show_adult)}"


def _predictions_key(rater_id: int) -> str:
    return f"predictions:{_CACHE_FORMAT}:{rater_id}"


def _cached(
    key: str,
    rater: Rater | None,
    catalogue: CatalogueArrays,
    state: ModelState,
    compute: Callable[[], T],
) -> T:
    """What is in the cache when it is of the same revisions and model, else computed and kept."""
    version = state.model.version_id if state.model else None
    revisions = (rater.revision if rater else 0, catalogue.revision, version, state.problem)
    cached = cache.get(key)
    if cached is not None and cached[0] == revisions:
        found: T = cached[1]
        return found
    computed = compute()
    cache.set(key, (revisions, computed), CACHE_SECONDS)
    return computed


def _cached_predictions(
    *,
    rater: Rater | None,
    history: Callable[[], History],
    catalogue: CatalogueArrays,
    state: ModelState,
) -> FloatArray:
    """Predictions for the whole catalogue: somebody's vector is folded in once for each change.

    ``history`` is asked for only when something has to be computed.
    """

    def computed() -> FloatArray:
        return predict_all(rater=rater, history=history(), catalogue=catalogue, state=state)

    if state.model is None:
        return np.full(len(catalogue.items), np.nan)
    if rater is None:
        return computed()
    return _cached(_predictions_key(rater.pk), rater, catalogue, state, computed)


def _cached_ranking(
    *,
    rater: Rater | None,
    history: History,
    method: str,
    catalogue: CatalogueArrays,
    state: ModelState,
    show_adult: bool,
) -> Ranking:
    """The rater's ranking, from the cache when it is of the same revisions and model."""

    def ranked() -> Ranking:
        return rank(
            method=method,
            rater=rater,
            history=history,
            catalogue=catalogue,
            state=state,
            show_adult=show_adult,
            predictions=_cached_predictions(
                rater=rater, history=lambda: history, catalogue=catalogue, state=state
            ),
        )

    if rater is None and len(history.listed):
        return ranked()  # a visitor's: there is no revision to keep it under
    key = _list_key(rater.pk if rater else 0, method, show_adult)
    return _cached(key, rater, catalogue, state, ranked)


def _items(
    ranking: Ranking,
    page: slice,
    *,
    history: History,
    catalogue: CatalogueArrays,
    model: LoadedModel | None,
) -> list[Recommendation]:
    """A page of a ranking with its titles and reasons."""
    anime_ids = [int(anime_id) for anime_id in ranking.anime_ids[page]]
    if not anime_ids:
        return []
    influences = influences_on(
        anime_ids=anime_ids, source=ranking.source, history=history, model=model
    )
    titles = anime_by_id(anime_ids={*anime_ids, *influences.named})
    liking = liking_of(history=history, catalogue=catalogue)
    best = float(ranking.relevance[0])
    items = []
    for position, anime_id in enumerate(anime_ids, start=page.start):
        if anime_id not in titles:
            continue  # deleted since the arrays were built
        relevance, prediction = float(ranking.relevance[position]), ranking.prediction[position]
        is_exploration = bool(ranking.is_exploration[position])
        reasons = title_reasons(
            anime_id=anime_id,
            influences=influences.of_title.get(anime_id, []),
            titles=titles,
            catalogue=catalogue,
            is_exact=influences.is_exact,
        ) or reasons_for(
            source=ranking.source, anime_id=anime_id, liking=liking, catalogue=catalogue
        )
        items.append(
            Recommendation(
                rank=position + 1,
                anime=titles[anime_id],
                prediction=float(prediction) if np.isfinite(prediction) else None,
                relevance=relevance,
                recommender_score=relevance / best if best > 0 else 1.0,
                sim=relevance if ranking.source == "content" else None,
                reasons=(exploration_reason(),) if is_exploration else reasons,
                is_exploration=is_exploration,
            )
        )
    return items
