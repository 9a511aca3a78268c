"""Which of a rater's own titles moved a listed title most, by the numbers of what ranked it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.rank_blend import RankBlend
from recommender.services.history import History
from recommender.services.lists import Influence
from recommender.services.rankings import ranker_of
from recommender.services.registry import LoadedModel

# So many titles are named for a title, and one against it.
_MOST_FOR = 3
_MOST_AGAINST = 1
# A title that moved less than this share of the strongest is not worth naming.
_LEAST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Influences:
    """The strongest titles of each listed one, and whether the numbers are exact."""

    of_title: dict[int, list[Influence]]
    is_exact: bool

    @property
    def named(self) -> set[int]:
        """Ids of all titles that are named."""
        return {each.anime_id for some in self.of_title.values() for each in some}


NOTHING = Influences({}, False)


def influences_on(
    *, anime_ids: Sequence[int], source: str, history: History, model: LoadedModel | None
) -> Influences:
    """The rater's titles that moved each listed title most; none where they move nothing.

    Exact for ``collaborative``: without the title the relevance would be lower by just that. For
    ``for-you`` the parts of its rankers are weighed with everything else held fixed.
    """
    found = ranker_of(source, model) if model is not None else None
    if model is None or found is None or found[0] != source:
        return NOTHING
    listed = [anime_id for anime_id in anime_ids if model.items.get(anime_id) is not None]
    rows, scores = history.known_to(model.items)
    if not listed or not len(rows):
        return NOTHING
    targets = model.items.index(np.array(listed, dtype=np.int64))
    parts = found[1].contributions(rows, scores, targets)
    own_ids = model.items.ids[rows]
    of_title = {
        anime_id: strongest(own_ids.tolist(), scores.tolist(), parts[:, place].tolist())
        for place, anime_id in enumerate(listed)
    }
    return Influences(of_title, is_exact=not isinstance(found[1], RankBlend))


def strongest(
    anime_ids: list[int],
    scores: list[float],
    contributions: list[float],
    *,
    most_for: int = _MOST_FOR,
    most_against: int = _MOST_AGAINST,
) -> list[Influence]:
    """The few that are worth naming, the strongest first, those for the title before the others."""
    least = max(_LEAST_SHARE * max(map(abs, contributions), default=0.0), 1e-9)
    worth = [
        Influence(anime_id, score, contribution)
        for anime_id, score, contribution in zip(anime_ids, scores, contributions, strict=True)
        if abs(contribution) >= least
    ]
    worth.sort(key=lambda each: (-abs(each.contribution), each.anime_id))
    return [each for each in worth if each.contribution > 0][:most_for] + [
        each for each in worth if each.contribution < 0
    ][:most_against]
