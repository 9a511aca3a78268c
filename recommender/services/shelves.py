"""The shelves of a home page: what to watch next, put in several ways, no title on two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from catalog.models import Anime, Rater
from ml.ranking import Popularity
from ml.suite import POPULAR
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays, titles_of
from recommender.services.exposures import places_down
from recommender.services.franchises import sequels_to_hide
from recommender.services.history import History
from recommender.services.kept import kept_shelves
from recommender.services.list_filters import ListFilters
from recommender.services.list_pages import ListPage, read_list
from recommender.services.lists import DEFAULT_METHOD
from recommender.services.popular_now import popular_now
from recommender.services.rankings import ranker_of
from recommender.services.registry import LoadedModel, ModelState
from recommender.services.similarity import similar_rows

SHELF_LENGTH = 12
# A shelf with fewer titles than this is not worth a place, except the first and the popular one.
_LEAST_TITLES = 4
# The liked title changes from day to day among so many of the best scored ones.
_LIKED_TITLES = 10
_LEAST_LIKED_SCORE = 7
# No title follows from a liked one that is expected so many points below the person's mean score.
_MOST_BELOW_MEAN = 1.0
# How far down the list titles are looked for that a liked one has moved.
_REACH = 300
# A hidden gem has fewer members than this share of all titles ...
_KNOWN_PERCENTILE = 80.0
# ... ratings of so many people at least, since a guess from one or two is none ...
_LEAST_RATERS = 10
# ... and is expected to be scored higher than this share of what one has not seen.
_GEM_PERCENTILE = 90.0

Ids = list[int]


@dataclass(frozen=True, slots=True)
class _Kept:
    """The shelves by title ids, as they are cached; see :class:`Shelves`."""

    for_you: Ids
    because: Ids
    liked: tuple[int, int] | None
    because_is_by_genre: bool
    gems: Ids
    gem_members: int
    popular: Ids
    n_lately: int
    predictions: dict[int, float]
    fallback: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class Shelves:
    """What a home page shows of somebody's unseen titles.

    Attributes:
        for_you: the top of the list; empty before the first score.
        because: titles that ``liked`` has moved most, or that are like it by genre and type where
            ``because_is_by_genre``.
        liked, liked_score: one of the best scored titles; None without such a title.
        gems: little known titles with a high expected score, in the order of the list; fewer than
            ``gem_members`` people have each on theirs.
        popular: the first ``n_lately`` are what accounts here have lately put on their lists, then
            those with the most members.
        predictions: expected scores by title id.
        fallback: why ``for_you`` has popular titles, a sentence; empty where it is personal.
        is_simulated: whether the scores come from a model of simulated raters.
    """

    for_you: list[Anime]
    because: list[Anime]
    liked: Anime | None
    liked_score: int
    because_is_by_genre: bool
    gems: list[Anime]
    gem_members: int
    popular: list[Anime]
    n_lately: int
    predictions: dict[int, float]
    fallback: str
    is_simulated: bool


def shelves_of(
    *,
    rater: Rater | None,
    history: History,
    filters: ListFilters,
    show_adult: bool,
    day: date,
) -> Shelves:
    """The shelves of a member, or of a visitor with a history, for a day.

    ``filters`` are those that the person keeps: all shelves but the popular one follow them, and
    the list as it is stored, so that the first shelf is how the list itself begins.
    """
    catalogue, state = catalogue_arrays(), registry.active_model()
    lately = popular_now()
    # What sinks is asked each time, since no revision changes with it.
    down = tuple(sorted(places_down(rater=rater).items()))

    def made() -> _Kept:
        page = read_list(
            rater=rater,
            method=DEFAULT_METHOD,
            filters=filters,
            show_adult=show_adult,
            n=SHELF_LENGTH,
            history=history,
            catalogue=catalogue,
        )
        builder = _Builder(page, history, catalogue, state, show_adult=show_adult)
        return builder.shelves(day, lately)

    kept = kept_shelves(
        rater=rater,
        history=history,
        question=(filters, show_adult, day, lately, down),
        catalogue=catalogue,
        state=state,
        compute=made,
    )
    return _with_titles(kept, catalogue)


def _with_titles(kept: _Kept, catalogue: CatalogueArrays) -> Shelves:
    liked_id, liked_score = kept.liked or (None, 0)
    ids = {*kept.for_you, *kept.because, *kept.gems, *kept.popular}
    titles = titles_of(catalogue, ids if liked_id is None else ids | {liked_id})

    def of(shelf: Sequence[int]) -> list[Anime]:
        return [titles[anime_id] for anime_id in shelf if anime_id in titles]

    return Shelves(
        for_you=of(kept.for_you),
        because=of(kept.because),
        liked=None if liked_id is None else titles.get(liked_id),
        liked_score=liked_score,
        because_is_by_genre=kept.because_is_by_genre,
        gems=of(kept.gems),
        gem_members=kept.gem_members,
        popular=of(kept.popular),
        n_lately=kept.n_lately,
        predictions=kept.predictions,
        fallback=kept.fallback,
        is_simulated=kept.is_simulated and bool(kept.predictions),
    )


class _Builder:
    """Makes the shelves one after the other; what one has, the next ones leave out."""

    def __init__(
        self,
        page: ListPage,
        history: History,
        catalogue: CatalogueArrays,
        state: ModelState,
        *,
        show_adult: bool,
    ) -> None:
        self._history, self._catalogue, self._state = history, catalogue, state
        self._show_adult = show_adult
        self._first, self._ranking = page.anime_ids, page.ranking
        self._taken: set[int] = set()

    def shelves(self, day: date, lately: tuple[int, ...]) -> _Kept:
        is_personal = len(self._history.scored) > 0
        for_you = self._take(self._first) if is_personal else []
        liked = self._liked(day)
        because, by_genre = ([], False) if liked is None else self._because(liked[0])
        gem_members = self._gem_members()
        gems = self._take(self._gems(gem_members), least=_LEAST_TITLES)
        popular, n_lately = self._popular(lately)
        predictions = dict(
            zip(self._ranking.anime_ids.tolist(), self._ranking.prediction.tolist(), strict=True)
        )
        shown = (*for_you, *because, *gems, *popular)
        return _Kept(
            for_you=for_you,
            because=because,
            liked=liked if because else None,
            because_is_by_genre=by_genre,
            gems=gems,
            gem_members=gem_members,
            popular=popular,
            n_lately=n_lately,
            predictions={
                pk: predictions[pk] for pk in shown if np.isfinite(predictions.get(pk, np.nan))
            },
            fallback=self._ranking.fallback,
            is_simulated=self._ranking.is_simulated,
        )

    def _take(self, anime_ids: Sequence[int], *, least: int = 0) -> Ids:
        """The first of these that no shelf has yet; none where they are too few for a shelf."""
        found = [anime_id for anime_id in anime_ids if anime_id not in self._taken][:SHELF_LENGTH]
        if len(found) < least:
            return []
        self._taken.update(found)
        return found

    def _liked(self, day: date) -> tuple[int, int] | None:
        """The title of the day among the best scored ones, and its score."""
        scored, scores = self._history.scored, self._history.scores
        known = self._catalogue.items.contains(scored) & (scores >= _LEAST_LIKED_SCORE)
        if not self._show_adult and known.any():
            known[known] = ~self._catalogue.is_adult[self._catalogue.items.index(scored[known])]
        best = np.lexsort((scored[known], -scores[known]))[:_LIKED_TITLES]
        if not len(best):
            return None
        place = best[day.toordinal() % len(best)]
        return int(scored[known][place]), int(scores[known][place])

    def _because(self, liked: int) -> tuple[Ids, bool]:
        """What this title has moved up most on the list; else what is like it by genre."""
        moved = self._take(self._promising(self._moved_by(liked)), least=_LEAST_TITLES)
        if moved:
            return moved, False
        allowed = set(self._ranking.anime_ids.tolist())
        row = self._catalogue.items.index(np.array([liked]))[0]
        rows, _ = similar_rows(
            catalogue=self._catalogue, row=int(row), n=4 * SHELF_LENGTH, show_adult=self._show_adult
        )
        alike = [pk for pk in self._catalogue.items.ids[rows].tolist() if pk in allowed]
        return self._take(self._promising(alike), least=_LEAST_TITLES), True

    def _promising(self, anime_ids: Ids) -> Ids:
        """Those that are not expected to be scored well below what the person scores."""
        least = float(np.mean(self._history.scores)) - _MOST_BELOW_MEAN
        disappointing = set(self._ranking.anime_ids[self._ranking.prediction < least].tolist())
        return [anime_id for anime_id in anime_ids if anime_id not in disappointing]

    def _moved_by(self, liked: int) -> Ids:
        """The titles of the list for which the liked one speaks, the most moved first."""
        model = self._state.model
        found = ranker_of(self._ranking.source, model) if model is not None else None
        if model is None or found is None or found[0] != self._ranking.source:
            return []
        rows, scores = self._history.known_to(model.items)
        own = model.items.get(liked)
        candidates = self._ranking.anime_ids[:_REACH]
        candidates = candidates[model.items.contains(candidates)]
        if own is None or not len(candidates):
            return []
        parts = found[1].contributions(rows, scores, model.items.index(candidates))
        part = parts[int(np.searchsorted(rows, own))]
        order = np.lexsort((candidates, -part))
        return [int(candidates[place]) for place in order if part[place] > 0]

    def _gem_members(self) -> int:
        visible = self._catalogue.members[~self._catalogue.is_adult]
        return int(np.percentile(visible, _KNOWN_PERCENTILE)) if len(visible) else 0

    def _gems(self, members: int) -> Ids:
        """Little known titles that are expected to be scored high, by people enough to say so."""
        ranking, catalogue, model = self._ranking, self._catalogue, self._state.model
        expected = ranking.prediction
        if model is None or not np.isfinite(expected).any():
            return []
        rows = catalogue.items.index(ranking.anime_ids)
        high = expected >= np.nanpercentile(expected, _GEM_PERCENTILE)
        hidden = catalogue.members[rows] < members
        begun = ~sequels_to_hide(catalogue=catalogue, history=self._history)[rows]
        is_sure = _n_raters(model, ranking.anime_ids) >= _LEAST_RATERS
        gems = np.flatnonzero(high & hidden & begun & is_sure)
        # In the order of the list: the highest scores alone are of the same titles for everybody.
        found: Ids = ranking.anime_ids[gems].tolist()
        return found

    def _popular(self, lately: tuple[int, ...]) -> tuple[Ids, int]:
        """What accounts here have put on their lists lately, then what most people have."""
        catalogue = self._catalogue
        hidden = np.isin(catalogue.items.ids, self._history.excluded)
        if not self._show_adult:
            hidden = hidden | catalogue.is_adult
        order = np.lexsort((catalogue.items.ids, -catalogue.members))
        most: Ids = catalogue.items.ids[order[~hidden[order]]][: 10 * SHELF_LENGTH].tolist()
        visible = set(catalogue.items.ids[~hidden].tolist()) if lately else set()
        recent = [pk for pk in lately if pk in visible and pk not in self._taken][:SHELF_LENGTH]
        shelf = self._take([*recent, *(pk for pk in most if pk not in recent)])
        return shelf, len(recent)


def _n_raters(model: LoadedModel, anime_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many raters the model has learnt each title from, int64 [n]."""
    counts = np.zeros(len(anime_ids), dtype=np.int64)
    popularity = model.suite.rankers.get(POPULAR)
    known = model.items.contains(anime_ids)
    if isinstance(popularity, Popularity):
        counts[known] = popularity.n_raters[model.items.index(anime_ids[known])]
    return counts
