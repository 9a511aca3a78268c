"""A list page by page: stored when its first page is read, and delivered from what is stored.

What was seen or turned down since is dropped when a page is delivered, and the page is filled from
further down. So pages neither repeat nor run dry, whatever happens between two of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from catalog.models import Rater
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.exposures import places_down
from recommender.services.history import History
from recommender.services.kept import kept_history
from recommender.services.list_filters import ListFilters, blamed
from recommender.services.listing import listed
from recommender.services.lists import METHODS, Recommendation, UnknownMethod
from recommender.services.rankings import Ranking
from recommender.services.reasons import join
from recommender.services.registry import ModelState
from recommender.services.reranking import reranked
from recommender.services.serving import usual_ranking
from recommender.services.snapshots import Cursor, found, hashed, stored

# Titles looked at together when a page is filled.
_AT_ONCE = 100


@dataclass(frozen=True, eq=False)
class ListPage:
    """A page of a stored list.

    Attributes:
        method: what was asked for.
        ranking: the stored list; what is delivered are its titles at ``places``, 0 the first.
        next, previous: the cursors of the pages around, empty where there is none.
        history: the reader's list as it is now.
        key: a hash of all that ``items`` depend on, but for the time.
        n_scored: how many titles the reader has scored, but for those that are hidden.
        blamed: where there is no title, the filters any one of which would have to go.
    """

    method: str
    ranking: Ranking
    places: tuple[int, ...]
    next: str
    previous: str
    history: History
    key: str
    n_scored: int
    blamed: tuple[str, ...]
    _list: Callable[[], list[Recommendation]]

    @cached_property
    def items(self) -> list[Recommendation]:
        """The titles with their reasons, computed when they are looked at."""
        return self._list()

    @property
    def first_rank(self) -> int:
        """The rank of the page's first title in the stored list, 1 the best; 0 without one."""
        return self.places[0] + 1 if self.places else 0

    @property
    def last_rank(self) -> int:
        """The rank of the page's last title; 0 without one."""
        return self.places[-1] + 1 if self.places else 0

    @property
    def blame(self) -> str:
        """The filters that are to blame for an empty page, as in a sentence."""
        return join(self.blamed, word="or")

    @property
    def has_predictions(self) -> bool:
        """Whether a score is predicted for any title of the page."""
        return bool(np.isfinite(self.ranking.prediction[list(self.places)]).any())

    @property
    def anime_ids(self) -> list[int]:
        """The ids of the page's titles."""
        ids: list[int] = self.ranking.anime_ids[list(self.places)].tolist()
        return ids


def read_list(
    *,
    rater: Rater | None,
    method: str,
    filters: ListFilters,
    show_adult: bool,
    n: int,
    history: History | None = None,
    cursor: str = "",
    catalogue: CatalogueArrays | None = None,
) -> ListPage:
    """The page of a list at a cursor, its first page without one.

    ``show_adult`` is the account's setting; a visitor has no rater but may have a ``history``.
    ``catalogue`` is :func:`catalogue_arrays` where it is at hand.

    Raises:
        UnknownMethod: there is no such method.
        UnknownCursor: the cursor is of another list, method, filters or person, or expired.
    """
    if method not in METHODS:
        raise UnknownMethod(method)
    catalogue, state = catalogue or catalogue_arrays(), registry.active_model()
    if rater is not None or history is None:
        history = kept_history(rater=rater)
    question = hashed(method, filters)[:16]
    whose = ("rater", rater.pk, rater.revision) if rater else ("visitor", history.digest)
    if cursor:
        at = Cursor.decode(cursor, question=question)
        ranking = found(cursor=at, rater=rater)
    else:
        number, ranking = _first(
            rater=rater,
            whose=whose,
            history=history,
            method=method,
            filters=filters,
            catalogue=catalogue,
            state=state,
            show_adult=show_adult,
        )
        at = Cursor(number, question, 0)
    walk = _Walk(ranking, history, filters, catalogue, show_adult=show_adult)
    places = walk.before(at.place, n) if at.backwards else walk.behind(at.place, n)
    if at.backwards and len(places) < n:
        # Less is left there now: the page is the first one, and filled from further down.
        places = walk.behind(0, n)
    begin, end = (places[0], places[-1] + 1) if places else (at.place, at.place)
    blame: list[str] = []
    if not places and filters != ListFilters():
        blame = blamed(filters, catalogue=catalogue, history=history, show_adult=show_adult)
    reader = history
    return ListPage(
        method=method,
        ranking=ranking,
        places=places,
        next=Cursor(at.snapshot, question, end).encode() if walk.behind(end, 1) else "",
        previous=(
            Cursor(at.snapshot, question, begin, True).encode() if walk.before(begin, 1) else ""
        ),
        history=history,
        key=hashed(at.snapshot, places, whose, catalogue.revision, _version(state)),
        n_scored=_n_scored(history, catalogue, show_adult=show_adult),
        blamed=tuple(blame),
        _list=lambda: listed(
            ranking, places, history=reader, catalogue=catalogue, model=state.model
        ),
    )


def _first(
    *,
    rater: Rater | None,
    whose: tuple[object, ...],
    history: History,
    method: str,
    filters: ListFilters,
    catalogue: CatalogueArrays,
    state: ModelState,
    show_adult: bool,
) -> tuple[int, Ranking]:
    """The list as it is now: its row and its content."""
    down = places_down(rater=rater)

    def make() -> Ranking:
        ranking = usual_ranking(
            rater=rater,
            history=history,
            method=method,
            catalogue=catalogue,
            state=state,
            show_adult=show_adult,
            filters=filters,
        )
        return reranked(ranking, filters=filters, places_down=down, catalogue=catalogue)

    made_from = (
        whose,
        method,
        filters,
        show_adult,
        catalogue.revision,
        _version(state),
        sorted(down.items()),
    )
    return stored(key=hashed(*made_from), rater=rater, method=method, make=make)


def _n_scored(history: History, catalogue: CatalogueArrays, *, show_adult: bool) -> int:
    scored = history.scored
    if show_adult or not len(scored):
        return len(scored)
    known = scored[catalogue.items.contains(scored)]
    return len(scored) - int(catalogue.is_adult[catalogue.items.index(known)].sum())


def _version(state: ModelState) -> tuple[int | None, str]:
    return (state.model.version_id if state.model else None, state.problem)


class _Walk:
    """Goes along a stored list, past what may not be shown now."""

    def __init__(
        self,
        ranking: Ranking,
        history: History,
        filters: ListFilters,
        catalogue: CatalogueArrays,
        *,
        show_adult: bool,
    ) -> None:
        self._ids = ranking.anime_ids
        planned = filters.include_planned
        self._gone = history.excluded_but_planned if planned else history.excluded
        self._catalogue = catalogue
        self._show_adult = show_adult and filters.adult

    def behind(self, start: int, n: int) -> tuple[int, ...]:
        """The first n places from a place on that may be shown."""
        places: list[int] = []
        for first in range(start, len(self._ids), _AT_ONCE):
            places += self._shown(first, min(first + _AT_ONCE, len(self._ids)))
            if len(places) >= n:
                break
        return tuple(places[:n])

    def before(self, end: int, n: int) -> tuple[int, ...]:
        """The last n places before a place that may be shown."""
        places: list[int] = []
        for last in range(min(end, len(self._ids)), 0, -_AT_ONCE):
            places = self._shown(max(last - _AT_ONCE, 0), last) + places
            if len(places) >= n:
                break
        return tuple(places[-n:])

    def _shown(self, start: int, end: int) -> list[int]:
        ids = self._ids[start:end]
        shown = self._catalogue.items.contains(ids) & ~np.isin(ids, self._gone)
        if not self._show_adult:
            adult = self._catalogue.is_adult
            shown[shown] &= ~adult[self._catalogue.items.index(ids[shown])]
        found: list[int] = (np.flatnonzero(shown) + start).tolist()
        return found
