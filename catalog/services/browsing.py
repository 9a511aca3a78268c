"""Which titles somebody browses, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog import selectors
from catalog.models import CatalogueState, Rater
from catalog.services.search import found_rows
from catalog.services.title_arrays import Mask, Rows, TitleArrays, title_arrays

# A hidden gem is a title of those three quarters that the fewest people have on their lists.
GEM_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: its name in a list of choices, and what comes first, in a sentence."""

    label: str
    first: str


ORDERS = {
    "popular": Order("Most popular", "Those on the most lists come first."),
    "score": Order(
        "Best rated",
        "The best rated come first; a score that few people gave counts for less.",
    ),
    "gems": Order(
        "Hidden gems",
        "The best rated come first, of the three quarters of all titles that the fewest people "
        "have on their lists.",
    ),
    "controversial": Order(
        "Most controversial", "Those come first about which the scores given here differ most."
    ),
    "title": Order("A to Z", "By title."),
    "random": Order("Random", "In an order of chance."),
}
BEST_MATCH = Order("Best match", "The best matches come first.")
DEFAULT_ORDER = "popular"


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What is browsed. Nothing given is everything.

    ``genres`` must all be there, ``without`` must not; they are slugs. Titles whose episodes or
    score are unknown fit no limit on them. ``on_list`` asks for titles that are on the reader's
    list, or for those that are not. ``order`` is a key of ORDERS; empty means the best match
    first where there is a ``search``, else the most popular. ``seed`` is that of a random order.
    """

    search: str = ""
    genres: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    episodes_min: int | None = None
    episodes_max: int | None = None
    members_min: int | None = None
    score_min: float | None = None
    on_list: bool | None = None
    order: str = ""
    seed: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """The titles that fit, best first, as ids; and the arrays that they are rows of."""

    anime_ids: list[int]
    arrays: TitleArrays


def browse(
    filters: Filters, *, show_adult: bool, rater: Rater | None, state: CatalogueState | None = None
) -> Found:
    """All titles that fit, in order.

    One query for the reader's list where it is asked for, one for the statistics after they have
    been counted anew; ``state`` is the catalogue's where the caller has just read it.
    """
    state = state or selectors.catalogue_state()
    arrays = title_arrays(state.revision)
    fits = _fitting(arrays, filters, show_adult=show_adult, rater=rater)
    if filters.search:
        matches = found_rows(filters.search, show_adult=show_adult, arrays=arrays)
        if not filters.order:
            return Found(arrays.ids[matches[fits[matches]]].tolist(), arrays)
        is_match = np.zeros(len(arrays), dtype=bool)
        is_match[matches] = True
        fits &= is_match
    order = _order(arrays, filters, state)
    return Found(arrays.ids[order[fits[order]]].tolist(), arrays)


def _fitting(
    arrays: TitleArrays, filters: Filters, *, show_adult: bool, rater: Rater | None
) -> Mask:
    """Which titles pass every filter but the search."""
    fits = arrays.visible(show_adult=show_adult)
    column_of = {genre.slug: column for column, genre in enumerate(arrays.genres)}
    for slug in filters.genres:
        fits &= arrays.has_genre[:, column_of[slug]] if slug in column_of else False
    for slug in filters.without:
        if slug in column_of:
            fits &= ~arrays.has_genre[:, column_of[slug]]
    if filters.types:
        fits &= np.isin(arrays.types, filters.types)
    # Unknown episodes are -1 and unknown scores NaN, which are no more than anything.
    if filters.episodes_min is not None:
        fits &= arrays.episodes >= max(filters.episodes_min, 0)
    if filters.episodes_max is not None:
        fits &= (arrays.episodes <= filters.episodes_max) & (arrays.episodes >= 0)
    if filters.members_min is not None:
        fits &= arrays.members >= filters.members_min
    if filters.score_min is not None:
        fits &= arrays.mean_score >= filters.score_min
    if filters.on_list is not None:
        is_listed = np.zeros(len(arrays), dtype=bool)
        is_listed[arrays.rows_of(selectors.listed_ids(rater=rater))] = True
        fits &= is_listed == filters.on_list
    return fits


def _order(arrays: TitleArrays, filters: Filters, state: CatalogueState) -> Rows:
    """All rows in the order that is asked for."""
    name = filters.order or DEFAULT_ORDER
    if name == "random":
        return _lowest_first(_shuffled(arrays.ids, filters.seed))
    revision = state.statistics_revision if name == "controversial" else 0
    key = (arrays.revision, name, revision)
    kept = _kept.get(name)
    if kept is None or kept[0] != key or kept[1] is not arrays:
        _kept[name] = kept = (key, arrays, _COMPUTED[name](arrays))
    return kept[2]


# By name the last order of each kind: what it is of, its arrays, the rows.
_kept: dict[str, tuple[tuple[int, str, int], TitleArrays, Rows]] = {}


def _popular(arrays: TitleArrays) -> Rows:
    return _lowest_first(-arrays.members)


def _best_rated(arrays: TitleArrays) -> Rows:
    return _lowest_first(-arrays.shrunk_score)


def _gems(arrays: TitleArrays) -> Rows:
    """The gems by score, and behind them everything else by score."""
    if not len(arrays):
        return arrays.ids
    is_known = arrays.members > np.quantile(arrays.members, GEM_SHARE)
    score = np.where(np.isfinite(arrays.shrunk_score), arrays.shrunk_score, -np.inf)
    return np.lexsort((arrays.ids, -score, is_known))


def _controversial(arrays: TitleArrays) -> Rows:
    spread = selectors.spread_of_scores()
    return _lowest_first(np.array([-spread.get(pk, -np.inf) for pk in arrays.ids.tolist()]))


def _alphabetical(arrays: TitleArrays) -> Rows:
    keys = [
        (search or title, title)
        for search, title in zip(arrays.search_titles, arrays.titles, strict=True)
    ]
    return np.array(sorted(range(len(arrays)), key=keys.__getitem__), dtype=np.int64)


_COMPUTED: dict[str, Callable[[TitleArrays], Rows]] = {
    "popular": _popular,
    "score": _best_rated,
    "gems": _gems,
    "controversial": _controversial,
    "title": _alphabetical,
}


def _lowest_first(values: npt.NDArray[np.number]) -> Rows:
    """Rows by value, of equal ones the lower id first; NaN is last."""
    return np.argsort(values, kind="stable").astype(np.int64)


def _shuffled(ids: Rows, seed: int) -> npt.NDArray[np.uint64]:
    """A number of chance for each id, the same for the same seed whatever other ids there are.

    SplitMix64 (Steele, Lea, Flood 2014). So a page of a random order stays what it is while titles
    come and go.
    """
    with np.errstate(over="ignore"):
        mixed = ids.astype(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
