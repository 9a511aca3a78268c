"""Every title's facts in the process, read once for each revision of the catalogue.

Browsing filters and orders all titles by many facts at once. The catalogue is small beside the
ratings (12,294 titles in the published set) and seldom changes, so each process keeps it as arrays:
a page costs no query for its filters, and search has its index beside them.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from catalog.models import Anime, Genre
from catalog.selectors import PRIOR_MEMBERS, PRIOR_SCORE, anime_by_id, catalogue_state

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Titles are kept as objects until there are so many of them, some 5 kB each.
_MOST_KEPT = 3_000


@dataclass(frozen=True, eq=False)
class TitleArrays:
    """Every title as a row, ordered by id.

    Attributes:
        revision: the catalogue's revision that these arrays are of.
        ids: int64 [n], ascending.
        titles, search_titles, franchise_keys: texts [n].
        types: [n], "" where unknown.
        episodes: int64 [n], -1 where unknown.
        mean_score: float64 [n], NaN where unknown.
        members: int64 [n].
        is_adult: bool [n].
        genres: all genres by name.
        has_genre: bool [n, number of genres].
    """

    revision: int
    ids: Rows
    titles: list[str]
    search_titles: list[str]
    franchise_keys: list[str]
    types: npt.NDArray[np.str_]
    episodes: npt.NDArray[np.int64]
    mean_score: npt.NDArray[np.float64]
    members: npt.NDArray[np.int64]
    is_adult: Mask
    genres: list[Genre]
    has_genre: Mask
    _kept: dict[int, Anime] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def row_of(self, anime_id: int) -> int | None:
        """The title's row, None for an id without a title."""
        if not len(self.ids) or anime_id > self.ids[-1]:  # it may be more than an int64 holds
            return None
        row = int(np.searchsorted(self.ids, anime_id))
        return row if self.ids[row] == anime_id else None

    def rows_of(self, anime_ids: Iterable[int]) -> Rows:
        """The rows of those of the ids that have one."""
        wanted = np.fromiter(anime_ids, dtype=np.int64)
        return np.flatnonzero(np.isin(self.ids, wanted, assume_unique=False))

    @cached_property
    def shrunk_score(self) -> npt.NDArray[np.float64]:
        """Community scores drawn to the middle, the more the fewer members there are; NaN too."""
        return (self.mean_score * self.members + PRIOR_SCORE * PRIOR_MEMBERS) / (
            self.members + PRIOR_MEMBERS
        )

    def visible(self, *, show_adult: bool) -> Mask:
        """Which titles somebody with this adult setting is shown."""
        return np.ones(len(self), dtype=bool) if show_adult else ~self.is_adult

    def genre_choices(self, *, show_adult: bool) -> list[Genre]:
        """Genres by name of which there are titles that somebody with this setting can see."""
        return self._genre_choices[show_adult]

    @cached_property
    def _genre_choices(self) -> tuple[list[Genre], list[Genre]]:
        """Without adult titles and with them."""
        n_seen = [self.has_genre[~self.is_adult].sum(axis=0), self.has_genre.sum(axis=0)]
        without, with_adult = (
            [genre for genre, n in zip(self.genres, counts.tolist(), strict=True) if n]
            for counts in n_seen
        )
        return without, with_adult

    def anime(self, anime_ids: Iterable[int]) -> dict[int, Anime]:
        """Titles by id with their genres, to be read only; ids without a title are left out.

        The same objects for every reader until the catalogue changes: two queries for those that
        nobody has asked for yet, none for the others.
        """
        wanted = list(anime_ids)
        # Another thread may let go of what is kept at any moment, so each is looked up once.
        kept = {pk: self._kept.get(pk) for pk in wanted}
        found = {pk: anime for pk, anime in kept.items() if anime is not None}
        if missing := [pk for pk in wanted if pk not in found]:
            read = anime_by_id(anime_ids=missing)
            if len(self._kept) + len(read) > _MOST_KEPT:
                self._kept.clear()
            self._kept.update(read)
            found.update(read)
        return found


_lock = threading.Lock()
_arrays: TitleArrays | None = None


def title_arrays(revision: int | None = None) -> TitleArrays:
    """The titles as they are now; read at first use and after each change.

    ``revision`` is the catalogue's where the caller has read it; the arrays may be newer.
    """
    global _arrays  # noqa: PLW0603 - one catalogue a process is the point
    if revision is None:
        revision = catalogue_state().revision
    arrays = _arrays
    if arrays is None or arrays.revision < revision:
        with _lock:
            arrays = _arrays
            if arrays is None or arrays.revision < revision:
                arrays = _arrays = _read(revision)
    return arrays


def forget_titles() -> None:
    """Drop the arrays (for tests: a rolled-back test takes its revision back)."""
    global _arrays  # noqa: PLW0603 - see title_arrays
    _arrays = None


def _read(revision: int) -> TitleArrays:
    fields = ("title", "search_title", "franchise_key", "type", "episodes", "mean_score")
    rows = list(Anime.objects.order_by("pk").values_list("pk", *fields, "members", "is_adult"))
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 9
    ids, titles, search_titles, franchise_keys, types, episodes, mean_score, members, adult = (
        columns
    )
    ids_array = np.array(ids, dtype=np.int64)
    genres = list(Genre.objects.all())
    column_of = {genre.pk: column for column, genre in enumerate(genres)}
    has_genre = np.zeros((len(rows), len(genres)), dtype=bool)
    pairs = np.array(
        [
            (anime_id, column_of[genre_id])
            for anime_id, genre_id in Anime.genres.through.objects.values_list(
                "anime_id", "genre_id"
            )
            if genre_id in column_of
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    known = np.isin(pairs[:, 0], ids_array)  # a title may have come since
    has_genre[np.searchsorted(ids_array, pairs[known, 0]), pairs[known, 1]] = True
    return TitleArrays(
        revision=revision,
        ids=ids_array,
        titles=titles,
        search_titles=search_titles,
        franchise_keys=franchise_keys,
        types=np.array([each or "" for each in types], dtype=np.str_),
        episodes=np.array([-1 if each is None else each for each in episodes], dtype=np.int64),
        mean_score=np.array(
            [np.nan if each is None else each for each in mean_score], dtype=np.float64
        ),
        members=np.array(members, dtype=np.int64),
        is_adult=np.array(adult, dtype=bool),
        genres=genres,
        has_genre=has_genre,
    )
