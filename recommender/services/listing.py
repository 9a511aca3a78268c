"""Titles of a ranking as they are listed: with the title itself, its figures and its reasons."""

from collections.abc import Sequence

import numpy as np

from recommender.services.catalogue import CatalogueArrays, titles_of
from recommender.services.history import History
from recommender.services.influences import influences_on
from recommender.services.lists import Recommendation
from recommender.services.rankings import Ranking
from recommender.services.reasons import (
    exploration_reason,
    liking_of,
    reasons_for,
    title_reasons,
)
from recommender.services.registry import LoadedModel


def listed(
    ranking: Ranking,
    places: Sequence[int],
    *,
    history: History,
    catalogue: CatalogueArrays,
    model: LoadedModel | None,
) -> list[Recommendation]:
    """The titles at some places of a ranking, 0 the first; their ranks are the places plus 1.

    Reasons are by the history and the model as they are now. Titles that have been deleted since
    the catalogue's arrays were built are left out.
    """
    if not places:
        return []
    anime_ids = [int(anime_id) for anime_id in ranking.anime_ids[list(places)]]
    influences = influences_on(
        anime_ids=anime_ids, source=ranking.source, history=history, model=model
    )
    titles = titles_of(catalogue, {*anime_ids, *influences.named})
    liking = liking_of(history=history, catalogue=catalogue)
    best = float(ranking.relevance.max())
    on_list = set(history.listed[np.isin(history.listed, anime_ids)].tolist())
    items = []
    for place, anime_id in zip(places, anime_ids, strict=True):
        if anime_id not in titles:
            continue
        relevance, prediction = float(ranking.relevance[place]), float(ranking.prediction[place])
        lowest, highest = ranking.ranges[place].tolist()
        is_exploration = bool(ranking.is_exploration[place])
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
                rank=place + 1,
                anime=titles[anime_id],
                prediction=prediction if np.isfinite(prediction) else None,
                prediction_range=(float(lowest), float(highest)) if lowest else None,
                relevance=relevance,
                recommender_score=relevance / best if best > 0 else 1.0,
                sim=relevance if ranking.source == "content" else None,
                reasons=(exploration_reason(),) if is_exploration else reasons,
                is_exploration=is_exploration,
                is_planned=anime_id in on_list,
            )
        )
    return items
