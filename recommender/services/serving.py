"""Lists of recommendations and predicted scores, in numpy and without torch.

For pages and the API, which read a list page by page, see :mod:`list_pages`.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from catalog.models import Anime, Rater
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays, titles_of
from recommender.services.history import History
from recommender.services.kept import forget, kept_history, kept_predictions, kept_relevance
from recommender.services.list_filters import ListFilters, left_out
from recommender.services.listing import listed
from recommender.services.lists import (
    DEFAULT_METHOD,
    METHODS,
    RecommendationList,
    SimilarTitle,
    UnknownMethod,
)
from recommender.services.rankings import Ranking, ranked
from recommender.services.registry import ModelState
from recommender.services.similarity import similar_rows

__all__ = ["forget", "predict", "predicted_and_ranked", "recommend", "similar"]

FloatArray = npt.NDArray[np.float64]


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
        history = kept_history(rater=rater)
    ranking = usual_ranking(
        rater=rater,
        history=history,
        method=method,
        catalogue=catalogue,
        state=state,
        show_adult=show_adult,
    )
    places = range(offset, min(offset + n, len(ranking)))
    return RecommendationList(
        method=method,
        source=ranking.source,
        items=listed(ranking, places, history=history, catalogue=catalogue, model=state.model),
        n_available=len(ranking),
        model_version=ranking.model_version,
        fallback=ranking.fallback,
    )


def predict(*, rater: Rater | None, anime_ids: Iterable[int]) -> dict[int, float]:
    """The scores (1 to 10) that a rater is expected to give, by title id.

    Titles that the model does not know are left out; nothing is left without an active model or
    for a rater who has scored nothing.
    """
    catalogue, state = catalogue_arrays(), registry.active_model()
    if state.model is None or rater is None:
        return {}
    predictions = kept_predictions(
        rater=rater, history=kept_history(rater=rater), catalogue=catalogue, state=state
    )
    scores = predictions.scores
    rows = {anime_id: catalogue.items.get(anime_id) for anime_id in anime_ids}
    return {
        anime_id: float(scores[row])
        for anime_id, row in rows.items()
        if row is not None and np.isfinite(scores[row])
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

    The predictions are in points, not clipped.
    """
    predictions = kept_predictions(rater=rater, history=history, catalogue=catalogue, state=state)
    ranking = usual_ranking(
        rater=rater,
        history=history,
        method=DEFAULT_METHOD,
        catalogue=catalogue,
        state=state,
        show_adult=show_adult,
    )
    return predictions.points, ranking


def similar(*, anime: Anime, n: int = 10, show_adult: bool = False) -> list[SimilarTitle]:
    """The complete titles most like one by genres and type: cosine, ties by id."""
    catalogue = catalogue_arrays()
    row = catalogue.items.get(anime.pk)
    if row is None:
        return []
    others, cosines = similar_rows(catalogue=catalogue, row=row, n=n, show_adult=show_adult)
    titles = titles_of(catalogue, catalogue.items.ids[others].tolist())
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


def usual_ranking(
    *,
    rater: Rater | None,
    history: History,
    method: str,
    catalogue: CatalogueArrays,
    state: ModelState,
    show_adult: bool,
    filters: ListFilters | None = None,
) -> Ranking:
    """The titles that may be listed in the order of a known method, by what is kept of the rater.

    ``filters`` say which may be listed; their sliders change nothing here.
    """
    return ranked(
        kept_relevance(
            method=method, rater=rater, history=history, catalogue=catalogue, state=state
        ),
        left_out=left_out(
            filters or ListFilters(),
            catalogue=catalogue,
            history=history,
            show_adult=show_adult,
        ),
        predictions=kept_predictions(
            rater=rater, history=history, catalogue=catalogue, state=state
        ),
        catalogue=catalogue,
    )
