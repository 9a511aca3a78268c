"""What a person wants of a list: kept with the account, carried in the address, applied to arrays.

Filters say which titles may be listed. The two sliders change the order; :mod:`reranking` has them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from catalog.models import Profile, User
from recommender.services.catalogue import CatalogueArrays
from recommender.services.franchises import sequels_to_hide
from recommender.services.history import History

BoolArray = npt.NDArray[np.bool_]

# Where a slider ends. More members or episodes than that no title has, and a database column holds.
MOST_VARIETY = 100
MOST_POPULARITY = 100
MOST_NUMBER = 2_147_483_647


@dataclass(frozen=True, slots=True)
class ListFilters:
    """Filters and sliders of a list; the default is the list as it is ranked.

    Attributes:
        types: only these types, as the data set writes them.
        genres: only titles that have all of these genres, by slug.
        without_genres: only titles that have none of these.
        min_members: at least so many members.
        min_episodes, max_episodes: None for no limit; a title whose number is not known has none.
        hide_sequels: leave out sequels and extras of what one has not begun.
        include_planned: list titles too that one plans to watch.
        adult: list adult titles, for accounts that are shown them.
        variety: 0, as ranked, to 100, as varied as can be.
        popularity: -100, little known titles first, to 100, popular ones first.
    """

    types: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    without_genres: tuple[str, ...] = ()
    min_members: int = 0
    min_episodes: int | None = None
    max_episodes: int | None = None
    hide_sequels: bool = False
    include_planned: bool = False
    adult: bool = True
    variety: int = 0
    popularity: int = 0

    def to_dict(self) -> dict[str, Any]:
        """What is not as by default, as JSON can hold it; :meth:`from_dict` takes it back."""
        default = ListFilters()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != getattr(default, name)
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The filters of a stored dictionary; what is not known in it is dropped."""
        default = cls()
        kept: dict[str, Any] = {}
        for field in fields(cls):
            value = values.get(field.name)
            if isinstance(value, list) and isinstance(getattr(default, field.name), tuple):
                kept[field.name] = tuple(str(each) for each in value)
            elif field.name in NUMBERS and type(value) is int:
                lowest, highest = NUMBERS[field.name]
                kept[field.name] = min(max(value, lowest), highest)
            elif field.name in _SWITCHES and isinstance(value, bool):
                kept[field.name] = value
        return cls(**kept)

    @property
    def active(self) -> int:
        """How many differ from the default."""
        return len(self.to_dict())


NUMBERS: Mapping[str, tuple[int, int]] = {
    "min_members": (0, MOST_NUMBER),
    "min_episodes": (0, MOST_NUMBER),
    "max_episodes": (0, MOST_NUMBER),
    "variety": (0, MOST_VARIETY),
    "popularity": (-MOST_POPULARITY, MOST_POPULARITY),
}
_SWITCHES = ("hide_sequels", "include_planned", "adult")
# What the filters that can leave nothing over are called, in the order in which they are named.
_LABELS: Mapping[str, str] = {
    "types": "the chosen types",
    "genres": "the chosen genres",
    "without_genres": "the genres left out",
    "min_members": "the least number of members",
    "min_episodes": "the least number of episodes",
    "max_episodes": "the largest number of episodes",
    "hide_sequels": "leaving out sequels and extras",
    "adult": "leaving out adult titles",
}


def keep_filters(*, user: User, filters: ListFilters) -> None:
    """Keep filters with the account, for a list that is opened without any; the default forgets."""
    Profile.objects.update_or_create(user=user, defaults={"list_filters": filters.to_dict()})


def allowed(
    filters: ListFilters, *, catalogue: CatalogueArrays, history: History, show_adult: bool
) -> BoolArray:
    """Which of the catalogue's titles the filters let through: bool [n].

    ``show_adult`` is the account's setting, which no filter can widen.
    """
    found = np.ones(len(catalogue.items), dtype=bool)
    if not (show_adult and filters.adult):
        found &= ~catalogue.is_adult
    for mask in _masks(filters, catalogue):
        found &= mask
    if filters.hide_sequels:
        found &= ~sequels_to_hide(catalogue=catalogue, history=history)
    return found


def left_out(
    filters: ListFilters, *, catalogue: CatalogueArrays, history: History, show_adult: bool
) -> BoolArray:
    """Which titles a list must not have: seen, dropped, dismissed, planned, or not asked for."""
    known = history.excluded_but_planned if filters.include_planned else history.excluded
    return np.isin(catalogue.items.ids, known) | ~allowed(
        filters, catalogue=catalogue, history=history, show_adult=show_adult
    )


def blamed(
    filters: ListFilters, *, catalogue: CatalogueArrays, history: History, show_adult: bool
) -> list[str]:
    """The filters, in words, any one of which would have to go for the list to have a title."""
    default = ListFilters()
    found = []
    for name, label in _LABELS.items():
        value = getattr(default, name)
        if getattr(filters, name) == value or (name == "adult" and not show_adult):
            continue
        without: ListFilters = replace(filters, **{name: value})
        if not left_out(without, catalogue=catalogue, history=history, show_adult=show_adult).all():
            found.append(label)
    return found


def _masks(filters: ListFilters, catalogue: CatalogueArrays) -> Iterator[BoolArray]:
    """What each filter of a title's facts lets through."""
    if filters.types:
        yield np.any([_has(f"type:{each}", catalogue) for each in filters.types], axis=0)
    for slug in filters.genres:
        yield _has(f"genre:{catalogue.genre_names.get(slug)}", catalogue)
    for slug in filters.without_genres:
        yield ~_has(f"genre:{catalogue.genre_names.get(slug)}", catalogue)
    if filters.min_members:
        yield catalogue.members >= filters.min_members
    if filters.min_episodes is not None:
        yield catalogue.episodes >= max(filters.min_episodes, 1)
    if filters.max_episodes is not None:
        yield (catalogue.episodes > 0) & (catalogue.episodes <= filters.max_episodes)


def _has(feature: str, catalogue: CatalogueArrays) -> BoolArray:
    """Which titles have a feature; none where nothing has it."""
    names = catalogue.content.feature_names
    if feature not in names:
        return np.zeros(len(catalogue.items), dtype=bool)
    found: BoolArray = catalogue.content.features[:, names.index(feature)] > 0
    return found
