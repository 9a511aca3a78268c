"""A list's filters in an address: read forgivingly, and written so that only what differs is there.

No Django form: the page's form has a hundred fields, most of them boxes for genres, and is drawn
from the filters themselves.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.http import urlencode

from catalog.models import Anime
from recommender.services.list_filters import NUMBERS, ListFilters

# In an address that has it, the filters are those of the address, even if there are none.
MARK: Final = "filters"
_SEVERAL: Final = {"type": "types", "genre": "genres", "without": "without_genres"}
_NUMBERS: Final = {
    "members_min": "min_members",
    "episodes_min": "min_episodes",
    "episodes_max": "max_episodes",
    "variety": "variety",
    "popularity": "popularity",
}
_SWITCHES: Final = {"hide_sequels": "true", "include_planned": "true", "adult": "false"}
_DIGITS: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_LABELS: Final = {
    "type": "Type",
    "genre": "Genre",
    "without": "Without genre",
    "members_min": "Members at least",
    "episodes_min": "Episodes at least",
    "episodes_max": "Episodes at most",
    "variety": "Variety",
    "popularity": "Popularity",
}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What an address says of filters.

    Attributes:
        filters: those of the address, or those that are kept with the account.
        is_given: whether they are the address's.
        ignored: a sentence for each value that is not known and was left out.
    """

    filters: ListFilters
    is_given: bool
    ignored: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The filters as a part of an address; empty where those that are kept are meant."""
        return written(self.filters) if self.is_given else ""


def read(query: QueryDict, *, genres: Iterable[str], kept: Mapping[str, object]) -> ListQuery:
    """The filters of an address; ``kept`` ones where it has none. ``genres`` are slugs."""
    names = (MARK, *_SEVERAL, *_SWITCHES, *_NUMBERS)
    if not any(name in query for name in names):
        return ListQuery(ListFilters.from_dict(kept), is_given=False)
    ignored: list[str] = []
    values: dict[str, object] = {}
    known = {"type": set(Anime.Type.values), "genre": set(genres), "without": set(genres)}
    for name, field in _SEVERAL.items():
        chosen = [each for each in dict.fromkeys(query.getlist(name)) if each]
        values[field] = [each for each in chosen if each in known[name]]
        ignored += [_left_out(name, each) for each in chosen if each not in known[name]]
    for name, field in _NUMBERS.items():
        if text := query.get(name, ""):
            lowest, highest = NUMBERS[field]
            if _DIGITS.fullmatch(text) and lowest <= int(text) <= highest:
                values[field] = int(text)
            else:
                reason = f"is no whole number from {lowest:,} to {highest:,}"
                ignored.append(_left_out(name, text, reason))
    for name, value in _SWITCHES.items():
        if query.get(name) == value:
            values[name] = value == "true"
    return ListQuery(ListFilters.from_dict(values), is_given=True, ignored=tuple(ignored))


def written(filters: ListFilters) -> str:
    """Filters as a part of an address that :func:`read` takes back."""
    pairs: list[tuple[str, str | int]] = [(MARK, "on")]
    given = filters.to_dict()
    for name, field in _SEVERAL.items():
        pairs += [(name, value) for value in given.get(field, ())]
    pairs += [(name, given[field]) for name, field in _NUMBERS.items() if field in given]
    pairs += [(name, value) for name, value in _SWITCHES.items() if name in given]
    return urlencode(pairs)


def words(filters: ListFilters, genres: Mapping[str, str]) -> list[str]:
    """What is filtered, a few words each; ``genres`` are names by slug."""
    found = [" or ".join(filters.types)] if filters.types else []
    found += [genres.get(slug, slug) for slug in filters.genres]
    found += [f"without {genres.get(slug, slug)}" for slug in filters.without_genres]
    if filters.min_members:
        found.append(f"on {_counted(filters.min_members, 'list')} at least")
    if filters.min_episodes is not None:
        found.append(f"{_counted(filters.min_episodes, 'episode')} at least")
    if filters.max_episodes is not None:
        found.append(f"{_counted(filters.max_episodes, 'episode')} at most")
    if filters.hide_sequels:
        found.append("no sequels and extras of what you have not seen")
    if filters.include_planned:
        found.append("with what you plan to watch")
    if not filters.adult:
        found.append("no adult titles")
    if filters.variety:
        found.append(f"variety {filters.variety}")
    if filters.popularity:
        found.append("more popular" if filters.popularity > 0 else "less known")
    return found


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _left_out(name: str, value: str, reason: str = "is not known") -> str:
    return f"{_LABELS[name]}: “{value[:40]}” {reason}, so it was left out."
