"""Groups to break measures down by: how active a rater is, and how popular a title is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]

N_ACTIVITY_GROUPS: Final = 4
POPULARITY_LABELS: Final = ("head", "middle", "tail")


@dataclass(frozen=True)
class Group:
    """Raters or titles between two bounds.

    Attributes:
        label: what it is called.
        lowest: fewest training ratings of a member.
        highest: most training ratings of a member.
        n_members: number of raters or titles in it, at least 1.
    """

    label: str
    lowest: int
    highest: int
    n_members: int

    @property
    def heading(self) -> str:
        """What it is called, with its bounds, which the names of quarters say already."""
        if self.label not in POPULARITY_LABELS:
            return self.label
        return f"{self.label} ({_between(self.lowest, self.highest)})"


@dataclass(frozen=True, eq=False)
class Grouping:
    """Which group each rater or title is in.

    Attributes:
        groups: the groups, none of them empty.
        member_of: int64 [n], place in ``groups``, -1 for none.
    """

    groups: tuple[Group, ...]
    member_of: Int64Array


def by_activity(n_watched: Int64Array, raters: npt.NDArray[np.integer]) -> Grouping:
    """Divide raters into quarters by their number of training ratings.

    Raters with as many ratings stay together, so that quarters may differ in size or be missing.

    Args:
        n_watched: int64 [n_users], training ratings of each rater.
        raters: rows of those that are divided; others are in no group.

    Returns:
        a grouping of all n_users; the labels say the bounds.
    """
    chosen = np.unique(np.asarray(raters, dtype=np.int64))
    counts = n_watched[chosen]
    if not chosen.size:
        return Grouping((), np.full(n_watched.size, -1, dtype=np.int64))
    shares = np.arange(1, N_ACTIVITY_GROUPS) / N_ACTIVITY_GROUPS
    bounds = np.quantile(counts, shares, method="lower")
    quarter = np.full(n_watched.size, -1, dtype=np.int64)
    quarter[chosen] = np.searchsorted(bounds, counts, side="left")
    return _grouping(n_watched, quarter, None)


def by_popularity(n_watchers: Int64Array) -> Grouping:
    """Divide titles into head, middle and tail, each with a third of the training ratings.

    Titles with as many ratings stay together. A title without ratings is tail.

    Args:
        n_watchers: int64 [n_items], training ratings of each title.
    """
    ascending = np.sort(n_watchers)[::-1]
    total = int(ascending.sum())
    third = np.full(n_watchers.size, len(POPULARITY_LABELS) - 1, dtype=np.int64)
    if total:
        cumulative = np.cumsum(ascending)
        middle_from = ascending[np.searchsorted(cumulative, 2 * total / 3)]
        head_from = ascending[np.searchsorted(cumulative, total / 3)]
        third[n_watchers >= middle_from] = 1
        third[n_watchers >= head_from] = 0
    return _grouping(n_watchers, third, POPULARITY_LABELS)


def _grouping(counts: Int64Array, place: Int64Array, labels: tuple[str, ...] | None) -> Grouping:
    """Return the groups that have members, renumbered."""
    present = np.unique(place[place >= 0])
    groups = []
    for number in present:
        own = counts[place == number]
        lowest, highest = int(own.min()), int(own.max())
        titles = "title" if highest == 1 else "titles"
        label = f"{_between(lowest, highest)} {titles}" if labels is None else labels[number]
        groups.append(Group(label, lowest, highest, int(own.size)))
    member_of = np.where(place >= 0, np.searchsorted(present, place), -1)
    return Grouping(tuple(groups), member_of.astype(np.int64))


def _between(lowest: int, highest: int) -> str:
    return f"{lowest:,}–{highest:,}" if lowest < highest else f"{lowest:,}"


@dataclass(frozen=True, eq=False)
class Groupings:
    """Both ways to break measures down.

    Attributes:
        activity: of all n_users.
        popularity: of all n_items.
    """

    activity: Grouping
    popularity: Grouping
