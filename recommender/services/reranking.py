"""A ranking in another order: by the sliders of the filters, and with tired titles further down."""

from collections.abc import Mapping

import numpy as np

from ml.diversity import by_popularity, maximal_marginal_relevance, moved_down
from recommender.services.catalogue import CatalogueArrays
from recommender.services.list_filters import MOST_POPULARITY, MOST_VARIETY, ListFilters
from recommender.services.rankings import Ranking

# The slider for variety reaches to this trade-off of relevance for unlikeness.
_HIGHEST_TRADE_OFF = 0.6
# Among so many titles from the first on variety is sought: fifteen pages.
_VARIED_PLACES = 300
# At the end of its slider, popularity has half as much say as relevance. With the same say, the
# little known titles would be those that nobody has rated.
_HIGHEST_WEIGHT = 0.5


def reranked(
    ranking: Ranking,
    *,
    filters: ListFilters,
    places_down: Mapping[int, int],
    catalogue: CatalogueArrays,
) -> Ranking:
    """The ranking by the filters' sliders; then some titles, by id, so many places further down.

    Popularity comes first and looks at the whole list. Variety looks at its beginning as it is
    then: it may show another title earlier, but never one that hardly fits.
    """
    if filters.popularity:
        members = catalogue.members[catalogue.items.index(ranking.anime_ids)]
        weight = _HIGHEST_WEIGHT * filters.popularity / MOST_POPULARITY
        ranking = ranking.in_order(by_popularity(members, weight))
    if filters.variety:
        first = catalogue.items.index(ranking.anime_ids[:_VARIED_PLACES])
        order = np.arange(len(ranking), dtype=np.int64)
        order[: len(first)] = maximal_marginal_relevance(
            catalogue.content.features[first],
            _HIGHEST_TRADE_OFF * filters.variety / MOST_VARIETY,
            len(first),
        )
        ranking = ranking.in_order(order)
    if places_down:
        ids = np.fromiter(places_down.keys(), dtype=np.int64)
        places = np.fromiter(places_down.values(), dtype=np.int64)
        by_id = np.argsort(ids)
        ids, places = ids[by_id], places[by_id]
        at = np.minimum(np.searchsorted(ids, ranking.anime_ids), len(ids) - 1)
        down = np.where(ids[at] == ranking.anime_ids, places[at], 0)
        ranking = ranking.in_order(moved_down(down))
    return ranking
