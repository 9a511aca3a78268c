"""Which titles belong to one franchise, and which of them one begins with: from titles alone.

The data set has no relations between titles. Names carry most of what they would say; genres tell
works apart that only share a word. The thresholds were chosen by reading the pairs that they let
through; ``benchmarks/franchises.py`` measures what comes out. Pure functions of the catalogue's
columns, so that this needs no database.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

# "Nana to Kaoru", "Hana no Ko Lunlun": a name that goes on like this is another name.
_PARTICLES = frozenset(
    ["no", "to", "wa", "ga", "wo", "ni", "de", "e", "na", "of", "and", "x", "vs"]
)
# "Zoku Natsume Yuujinchou", "Hello!! Kiniro Mosaic": words before the name of what is continued.
_MORE = frozenset(["zoku", "shin", "motto", "gekijouban", "eiga", "hello", "new", "neo", "super"])
_MORE |= {"mini", "chibi", "puchi"}
# All that a title adds to its key when the catalogue only tells namesakes apart.
_NAMESAKE = re.compile(r"(?: (?:tv|ova|ona|movie|special|music|\d{4}))?")
_ADULT_GENRE = "Hentai"
# So many people have a famous title on their lists that a name beginning with its name means it.
_FAMOUS = 100_000
# No franchise is begun with these, where it has anything else.
_EXTRA_TYPES = ("Special", "Music")


@dataclass(frozen=True, eq=False)
class TitleColumns:
    """What the grouping reads of n titles.

    Attributes:
        search_titles, keys: of :mod:`catalog.titles`.
        types: "" where unknown.
        genres: each title's genre names, in any order.
        members: int64 [n].
    """

    search_titles: Sequence[str]
    keys: Sequence[str]
    types: Sequence[str]
    genres: Sequence[Sequence[str]]
    members: npt.NDArray[np.int64]

    @cached_property
    def _genre_weights(self) -> dict[str, float]:
        """Each genre's inverse document frequency, log(n / number of its titles)."""
        counts = Counter(name for names in self.genres for name in names)
        return {name: math.log(len(self.genres) / count) for name, count in counts.items()}

    def likeness(self, one: int, other: int) -> float:
        """How alike the genres of two titles are, from 0 to 1; 1 where nothing can be said.

        The cosine between the genres, each weighted by the square root of its inverse document
        frequency, so that "Mecha" in common says more than "Comedy" in common.
        """
        weights = self._genre_weights
        first, second = set(self.genres[one]), set(self.genres[other])
        lengths = [sum(weights[name] for name in names) for names in (first, second)]
        if not all(lengths):
            return 1.0
        shared = sum(weights[name] for name in first & second)
        return shared / math.sqrt(lengths[0] * lengths[1])

    def is_adult(self, index: int) -> bool:
        """Whether a title is for adults only."""
        return _ADULT_GENRE in self.genres[index]

    def is_name(self, index: int, name: str) -> bool:
        """Whether a name is the whole of a title, but for "The Animation"."""
        return self.search_titles[index].removesuffix(" the animation") == name


def franchises(columns: TitleColumns) -> npt.NDArray[np.int64]:
    """The franchise of each title, as the index of its best known title: int64 [n].

    Titles with the same key are one work, unless genres or kinds speak against it. Then each
    work is attached to the best known one whose name its own name goes on from, or repeats after
    a word like "zoku", when that has more members: what more people know than the work it is
    named after stands on its own.
    """
    heads = np.arange(len(columns.keys))
    by_key: dict[str, int] = {}
    for work in _works(columns):
        heads[work] = work[0]
        # Works come by members, so of several with one key the best known is kept.
        by_key.setdefault(columns.keys[work[0]], work[0])
    continued = {
        head: found
        for head in np.unique(heads).tolist()
        if (found := _continued(columns, head, by_key)) is not None
    }
    generic = _generic_words(columns, continued, np.unique(heads).tolist())
    for head, found in continued.items():
        if columns.keys[found] not in generic:
            heads[head] = found
    # A head has more members than what is attached to it, so there are no circles.
    while (heads[heads] != heads).any():
        heads = heads[heads]
    return heads


def entry_points(
    *, franchise: npt.NDArray[np.int64], types: Sequence[str], members: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which titles one begins a franchise with, one of each: bool [n].

    That is the title with the most members, of those that are no special and no music video where
    the franchise has others. Hardly any sequel is on more lists than what it continues.
    """
    is_extra = np.array([kind in _EXTRA_TYPES for kind in types], dtype=bool)
    order = np.lexsort((-members, is_extra, franchise))
    _, first = np.unique(franchise[order], return_index=True)
    is_entry = np.zeros(len(members), dtype=bool)
    is_entry[order[first]] = True
    return is_entry


def _works(columns: TitleColumns) -> Iterator[list[int]]:
    """Titles with one key that are one work, the best known first; by their first's members."""
    by_key: dict[str, list[int]] = {}
    for index in np.argsort(-columns.members, kind="stable").tolist():
        by_key.setdefault(columns.keys[index], []).append(index)
    for titles in by_key.values():
        remaining = titles
        while remaining:
            head, *others = remaining
            work = [head, *(index for index in others if _is_same_work(columns, index, head))]
            yield work
            remaining = [index for index in others if index not in work]


def _is_same_work(columns: TitleColumns, index: int, head: int) -> bool:
    """Whether two titles with one key are one work."""
    key, kind = columns.keys[index], columns.types[index]
    is_phrase, likeness = " " in key, columns.likeness(index, head)
    strangers = columns.is_adult(index) != columns.is_adult(head)
    if all(_NAMESAKE.fullmatch(columns.search_titles[i][len(key) :]) for i in (index, head)):
        is_known = bool(columns.genres[index] and columns.genres[head])
        return (
            (is_known or kind == "Special")
            and not strangers
            and likeness >= (0.2 if is_phrase else 0.4)
        )
    if is_phrase:
        return True
    if strangers or kind == "Music":
        return False
    return kind == "Special" or likeness >= (0.25 if kind == "TV" else 0.15)


def _continued(columns: TitleColumns, index: int, by_key: dict[str, int]) -> int | None:
    """The work that a title's name says it continues."""
    words = columns.keys[index].split()
    for length in range(len(words) - 1, 0, -1):
        name = " ".join(words[:length])
        found = by_key.get(name)
        if found is not None and _goes_on(columns, index, found, name, words[length]):
            return found
    if len(words) < 2:
        return None
    name = " ".join(words[1:])
    found = by_key.get(name)
    if found is None or columns.members[found] <= columns.members[index]:
        return None
    is_said = words[0] in _MORE and (len(words) > 2 or len(name) > 6)
    needed = 0.4 if is_said else 0.6 if len(words) > 3 else math.inf
    return found if columns.likeness(index, found) >= needed else None


def _goes_on(columns: TitleColumns, index: int, found: int, name: str, following: str) -> bool:
    """Whether a title goes on from another work's name, and does not just begin with its words.

    The fewer words the name has, the more the genres must have in common.
    """
    if columns.members[found] <= columns.members[index]:
        return False
    if columns.is_adult(index) != columns.is_adult(found):
        return False
    is_particle = following in _PARTICLES
    n_words = name.count(" ") + 1
    if n_words >= 3:
        needed = 0.3 if is_particle else 0.0
    elif n_words == 2:
        needed = 0.6 if is_particle else 0.35
    elif is_particle or columns.is_adult(index) or not _is_telling(columns, found, name):
        return False
    elif len(name) < 5:
        needed = 0.7
    else:
        needed = 0.25 if columns.members[found] > _FAMOUS else 0.45
    return columns.likeness(index, found) >= needed


def _is_telling(columns: TitleColumns, found: int, word: str) -> bool:
    """Whether a work of a one-word key can be meant by a name that begins with this word."""
    return len(word) >= 8 or (len(word) >= 4 and columns.is_name(found, word))


def _generic_words(
    columns: TitleColumns, continued: dict[int, int], works: Sequence[int]
) -> set[str]:
    """Names of one word that most works beginning with this word do not continue: "Manga"."""
    beginnings = Counter(columns.keys[work].split()[0] for work in works)
    followers = Counter(columns.keys[found] for found in continued.values())
    return {
        name
        for name, count in followers.items()
        if " " not in name and count < 0.5 * (beginnings[name] - 1)
    }
