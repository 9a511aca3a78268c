"""What several people could watch together: one list from the predictions for each of them.

The strategies are those of Masthoff, "Group modeling: selecting a sequence of television items to
suit a group of viewers", User Modeling and User-Adapted Interaction 14, 2004: average, least
misery, most pleasure.

A list in the order of predicted scores alone has titles among its first that hardly anybody knows,
for a group as for one person. So the titles are chosen first, by their places in the members' own
lists "For you", which weigh what is likely to be watched at all; only the order among those chosen
is by the scores. The strategy says for both steps how the members' numbers become one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Anime, Rater, User
from catalog.selectors import anime_by_id
from ml.serving import clip_score
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.errors import RecommenderError
from recommender.services.history import Histories, histories_of
from recommender.services.rankings import Ranking
from recommender.services.registry import ModelState
from recommender.services.serving import predicted_and_ranked

FloatArray = npt.NDArray[np.float64]
# From one number a member to one for the group: [n_members, n_titles] to [n_titles].
Combine = Callable[[FloatArray], FloatArray]

# How many titles are chosen by the members' own lists, to be ordered by their scores.
POOL = 200


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to make one number of the members' numbers: of scores, and of places in their lists."""

    slug: str
    label: str
    # One sentence for the people who read the list.
    description: str
    of_scores: Combine
    of_places: Combine


STRATEGIES: dict[str, Strategy] = {
    strategy.slug: strategy
    for strategy in (
        Strategy(
            "average",
            "Average",
            "A title counts by the average of your predicted scores.",
            lambda scores: scores.mean(axis=0),
            lambda places: places.mean(axis=0),
        ),
        Strategy(
            "least-misery",
            "Least misery",
            "A title counts by the lowest of your predicted scores.",
            lambda scores: scores.min(axis=0),
            lambda places: places.max(axis=0),
        ),
        Strategy(
            "most-pleasure",
            "Most pleasure",
            "A title counts by the highest of your predicted scores.",
            lambda scores: scores.max(axis=0),
            lambda places: places.min(axis=0),
        ),
    )
}
DEFAULT_STRATEGY = "average"


class UnknownStrategy(RecommenderError, ValueError):
    """There is no such strategy; the message names those there are."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no strategy {slug!r}. Strategies: {', '.join(STRATEGIES)}.")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who has joined, with their rater (None: never rated) and their adult setting."""

    user: User
    rater: Rater | None
    show_adult: bool


@dataclass(frozen=True, slots=True)
class SharedTitle:
    """One title of the list.

    ``shares`` are the members with their predicted scores (1 to 10), in the order of the list's
    ``counted``; ``score`` is what the strategy makes of them; ``wished_by`` are the members who
    plan to watch it.
    """

    rank: int
    anime: Anime
    score: float
    shares: tuple[tuple[User, float], ...]
    wished_by: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class SharedList:
    """A page of a group's list.

    ``counted`` are the members with predictions; ``left_out`` those for whom nothing can be
    predicted: what they have seen is still not listed. ``notice`` says why there is no list.
    """

    strategy: Strategy
    items: list[SharedTitle]
    n_available: int
    counted: tuple[User, ...]
    left_out: tuple[User, ...]
    model_version: int | None = None
    notice: str = ""


def recommend_together(
    *,
    members: Sequence[Member],
    strategy: str = DEFAULT_STRATEGY,
    n: int = 20,
    offset: int = 0,
) -> SharedList:
    """Titles that no member has watched or turned down: ``n`` behind the first ``offset``.

    Plans count as wishes, and may be listed; adult titles only when every member shows them.
    ``members`` are those who have joined: nobody else's list may come in here. Asks the database
    for the members' lists in two queries, however many there are. Raises UnknownStrategy.
    """
    if strategy not in STRATEGIES:
        raise UnknownStrategy(strategy)
    chosen = STRATEGIES[strategy]
    catalogue, state = catalogue_arrays(), registry.active_model()
    histories = histories_of([each.rater.pk for each in members if each.rater])
    standing = _standing(members, histories, catalogue, state)
    counted = tuple(user for user, _ in standing.of_member)
    left_out = tuple(each.user for each in members if each.user not in counted)
    if not counted:
        return SharedList(chosen, [], 0, (), left_out, notice=state.notice)
    predictions = np.stack([each.predictions for _, each in standing.of_member])
    places = np.stack([each.places for _, each in standing.of_member])
    order, scores = _ordered(chosen, predictions, places, standing.is_seen, catalogue)
    rows = order[offset : offset + n]
    titles = anime_by_id(anime_ids=catalogue.items.ids[rows].tolist())
    shown = clip_score(predictions[:, rows])
    items = [
        SharedTitle(
            rank=offset + position + 1,
            anime=titles[anime_id],
            score=float(scores[row]),
            shares=tuple(zip(counted, shown[:, position].tolist(), strict=True)),
            wished_by=standing.wishes.get(anime_id, ()),
        )
        for position, (row, anime_id) in enumerate(
            zip(rows, catalogue.items.ids[rows].tolist(), strict=True)
        )
        if anime_id in titles  # else deleted since the arrays were built
    ]
    version = state.model.version_id if state.model else None
    return SharedList(chosen, items, len(order), counted, left_out, version)


@dataclass(frozen=True, eq=False)
class _MemberRows:
    """A member's predictions and places in their own list, 0 the first, NaN: none; both [n]."""

    predictions: FloatArray
    places: FloatArray


@dataclass(frozen=True, eq=False)
class _Standing:
    """What the members' lists say: ``is_seen`` bool [n], ``wishes`` by title id."""

    of_member: list[tuple[User, _MemberRows]]
    is_seen: npt.NDArray[np.bool_]
    wishes: dict[int, tuple[User, ...]]


def _standing(
    members: Sequence[Member], histories: Histories, catalogue: CatalogueArrays, state: ModelState
) -> _Standing:
    show_adult = all(member.show_adult for member in members)
    is_seen = np.zeros(len(catalogue.items), dtype=bool)
    of_member: list[tuple[User, _MemberRows]] = []
    wishes: dict[int, tuple[User, ...]] = {}
    if not show_adult:
        is_seen |= catalogue.is_adult
    with_list = [member for member in members if member.rater is not None]
    for position, member in enumerate(with_list):
        assert member.rater is not None  # noqa: S101 - by the line above, for the type checker
        history = histories.one(position)
        planned = np.setdiff1d(history.listed, history.watched)
        for anime_id in planned.tolist():
            wishes[anime_id] = (*wishes.get(anime_id, ()), member.user)
        is_seen |= np.isin(catalogue.items.ids, history.watched)
        is_seen |= np.isin(catalogue.items.ids, history.dismissed)
        predictions, ranking = predicted_and_ranked(
            rater=member.rater,
            history=history,
            catalogue=catalogue,
            state=state,
            show_adult=show_adult,
        )
        if np.isfinite(predictions).any():
            places = _places(ranking, planned, catalogue)
            of_member.append((member.user, _MemberRows(predictions, places)))
    return _Standing(of_member, is_seen, wishes)


def _places(
    ranking: Ranking, planned: npt.NDArray[np.int64], catalogue: CatalogueArrays
) -> FloatArray:
    """The place of every title in a member's list [n]. What they plan stands with the first."""
    places = np.full(len(catalogue.items), np.nan)
    listed = catalogue.items.contains(ranking.anime_ids)
    places[catalogue.items.index(ranking.anime_ids[listed])] = np.flatnonzero(listed)
    places[catalogue.items.index(planned[catalogue.items.contains(planned)])] = 0
    return places


def _ordered(
    strategy: Strategy,
    predictions: FloatArray,
    places: FloatArray,
    is_seen: npt.NDArray[np.bool_],
    catalogue: CatalogueArrays,
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The rows of the list, best first, and the group's score of every row (NaN: none)."""
    known = np.isfinite(predictions).all(axis=0) & np.isfinite(places).all(axis=0) & ~is_seen
    rows = np.flatnonzero(known)
    scores = np.full(len(known), np.nan)
    if not len(rows):
        return rows, scores
    place = strategy.of_places(places[:, rows])
    ids = catalogue.items.ids[rows]
    pool = np.lexsort((ids, place))[:POOL]
    rows, place, ids = rows[pool], place[pool], ids[pool]
    # What is shown decides; two that are both shown as 10 may still differ.
    scores[rows] = strategy.of_scores(clip_score(predictions[:, rows]).astype(np.float64))
    exact = strategy.of_scores(predictions[:, rows])
    return rows[np.lexsort((ids, place, -exact, -scores[rows]))], scores
