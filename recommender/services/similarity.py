"""The titles most like each title: computed by a worker, kept on disk, read by who shows them.

The cache is an artifact whose name says what it is of: the catalogue's revision and a hash of the
complete titles' features. So a cache that does not belong to the catalogue as it is has another
name and is not even looked at. Without a usable one the similar titles of one title are computed
when they are asked for, in milliseconds, and are the same to the bit.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings

from catalog.selectors import catalogue_revision
from ml.artifacts import (
    load_arrays,
    remove_artifact,
    remove_leftovers,
    verify_artifact,
    write_artifact,
)
from ml.content import ContentModel
from ml.data import IdMap
from ml.errors import ArtifactDamaged, ArtifactError, ArtifactExists, ArtifactMissing
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays

logger = logging.getLogger(__name__)

N_SIMILAR = 50
# After a failure to load, the disk is asked again no sooner than this.
RETRY_SECONDS = 15.0
# An unfinished artifact of that age has lost its writer.
_LEFTOVER_SECONDS = 3600.0
_GROUP = "similar"
_NAME = re.compile(r"similar-(?P<revision>\d+)-[0-9a-f]{16}")

Rows = npt.NDArray[np.int64]
Cosines = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Cache:
    """The cache in memory: its arrays are mapped, not copied.

    Attributes:
        name: the artifact's name.
        titles: ids of the complete titles ↔ rows.
        neighbours: int32 [n, k], rows of the most similar complete titles, the most similar first.
        cosines: float32 [n, k].
    """

    name: str
    titles: IdMap
    neighbours: npt.NDArray[np.int32]
    cosines: Cosines


_lock = threading.Lock()
_loaded: _Cache | None = None
_failed: tuple[str, float] | None = None  # name, when


def similar_rows(
    *, catalogue: CatalogueArrays, row: int, n: int, show_adult: bool
) -> tuple[Rows, Cosines]:
    """The n complete titles most like one that share something with it, the most similar first.

    Rows of the catalogue and cosines; of equally similar titles the one with the lower id is
    first. The answer is the same with and without a cache.
    """
    found = _from_cache(catalogue, row, n, show_adult=show_adult)
    return _computed(catalogue, row, n, show_adult=show_adult) if found is None else found


def refresh() -> bool:
    """Bring the cache up to the catalogue as it is, and remove what is of another one.

    Nothing is computed while the right cache is there whole. Two workers that do it at once write
    the same. Returns whether it was written now.
    """
    catalogue = catalogue_arrays()
    is_new = _ensure(catalogue)
    if catalogue.revision == catalogue_revision():  # else there is one more change to look at
        _remove_others(catalogue)
    return is_new


def forget_similarities() -> None:
    """Drop what this process has loaded (for tests, and after the cache was repaired)."""
    global _loaded, _failed  # noqa: PLW0603 - one cache a process is the point
    with _lock:
        _loaded = _failed = None


def _from_cache(
    catalogue: CatalogueArrays, row: int, n: int, *, show_adult: bool
) -> tuple[Rows, Cosines] | None:
    """The first n from the cache; None when there is none, or when it does not hold so many."""
    cache = _cache_of(catalogue)
    place = None if cache is None else cache.titles.get(int(catalogue.items.ids[row]))
    if cache is None or place is None:
        return None
    rows = catalogue.items.index(cache.titles.ids[cache.neighbours[place]])
    cosines = cache.cosines[place]
    # All there is: every other title, or one that shares nothing, behind which none shares more.
    is_whole = len(rows) == len(cache.titles) - 1 or bool(cosines[-1] <= 0)
    shown = cosines > 0
    if not show_adult:
        shown &= ~catalogue.is_adult[rows]
    if not is_whole and np.count_nonzero(shown) < n:
        return None
    return rows[shown][:n], cosines[shown][:n]


def _computed(
    catalogue: CatalogueArrays, row: int, n: int, *, show_adult: bool
) -> tuple[Rows, Cosines]:
    excluded = ~catalogue.is_complete
    if not show_adult:
        excluded |= catalogue.is_adult
    rows, cosines = catalogue.content.similar_items(row, n, exclude=excluded)
    shown = cosines > 0
    return rows[shown], cosines[shown].astype(np.float32)


def _cache_of(catalogue: CatalogueArrays) -> _Cache | None:
    """The cache of this catalogue, loaded at first use in this process."""
    global _loaded, _failed  # noqa: PLW0603 - see forget_similarities
    name = _name_of(catalogue)
    if _loaded is not None and _loaded.name == name:
        return _loaded
    with _lock:
        if _failed and _failed[0] == name and time.monotonic() - _failed[1] < RETRY_SECONDS:
            return None
        try:
            _loaded, _failed = _load(name), None
        except ArtifactMissing:
            return None  # a worker will write it
        except ArtifactError as error:
            logger.warning("Similar titles are computed one by one: %s", error)
            _failed = (name, time.monotonic())
            return None
        return _loaded


def _load(name: str) -> _Cache:
    """Read and check a cache. Raises ArtifactError."""
    path = _root() / name
    verify_artifact(path)
    arrays = load_arrays(path, _GROUP)
    try:
        cache = _Cache(
            name=name,
            titles=IdMap(arrays["title_ids"]),
            neighbours=arrays["neighbours"],
            cosines=arrays["cosines"],
        )
    except KeyError as error:
        raise ArtifactDamaged(f"{path} has no array {error}.") from error
    if not len(cache.titles) == len(cache.neighbours) == len(cache.cosines):
        raise ArtifactDamaged(f"{path} has arrays of different lengths.")
    return cache


def _ensure(catalogue: CatalogueArrays) -> bool:
    """Write the cache of this catalogue unless it is there whole; whether it was written."""
    path = _root() / _name_of(catalogue)
    try:
        verify_artifact(path)
    except ArtifactMissing:
        pass
    except ArtifactError as error:
        logger.warning("Computing the similar titles anew: %s", error)
    else:
        return False
    remove_artifact(path)
    remove_leftovers(path.parent, older_than_seconds=_LEFTOVER_SECONDS)
    complete = catalogue.is_complete
    title_ids = catalogue.items.ids[complete]
    content = ContentModel(
        title_ids, catalogue.content.feature_names, catalogue.content.features[complete]
    )
    neighbours, cosines = content.top_similar(N_SIMILAR)
    try:
        write_artifact(
            path.parent,
            path.name,
            arrays={_GROUP: {"title_ids": title_ids, "neighbours": neighbours, "cosines": cosines}},
            manifest={
                "catalogue_revision": catalogue.revision,
                "features_fingerprint": catalogue.fingerprint,
                "n_titles": len(title_ids),
                "n_similar": int(neighbours.shape[1]),
            },
        )
    except ArtifactExists:  # another worker was faster
        return False
    logger.info("Wrote the similar titles of %s titles as %s.", f"{len(title_ids):,}", path.name)
    return True


def _remove_others(catalogue: CatalogueArrays) -> None:
    """Delete the caches of other revisions. Who has one mapped can read it to the end."""
    for name in _names():
        if name != _name_of(catalogue):
            remove_artifact(_root() / name)


def _names() -> Iterator[str]:
    """The caches on disk, whole or not."""
    for path in sorted(_root().glob("similar-*")):
        if _NAME.fullmatch(path.name):
            yield path.name


def _name_of(catalogue: CatalogueArrays) -> str:
    return f"similar-{catalogue.revision}-{catalogue.fingerprint[:16]}"


def _root() -> Path:
    return Path(settings.RECOMMENDER_ARTIFACT_ROOT)
