"""The whole catalogue as arrays, kept in the process until a title changes."""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from catalog.models import Anime
from catalog.selectors import catalogue_revision
from catalog.services.title_arrays import title_arrays
from ml.content import ContentModel, item_features
from ml.data import IdMap
from recommender.services.franchise_groups import TitleColumns, entry_points, franchises


@dataclass(frozen=True, eq=False)
class CatalogueArrays:
    """Every title as a row, ordered by id.

    Attributes:
        revision: the catalogue's revision that these arrays are of.
        items: title ids ↔ rows.
        is_adult, is_complete: bool [n].
        members: int64 [n].
        episodes: int64 [n], 0 where unknown.
        genres: each title's genre names, in alphabetical order.
        genre_names: every genre that a title has, by its slug, in alphabetical order.
        types: each title's type, "" where unknown.
        search_titles, franchise_keys: what ``catalog.titles`` makes of each title.
        content: the one-hot model over all rows; ranks are of complete ones only.
    """

    revision: int
    items: IdMap
    is_adult: npt.NDArray[np.bool_]
    is_complete: npt.NDArray[np.bool_]
    members: npt.NDArray[np.int64]
    episodes: npt.NDArray[np.int64]
    genres: list[tuple[str, ...]]
    genre_names: dict[str, str]
    types: list[str]
    search_titles: list[str]
    franchise_keys: list[str]
    content: ContentModel

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what similarities are computed from: the complete titles' features."""
        digest = hashlib.sha256(repr(self.content.feature_names).encode())
        digest.update(self.items.ids[self.is_complete].tobytes())
        digest.update(self.content.features[self.is_complete].tobytes())
        return digest.hexdigest()

    def genres_shown(self, *, show_adult: bool) -> dict[str, str]:
        """Names by slug of the genres of which somebody with this setting is shown titles."""
        return self.genre_names if show_adult else self._genres_without_adult

    @cached_property
    def _genres_without_adult(self) -> dict[str, str]:
        shown = {name for row in np.flatnonzero(~self.is_adult) for name in self.genres[row]}
        return {slug: name for slug, name in self.genre_names.items() if name in shown}

    @cached_property
    def franchise(self) -> npt.NDArray[np.int64]:
        """The franchise of each title, as the row of its best known title: int64 [n]."""
        return franchises(
            TitleColumns(
                search_titles=self.search_titles,
                keys=self.franchise_keys,
                types=self.types,
                genres=self.genres,
                members=self.members,
            )
        )

    @cached_property
    def is_entry_point(self) -> npt.NDArray[np.bool_]:
        """The titles that one begins a franchise with, one of each: bool [n]."""
        return entry_points(franchise=self.franchise, types=self.types, members=self.members)


_lock = threading.Lock()
_arrays: CatalogueArrays | None = None


def catalogue_arrays() -> CatalogueArrays:
    """The catalogue as it is now; built at first use and after each change."""
    global _arrays  # noqa: PLW0603 - one catalogue a process is the point
    revision = catalogue_revision()
    arrays = _arrays
    if arrays is None or arrays.revision != revision:
        with _lock:
            arrays = _arrays
            if arrays is None or arrays.revision != revision:
                arrays = _arrays = _build(revision)
    return arrays


def titles_of(catalogue: CatalogueArrays, anime_ids: Iterable[int]) -> dict[int, Anime]:
    """Titles with their genres, by id; those that are no longer there are left out.

    The objects that the catalogue's pages show as well: treat them as constant.
    """
    return title_arrays(catalogue.revision).anime(anime_ids)


def forget_catalogue() -> None:
    """Drop the arrays (for tests: a rolled-back test takes its revision back)."""
    global _arrays  # noqa: PLW0603 - see catalogue_arrays
    _arrays = None


def _build(revision: int) -> CatalogueArrays:
    fields = ("pk", "type", "episodes", "mean_score", "members", "is_adult")
    rows = list(Anime.objects.order_by("pk").values_list(*fields, "search_title", "franchise_key"))
    genres_of: dict[int, list[str]] = {row[0]: [] for row in rows}
    slugs: dict[str, str] = {}
    pairs = Anime.genres.through.objects.order_by("anime_id", "genre__name")
    for anime_id, name, slug in pairs.values_list("anime_id", "genre__name", "genre__slug"):
        if anime_id in genres_of:
            genres_of[anime_id].append(name)
            slugs[slug] = name
    genres = [tuple(genres_of[row[0]]) for row in rows]
    types = [row[1] or "" for row in rows]
    items = IdMap(np.array([row[0] for row in rows], dtype=np.int64))
    names, features = item_features(genres, types)
    return CatalogueArrays(
        revision=revision,
        items=items,
        is_adult=np.array([row[5] for row in rows], dtype=bool),
        is_complete=np.array(
            [bool(genre) and None not in row[1:4] for row, genre in zip(rows, genres, strict=True)],
            dtype=bool,
        ),
        members=np.array([row[4] for row in rows], dtype=np.int64),
        episodes=np.array([row[2] or 0 for row in rows], dtype=np.int64),
        genres=genres,
        genre_names=dict(sorted(slugs.items(), key=lambda pair: pair[1])),
        types=types,
        search_titles=[row[6] for row in rows],
        franchise_keys=[row[7] for row in rows],
        content=ContentModel(items.ids, names, features),
    )
