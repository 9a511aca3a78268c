"""Search that forgives: an index of all titles in the process, once for each revision.

A query finds, best first,

1. the title itself, then titles that begin with it, then titles whose words begin with its words
   in whatever order, then titles that contain it, each with the more popular ones first; so a
   title is found while it is being typed;
2. titles that are written much like it. Trigrams pick a few hundred candidates out of the
   catalogue, and edit distances order them: of the whole title, of its beginning, of its best part,
   and word by word.

Both sides are compared as they are and *folded*: without the differences that romanisations of
Japanese make (``ou``/``o``, ``tsu``/``tu``, ``shi``/``si``, double letters), and without spaces, so
that joined and split words are the same.
"""

import re
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from catalog.services.title_arrays import Rows, TitleArrays, title_arrays
from catalog.titles import search_title

Floats = npt.NDArray[np.float64]

# What a match is worth.
_EXACT, _FOLDED, _BEGINNING, _WORDS, _PART = 2.0, 1.9, 1.55, 1.5, 1.25
# Popularity adds up to this much, so that it decides among matches of a kind, and lets a title that
# everybody knows pass an obscure one of the next better kind.
_POPULARITY = 0.1
# How much of the title the words make up adds up to this.
_WHOLE = 0.04
# Trigrams propose so many titles.
_CANDIDATES = 250
# Titles less alike than this are no match, and where some match exactly, than that. Queries that
# are shorter than the third are like too much.
_LEAST_ALIKE = 0.76
_LEAST_BESIDE = 0.86
_SHORTEST_ALIKE = 3

_FOLDS = (
    (re.compile(r"\bwo\b"), "o"),
    (re.compile(r"tch"), "ch"),
    (re.compile(r"ou"), "o"),
    (re.compile(r"tsu"), "tu"),
    (re.compile(r"dzu"), "zu"),
    (re.compile(r"shi"), "si"),
    (re.compile(r"sh"), "sy"),
    (re.compile(r"chi"), "ti"),
    (re.compile(r"ch"), "ty"),
    (re.compile(r"ji"), "zi"),
    (re.compile(r"j"), "zy"),
    (re.compile(r"zyy"), "zy"),
    (re.compile(r"fu"), "hu"),
    (re.compile(r"m(?=[bp])"), "n"),
    (re.compile(r"([^\W\d_])\1{1,2}"), r"\1"),
)


def fold(text: str) -> str:
    """Search text without the differences that romanisations make.

    >>> fold("shingeki no kyojin") == fold("singeki no kyoujin")
    True
    """
    for pattern, replacement in _FOLDS:
        text = pattern.sub(replacement, text)
    return text


@dataclass(frozen=True, eq=False)
class _Postings:
    """For each text the rows that have it: ``rows[start[i]:start[i + 1]]`` of the i-th."""

    number_of: dict[str, int]
    start: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts_of_row: Iterable[Iterable[str]]) -> "_Postings":
        found: defaultdict[str, list[int]] = defaultdict(list)
        for row, texts in enumerate(texts_of_row):
            for text in texts:
                found[text].append(row)
        names = sorted(found)
        lengths = [len(found[name]) for name in names]
        flat = [row for name in names for row in found[name]]
        return cls(
            {name: number for number, name in enumerate(names)},
            np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
            np.array(flat, dtype=np.int32),
        )

    def rows_with(self, number: int) -> npt.NDArray[np.int32]:
        return self.rows[self.start[number] : self.start[number + 1]]


class SearchIndex:
    """All titles of one revision, ready to be searched. The rows are those of the arrays."""

    def __init__(self, arrays: TitleArrays) -> None:
        self.arrays = arrays
        folded = [fold(text) for text in arrays.search_titles]
        self._folded = folded
        self._compact = [text.replace(" ", "") for text in folded]
        self._words_of = [text.split() for text in folded]
        plain_words = (text.split() for text in arrays.search_titles)
        self._words = _Postings.of(
            {*plain, *words} for plain, words in zip(plain_words, self._words_of, strict=True)
        )
        self._sorted_words = list(self._words.number_of)
        self._grams = _Postings.of([_trigrams(text) for text in folded])
        counts = np.diff(self._grams.start)
        self._gram_weight = np.log1p(len(arrays) / np.maximum(counts, 1))
        # All titles in one text, in which a part of one is found faster than title by title.
        self._text = "\n".join(arrays.search_titles)
        self._ends = np.cumsum([len(text) + 1 for text in arrays.search_titles], dtype=np.int64)
        most = np.log1p(max(int(arrays.members.max(initial=0)), 1))
        self.popularity: Floats = np.log1p(arrays.members) / most

    def search(self, query: str) -> tuple[Rows, Floats]:
        """The rows that match, best first (of equals the lower id), and how well."""
        plain = search_title(query)
        if not plain:
            return self._by_punctuation(query.strip())
        worth = self._matching_exactly(plain)
        alike = self._matching_alike(plain, least=_LEAST_BESIDE if worth else _LEAST_ALIKE)
        for row, value in alike.items():
            worth[row] = max(worth.get(row, 0.0), value)
        return self._ordered(worth)

    def _by_punctuation(self, query: str) -> tuple[Rows, Floats]:
        """Titles with what only the title itself has, such as "!!"."""
        titles = self.arrays.titles if query else []
        return self._ordered({row: _PART for row, title in enumerate(titles) if query in title})

    def _ordered(self, worth: dict[int, float]) -> tuple[Rows, Floats]:
        """The rows, best first, with popularity in what they are worth."""
        rows = np.array(list(worth), dtype=np.int64)
        total = np.array(list(worth.values())) + _POPULARITY * self.popularity[rows]
        order = np.lexsort((rows, -total))
        return rows[order], total[order]

    def _matching_exactly(self, plain: str) -> dict[int, float]:
        """What titles are worth that are, begin with, or contain what is searched, by row."""
        worth: dict[int, float] = {}
        folded = fold(plain)
        compact = folded.replace(" ", "")
        for row in self._containing(plain):
            text = self.arrays.search_titles[row]
            kind = _EXACT if text == plain else _BEGINNING if text.startswith(plain) else _PART
            worth[row] = kind
        for row in self._with_words(plain.split()):
            known = self._compact[row]
            whole = _WHOLE * min(1.0, len(compact) / len(known))
            kind = _BEGINNING if self._folded[row].startswith(folded) else _WORDS + whole
            worth[row] = max(worth.get(row, 0.0), _FOLDED if known == compact else kind)
        return worth

    def _containing(self, plain: str) -> list[int]:
        """Titles that it is a part of; a single Latin letter or digit is a part of nearly all."""
        if len(plain) < 2 and plain.isascii():
            return []
        places = [found.start() for found in re.finditer(re.escape(plain), self._text)]
        rows = np.searchsorted(self._ends, np.array(places, dtype=np.int64), side="right")
        return list(dict.fromkeys(rows.tolist()))

    def _with_words(self, words: list[str]) -> list[int]:
        """Titles that have, for each word, one that begins with it."""
        found: set[int] | None = None
        for word in sorted(words, key=len, reverse=True):
            # As it is, since half a syllable folds to something else than the whole.
            rows = self._with_word(word) | self._with_word(fold(word))
            found = rows if found is None else found & rows
            if not found:
                return []
        return sorted(found or ())

    def _with_word(self, word: str) -> set[int]:
        """Titles with a word that begins with it."""
        first = bisect_left(self._sorted_words, word)
        last = bisect_left(self._sorted_words, word + "\U0010ffff")
        start = self._words.start
        return set(self._words.rows[start[first] : start[last]].tolist())

    def _matching_alike(self, plain: str, *, least: float) -> dict[int, float]:
        """What titles are worth that are written much like what is searched, by row."""
        folded = fold(plain)
        compact = folded.replace(" ", "")
        rows = self._candidates(folded) if len(compact) >= _SHORTEST_ALIKE else []
        if not rows:
            return {}
        alike = self._alike(folded, compact, rows)
        return {
            row: value for row, value in zip(rows, alike.tolist(), strict=True) if value >= least
        }

    def _candidates(self, folded: str) -> list[int]:
        """The titles that share the most trigrams with it, rare ones counting more."""
        shared = np.zeros(len(self.arrays))
        for gram in _trigrams(folded):
            number = self._grams.number_of.get(gram)
            if number is not None:
                shared[self._grams.rows_with(number)] += self._gram_weight[number]
        rows = np.flatnonzero(shared)
        if len(rows) > _CANDIDATES:
            # Of two that share as much the popular one is the likelier.
            value = shared[rows] * (1 + 0.2 * self.popularity[rows])
            rows = rows[np.argpartition(-value, _CANDIDATES)[:_CANDIDATES]]
        found: list[int] = rows.tolist()
        return found

    def _alike(self, folded: str, compact: str, rows: list[int]) -> Floats:
        """How much candidates are like it, 0 to 1: the best of several ways of looking at them."""
        titles = [self._compact[row] for row in rows]
        length = len(compact)
        beginnings = [title[: length + more] for more in (-1, 0, 1) for title in titles]
        whole = _similarity(OSA.normalized_similarity, compact, titles)
        begins = _similarity(OSA.normalized_similarity, compact, beginnings)
        begins = begins.reshape(3, len(rows)).max(axis=0)
        parts = _similarity(fuzz.partial_ratio, compact, titles) / 100
        # Of a title that is shorter than the query only so much can be in it.
        lengths = np.array([len(title) for title in titles])
        parts *= np.minimum(1.0, lengths / length)
        turned = _similarity(fuzz.token_sort_ratio, folded, [self._folded[row] for row in rows])
        ways = (
            whole,
            0.97 * begins,
            # A short text is a part of too many long ones.
            0.92 * parts * min(1.0, 0.8 + length / 40),
            0.96 * turned / 100,
            0.95 * self._words_alike(folded.split(), rows),
        )
        # Of titles that are alike in one way, the one that is so as a whole comes first.
        alike: Floats = np.maximum.reduce(ways) + 0.04 * whole
        return np.minimum(alike, 1.04)

    def _words_alike(self, words: list[str], rows: list[int]) -> Floats:
        """The mean likeness of each word to the title's most similar one, long ones weighing more.

        A title's word may also go on behind what has been typed of it.
        """
        flat = [word for row in rows for word in self._words_of[row]]
        counts = np.array([len(self._words_of[row]) for row in rows])
        first = np.cumsum(counts) - counts
        total = np.zeros(len(rows))
        distinct = list(dict.fromkeys(flat))
        place = {word: number for number, word in enumerate(distinct)}
        index = np.array([place[word] for word in flat])
        for word in words:
            begun = [each[: len(word)] for each in distinct]
            alike = np.maximum(
                _similarity(OSA.normalized_similarity, word, distinct),
                0.95 * _similarity(OSA.normalized_similarity, word, begun),
            )
            total += len(word) * np.maximum.reduceat(alike[index], first)
        return total / sum(len(word) for word in words)


def _trigrams(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def _similarity(scorer: Any, query: str, choices: list[str]) -> Floats:
    found: Floats = process.cdist([query], choices, scorer=scorer, dtype=np.float64)[0]
    return found


_lock = threading.Lock()
_index: SearchIndex | None = None


def search_index(arrays: TitleArrays | None = None) -> SearchIndex:
    """The index of the catalogue as it is now; built at first use and after each change."""
    global _index  # noqa: PLW0603 - one catalogue a process is the point
    arrays = arrays or title_arrays()
    index = _index
    if index is None or index.arrays is not arrays:
        with _lock:
            index = _index
            if index is None or index.arrays is not arrays:
                index = _index = SearchIndex(arrays)
    return index


def found_rows(query: str, *, show_adult: bool, arrays: TitleArrays | None = None) -> Rows:
    """The rows of the titles that match, best first, without those that the reader hides."""
    index = search_index(arrays)
    rows, _ = index.search(query)
    return rows[index.arrays.visible(show_adult=show_adult)[rows]]
