"""Which title continues which one: nobody starts a series with its second season.

The data set has no relations between titles, so they are read from the names. For a simulation
that is good enough; a wrong guess only makes one simulated rater less likely to watch a title.
"""

import re
import unicodedata
from collections.abc import Sequence

from catalog.demo.titles import DemoTitle

# "Motto" and "Zoku" ("more", "continued") stand before the name of what they continue.
_CONTINUATION_WORDS = ("motto", "zoku")
_ORDINALS = {
    "i": 1.0, "ii": 2.0, "iii": 3.0, "iv": 4.0, "r2": 2.0,
    "first": 1.0, "second": 2.0, "third": 3.0, "fourth": 4.0, "final": 9.0,
    "2nd": 2.0, "3rd": 3.0, "s1": 1.0, "s2": 2.0, "s3": 3.0, "s4": 4.0,
}  # fmt: skip
# "Monster Musume" continues "Monster" in nothing but its first word: two genres must be shared.
_SHARED_GENRES = 2
# A shorter name ("K", "Nana") begins too many others by chance.
_SHORTEST_STEM = 5

_Words = tuple[str, ...]


def predecessors(titles: Sequence[DemoTitle]) -> list[int | None]:
    """For each title the index of the title that it continues, or None.

    A title continues another one when its name goes on from the other's whole name ("Clannad:
    After Story"), or when both have the same beginning and a lower number follows in the other
    ("Initial D Second Stage"). Of several candidates the closest wins. A title with more members
    than the other stands on its own, whatever its name: most people who watched *Mobile Suit
    Gundam Wing* have never seen the first *Mobile Suit Gundam*. So there are no cycles, and a
    title comes before what continues it when the titles are ordered by members.
    """
    words = [_words(title.name) for title in titles]
    by_name: dict[_Words, list[int]] = {}
    by_stem: dict[_Words, list[tuple[float, int]]] = {}
    for index, name in enumerate(words):
        by_name.setdefault(name, []).append(index)
        if numbered := _numbered(name):
            by_stem.setdefault(numbered[0], []).append((numbered[1], index))

    def earlier(index: int, candidates: Sequence[int]) -> int | None:
        """The candidate with the most members that the title can be a continuation of."""
        fitting = [
            other
            for other in candidates
            if titles[other].members > titles[index].members
            and len(set(titles[other].genres) & set(titles[index].genres)) >= _SHARED_GENRES
        ]
        return max(fitting, key=lambda other: titles[other].members, default=None)

    def predecessor(index: int) -> int | None:
        name = words[index]
        if numbered := _numbered(name):
            stem, number = numbered
            before = [pair for pair in by_stem[stem] if pair[0] < number]
            if before and (found := earlier(index, [max(before)[1]])) is not None:
                return found
        # The same words mean a name that differs in its punctuation only: "K-On!" and "K-On!!".
        for length in range(len(name), 0, -1):
            if len(" ".join(name[:length])) >= _SHORTEST_STEM:
                found = earlier(index, by_name.get(name[:length], []))
                if found is not None:
                    return found
        return None

    return [predecessor(index) for index in range(len(titles))]


def _words(name: str) -> _Words:
    """The words of a name in lower case, without accents, punctuation and "Zoku"."""
    plain = unicodedata.normalize("NFKD", name.lower())
    words = re.findall(r"\d+\.\d+|[^\W_]+", plain)
    if len(words) > 1 and words[0] in _CONTINUATION_WORDS:
        words = words[1:]
    return tuple(words)


def _numbered(name: _Words) -> tuple[_Words, float] | None:
    """What stands before the first number of a name, and that number."""
    for position, word in enumerate(name[1:], start=1):
        number = _ORDINALS.get(word)
        if number is None and re.fullmatch(r"\d+(\.\d+)?", word):
            number = float(word)
        if number is not None:
            return name[:position], number
    return None
