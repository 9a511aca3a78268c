"""The only place where database rows become arrays."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from catalog.models import Rater, Rating
from ml.artifacts import load_arrays, read_manifest, verify_artifact, write_artifact
from ml.data import IdMap, Ratings
from ml.errors import TooLittleData
from ml.ranges import ranges
from recommender.services.catalogue import catalogue_arrays
from recommender.services.rating_rows import rating_blocks

# What is worked on at once, so that helping arrays stay small.
_CHUNK_ROWS, _CHUNK_RATERS = 500_000, 4_000
SNAPSHOT = "dataset"
_SOURCE_CODES = {Rater.Source.IMPORT: 1, Rater.Source.DEMO: 2, Rater.Source.ACCOUNT: 3}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything that a training sees.

    Attributes:
        ratings: the watched rows (score 0: watched, not scored), sorted by rater and title.
        users: rater ids ↔ rows. Raters who have watched nothing have no row.
        items: title ids ↔ rows. Titles that nobody has watched have no row.
        user_keys: uint64 [n_users], what the split hashes: the rater's source and id there,
            which stay the same in another database.
        user_revisions: int64 [n_users], each rater's revision when the rows were read.
        is_simulated: whether any of the raters is simulated.
        fingerprint: SHA-256 of the rows by key and title id.
        features: uint8 [n_items, n_features] of 0 and 1, the titles' genres and types.
        feature_names: names of the columns.
    """

    ratings: Ratings
    users: IdMap
    items: IdMap
    user_keys: npt.NDArray[np.uint64]
    user_revisions: npt.NDArray[np.int64]
    is_simulated: bool
    fingerprint: str
    features: npt.NDArray[np.uint8]
    feature_names: tuple[str, ...]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a snapshot; :meth:`load` takes them back."""
        return {
            "user_index": self.ratings.user_index,
            "item_index": self.ratings.item_index,
            "score": self.ratings.score,
            "user_ids": self.users.ids,
            "item_ids": self.items.ids,
            "user_keys": self.user_keys,
            "user_revisions": self.user_revisions,
            "features": self.features,
        }

    def manifest(self) -> dict[str, Any]:
        """Return what a snapshot's manifest says of it."""
        return {
            "is_simulated": self.is_simulated,
            "data_fingerprint": self.fingerprint,
            "feature_names": list(self.feature_names),
        }

    def save(self, *, root: Path, name: str) -> Path:
        """Write a snapshot, so that a run that is resumed goes on with the same data."""
        arrays = {SNAPSHOT: self.arrays()}
        return write_artifact(root, name, arrays=arrays, manifest=self.manifest())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a snapshot back, its own or that of a model version. Raises ArtifactError."""
        verify_artifact(path)
        arrays = load_arrays(path, SNAPSHOT)
        manifest = read_manifest(path)
        users, items = IdMap(arrays["user_ids"]), IdMap(arrays["item_ids"])
        return cls(
            ratings=Ratings(
                user_index=arrays["user_index"],
                item_index=arrays["item_index"],
                score=arrays["score"],
                n_users=len(users),
                n_items=len(items),
            ),
            users=users,
            items=items,
            user_keys=arrays["user_keys"],
            user_revisions=arrays["user_revisions"],
            is_simulated=bool(manifest["is_simulated"]),
            fingerprint=str(manifest["data_fingerprint"]),
            features=arrays["features"],
            feature_names=tuple(manifest["feature_names"]),
        )


def read_dataset() -> Dataset:
    """Read every watched rating. Raises TooLittleData when there is none.

    The raters are read before the ratings: a list that changes in between then has a newer
    revision than the one that is noted here, and is folded in anew when it is served.
    """
    raters = _raters()
    rows = _rating_rows(raters)
    users, items = IdMap(raters.ids[rows.rater_rows]), IdMap(rows.title_ids)
    user_keys = raters.keys[rows.rater_rows]
    ratings = Ratings(
        user_index=np.repeat(np.arange(len(users), dtype=np.int32), rows.counts),
        item_index=_as_rows(rows.anime_id, items),
        score=rows.score,
        n_users=len(users),
        n_items=len(items),
    )
    return Dataset(
        ratings=ratings,
        users=users,
        items=items,
        user_keys=user_keys,
        user_revisions=raters.revisions[rows.rater_rows],
        is_simulated=bool(raters.is_simulated[rows.rater_rows].any()),
        fingerprint=_fingerprint(ratings, rows.counts, user_keys, items),
        features=_features(items),
        feature_names=tuple(catalogue_arrays().content.feature_names),
    )


def _features(items: IdMap) -> npt.NDArray[np.uint8]:
    """The titles' features; 0 for one that has been deleted since its ratings were read."""
    catalogue = catalogue_arrays()
    features = np.zeros((len(items), len(catalogue.content.feature_names)), dtype=np.uint8)
    known = catalogue.items.contains(items.ids)
    features[known] = catalogue.content.features[catalogue.items.index(items.ids[known])]
    return features


@dataclass(frozen=True, eq=False)
class _RatingRows:
    """The watched rows, sorted by rater and title.

    Attributes:
        rater_rows: int64 [n_users], the rows of ``_Raters`` that have ratings, ascending.
        counts: int64 [n_users], their numbers of ratings.
        anime_id: int32 [n]; score: int8 [n], 0 for none.
        title_ids: int64 [n_items], the title ids that occur, ascending.
    """

    rater_rows: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    anime_id: npt.NDArray[np.int32]
    score: npt.NDArray[np.int8]
    title_ids: npt.NDArray[np.int64]


def _rating_rows(raters: "_Raters") -> _RatingRows:
    """Read the ratings of raters who are known already; who has come since is left out."""
    known = IdMap(raters.ids)
    columns: list[tuple[npt.NDArray[Any], ...]] = []
    title_ids = np.empty(0, dtype=np.int32)
    for block in rating_blocks(Rating.objects.watched()):
        is_known = known.contains(block.rater_ids)
        kept = np.repeat(is_known, block.counts)
        anime_id = block.anime_ids[kept]
        title_ids = np.union1d(title_ids, anime_id)
        rater_rows = known.index(block.rater_ids[is_known])
        columns.append((rater_rows, block.counts[is_known], anime_id, block.scores[kept]))
    if not len(title_ids):
        raise TooLittleData(
            "There are no ratings to train on. Import some with manage.py import_ratings, or "
            "score titles on the site."
        )
    rater_rows, counts, anime_id, score = map(np.concatenate, zip(*columns, strict=True))
    return _RatingRows(rater_rows, counts, anime_id, score, title_ids.astype(np.int64))


def _as_rows(anime_id: npt.NDArray[np.int32], items: IdMap) -> npt.NDArray[np.int32]:
    """The row of each title id, written over the ids: millions of them need no second array."""
    for start in range(0, len(anime_id), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        anime_id[chunk] = items.index(anime_id[chunk])
    return anime_id


@dataclass(frozen=True, eq=False)
class _Raters:
    """Every rater, ascending by id; all arrays [n]."""

    ids: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]
    revisions: npt.NDArray[np.int64]
    is_simulated: npt.NDArray[np.bool_]


def _raters() -> _Raters:
    fields = ("pk", "source", "source_id", "user_id", "revision")
    rows = list(Rater.objects.order_by("pk").values_list(*fields))
    keys = [
        _SOURCE_CODES[Rater.Source(source)] << 56
        | int((user_id if source == Rater.Source.ACCOUNT else source_id) or 0)
        for _, source, source_id, user_id, _ in rows
    ]
    return _Raters(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        keys=np.array(keys, dtype=np.uint64),
        revisions=np.array([row[4] for row in rows], dtype=np.int64),
        is_simulated=np.array([row[1] == Rater.Source.DEMO for row in rows], dtype=bool),
    )


def _fingerprint(
    ratings: Ratings,
    counts: npt.NDArray[np.int64],
    keys: npt.NDArray[np.uint64],
    items: IdMap,
) -> str:
    """SHA-256 of all keys, then all title ids, then all scores; rows sorted by key and title id.

    The rows come sorted by rater and title, so only whole raters have to change places.
    """
    starts = np.cumsum(counts) - counts
    raters = np.argsort(keys, kind="stable")
    digest = hashlib.sha256()
    columns: tuple[Callable[[npt.NDArray[np.int64]], npt.NDArray[Any]], ...] = (
        lambda rows: keys[ratings.user_index[rows]],
        lambda rows: items.ids[ratings.item_index[rows]],
        lambda rows: ratings.score[rows],
    )
    for column in columns:
        for start in range(0, len(raters), _CHUNK_RATERS):
            chunk = raters[start : start + _CHUNK_RATERS]
            digest.update(column(ranges(starts[chunk], counts[chunk])).tobytes())
    return digest.hexdigest()
