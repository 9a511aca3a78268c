"""The only place where database rows become arrays."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from django.db import connection

from catalog.models import Rater, Rating
from ml.artifacts import load_arrays, read_manifest, verify_artifact, write_artifact
from ml.data import IdMap, Ratings
from ml.errors import TooLittleData

_FETCH_ROWS = 100_000
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
    """

    ratings: Ratings
    users: IdMap
    items: IdMap
    user_keys: npt.NDArray[np.uint64]
    user_revisions: npt.NDArray[np.int64]
    is_simulated: bool
    fingerprint: str

    def save(self, *, root: Path, name: str) -> Path:
        """Write a snapshot, so that a run that is resumed goes on with the same data."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "user_index": self.ratings.user_index,
            "item_index": self.ratings.item_index,
            "score": self.ratings.score,
            "user_ids": self.users.ids,
            "item_ids": self.items.ids,
            "user_keys": self.user_keys,
            "user_revisions": self.user_revisions,
        }
        manifest = {"is_simulated": self.is_simulated, "fingerprint": self.fingerprint}
        return write_artifact(root, name, arrays={"dataset": arrays}, manifest=manifest)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a snapshot back. Raises ml.errors.ArtifactError."""
        verify_artifact(path)
        arrays = load_arrays(path, "dataset")
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
            fingerprint=str(manifest["fingerprint"]),
        )


def read_dataset() -> Dataset:
    """Read every watched rating. Raises TooLittleData when there is none.

    The raters are read before the ratings: a list that changes in between then has a newer
    revision than the one that is noted here, and is folded in anew when it is served.
    """
    raters = _raters()
    rows = _rating_rows()
    rows = rows[np.isin(rows[:, 0], raters.ids)]  # not those of somebody who has just come
    if not len(rows):
        raise TooLittleData(
            "There are no ratings to train on. Import some with manage.py import_ratings, or "
            "score titles on the site."
        )
    rater_ids, anime_ids, scores = rows[:, 0], rows[:, 1], rows[:, 2].astype(np.int8)
    users, items = IdMap.of(rater_ids), IdMap.of(anime_ids)
    with_rows = np.searchsorted(raters.ids, users.ids)
    user_keys = raters.keys[with_rows]
    user_index = users.index(rater_ids).astype(np.int32)
    order = np.lexsort((anime_ids, user_index))
    ratings = Ratings(
        user_index=user_index[order],
        item_index=items.index(anime_ids[order]).astype(np.int32),
        score=scores[order],
        n_users=len(users),
        n_items=len(items),
    )
    return Dataset(
        ratings=ratings,
        users=users,
        items=items,
        user_keys=user_keys,
        user_revisions=raters.revisions[with_rows],
        is_simulated=bool(raters.is_simulated[with_rows].any()),
        fingerprint=_fingerprint(ratings, user_keys, items),
    )


def _rating_rows() -> npt.NDArray[np.int64]:
    """int64 [n, 3]: rater id, title id, score or 0, without making a model instance a row."""
    query = Rating.objects.watched().values_list("rater_id", "anime_id", "score")
    sql, parameters = query.query.sql_with_params()
    chunks: list[npt.NDArray[np.int64]] = []
    # A cursor on the server where there is one, so that the driver does not hold all rows too.
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(_FETCH_ROWS):
            chunks.append(np.array([(u, i, s or 0) for u, i, s in rows], dtype=np.int64))
    return np.concatenate(chunks) if chunks else np.empty((0, 3), dtype=np.int64)


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


def _fingerprint(ratings: Ratings, keys: npt.NDArray[np.uint64], items: IdMap) -> str:
    """SHA-256 of (key, title id, score), rows sorted by key and title id."""
    row_keys = keys[ratings.user_index]
    title_ids = items.ids[ratings.item_index]
    order = np.lexsort((title_ids, row_keys))
    digest = hashlib.sha256()
    columns: tuple[npt.NDArray[Any], ...] = (row_keys, title_ids, ratings.score)
    for column in columns:
        digest.update(np.ascontiguousarray(column[order]).tobytes())
    return digest.hexdigest()
