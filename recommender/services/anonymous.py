"""A list for somebody of whom only some scores are known: computed, and kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.services import registry
from recommender.services.catalogue import catalogue_arrays
from recommender.services.history import History
from recommender.services.list_filters import ListFilters
from recommender.services.listing import listed
from recommender.services.lists import METHODS, RecommendationList, UnknownMethod
from recommender.services.reranking import reranked
from recommender.services.serving import usual_ranking


@dataclass(frozen=True, slots=True)
class AnonymousList:
    """The list, and the ids of scored titles that were left out of account, ascending.

    Those are titles that the catalogue does not have, and adult titles where none are shown.
    """

    found: RecommendationList
    unknown: list[int]


def recommend_for_scores(
    *,
    scores: Mapping[int, int],
    method: str,
    filters: ListFilters,
    n: int,
    show_adult: bool,
) -> AnonymousList:
    """The first ``n`` titles for somebody with these scores: {title id: 1 to 10}.

    Raises UnknownMethod.
    """
    if method not in METHODS:
        raise UnknownMethod(method)
    catalogue, state = catalogue_arrays(), registry.active_model()
    known, unknown = {}, []
    for anime_id in sorted(scores):
        row = catalogue.items.get(anime_id)
        if row is None or (catalogue.is_adult[row] and not show_adult):
            unknown.append(anime_id)
        else:
            known[anime_id] = scores[anime_id]
    history = History.of_scores(known)
    ranking = usual_ranking(
        rater=None,
        history=history,
        method=method,
        catalogue=catalogue,
        state=state,
        show_adult=show_adult,
        filters=filters,
    )
    ranking = reranked(ranking, filters=filters, places_down={}, catalogue=catalogue)
    places = range(min(n, len(ranking)))
    found = RecommendationList(
        method=method,
        source=ranking.source,
        items=listed(ranking, places, history=history, catalogue=catalogue, model=state.model),
        n_available=len(ranking),
        model_version=ranking.model_version,
        fallback=ranking.fallback,
    )
    return AnonymousList(found, unknown)
