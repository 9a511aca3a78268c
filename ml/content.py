"""Titles that are alike by genre and type, and how near they are to a rater's taste."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.errors import DataError, TooLittleData
from ml.nearest import nearest_by_cosine
from ml.ranking import top_n

Measure = Literal["dot", "cosine"]
FloatArray = npt.NDArray[np.float64]


def item_features(
    genres: Sequence[Sequence[str]],
    types: Sequence[str],
    *,
    genre_names: Sequence[str] | None = None,
    type_names: Sequence[str] | None = None,
) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Return the item-feature matrix of the reference: one-hot genres, then one-hot types.

    Args:
        genres: each title's genre names; none is allowed.
        types: each title's type; ``""`` is an unknown one and has no feature.
        genre_names: genres in the order of the columns; None: those that occur, sorted.
        type_names: likewise for the types.

    Returns:
        The names of the features (``genre:Action``, …, ``type:TV``, …) and float32
        [n_items, n_features] of 0 and 1.

    Raises:
        DataError: lengths differ, or a title has a genre or type that is not in the given names.
    """
    if len(genres) != len(types):
        raise DataError(f"{len(genres)} lists of genres and {len(types)} types.")
    if genre_names is None:
        genre_names = sorted({name for names in genres for name in names})
    if type_names is None:
        type_names = sorted(set(types) - {""})
    names = [f"genre:{name}" for name in genre_names] + [f"type:{name}" for name in type_names]
    column = {name: number for number, name in enumerate(names)}
    features = np.zeros((len(genres), len(names)), dtype=np.float32)
    try:
        for row, (genres_of_title, type_of_title) in enumerate(zip(genres, types, strict=True)):
            features[row, [column[f"genre:{name}"] for name in genres_of_title]] = 1
            if type_of_title:
                features[row, column[f"type:{type_of_title}"]] = 1
    except KeyError as error:
        raise DataError(f"{error.args[0]} is not among the known features.") from error
    return names, features


class ContentModel:
    """The reference's content-based method over one set of titles.

    Args:
        item_ids: int64 [n_items], ascending.
        feature_names: names of the columns.
        features: [n_items, n_features], 0 and 1 only.

    Raises:
        DataError: the shapes do not fit or the features are not one-hot.
    """

    def __init__(
        self,
        item_ids: npt.NDArray[np.int64],
        feature_names: Sequence[str],
        features: npt.NDArray[np.generic],
    ) -> None:
        if features.shape != (len(item_ids), len(feature_names)):
            raise DataError(
                f"{len(item_ids)} titles and {len(feature_names)} features do not make a matrix "
                f"of shape {features.shape}."
            )
        if np.any(item_ids[1:] <= item_ids[:-1]):
            raise DataError("Titles must come in ascending order of their ids.")
        self.item_ids = item_ids
        self.feature_names = list(feature_names)
        self.features = features.astype(np.float32)
        if not np.all((self.features == 0) | (self.features == 1)):
            raise DataError("Features must be 0 or 1.")
        self._n_features_of = self.features.sum(axis=1, dtype=np.float64)

    @property
    def n_items(self) -> int:
        """Number of titles."""
        return len(self.item_ids)

    def user_profile(
        self, item_index: npt.NDArray[np.integer], scores: npt.ArrayLike
    ) -> FloatArray:
        """Return a rater's taste: the sum of score × features, divided by its own total.

        Args:
            item_index: rows of the scored titles [n].
            scores: [n], 1 to 10.

        Returns:
            float64 [n_features], not negative, summing to 1. With whole scores every entry is a
            whole number over the same total.

        Raises:
            TooLittleData: no title, or none that has a feature.
            DataError: shapes, rows or scores do not fit.
        """
        given = np.asarray(scores, dtype=np.float64)
        self._check_rows(item_index)
        if given.shape != item_index.shape:
            raise DataError(f"{item_index.size} titles and {given.size} scores.")
        if not np.all((given >= LOWEST_SCORE) & (given <= HIGHEST_SCORE)):
            raise DataError(f"Scores must be from {LOWEST_SCORE} to {HIGHEST_SCORE}.")
        weighted = given @ self.features[item_index].astype(np.float64)
        total = float(weighted.sum())
        if total == 0:
            raise TooLittleData("None of the scored titles has a genre or a type.")
        profile: FloatArray = weighted / total
        return profile

    def similarity(self, profile: npt.ArrayLike, measure: Measure = "dot") -> FloatArray:
        """Return how near each title is to a profile, float64 [n_items].

        Args:
            profile: [n_features], from :meth:`user_profile` or a title's own features.
            measure: ``dot``, the reference's product, or ``cosine`` of the angle, from 0 to 1; a
                title or profile without a feature has cosine 0.

        Raises:
            DataError: the profile's length or the measure is unknown.
        """
        wanted = np.asarray(profile, dtype=np.float64)
        if wanted.shape != (len(self.feature_names),):
            raise DataError(f"A profile has {len(self.feature_names)} entries.")
        products: FloatArray = self.features @ wanted
        if measure == "dot":
            return products
        if measure != "cosine":
            raise DataError(f"The measure is dot or cosine, not {measure!r}.")
        lengths = np.sqrt(self._n_features_of) * np.sqrt(wanted @ wanted)
        cosines = np.zeros_like(products)
        np.divide(products, lengths, out=cosines, where=lengths > 0)
        return cosines

    def similar_items(
        self,
        item_index: int,
        n: int,
        measure: Measure = "cosine",
        *,
        exclude: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Return the n titles most like one, itself left out, and their similarities.

        Of equally similar titles the one with the lower id is first.

        Args:
            item_index: the title's row.
            n: how many; fewer come back when fewer are left.
            measure: as for :meth:`similarity`.
            exclude: mask [n_items] of titles to leave out as well.

        Raises:
            DataError: there is no such row, the measure is unknown, or the mask does not fit.
        """
        self._check_rows(np.asarray([item_index]))
        if measure not in ("dot", "cosine"):
            raise DataError(f"The measure is dot or cosine, not {measure!r}.")
        excluded = np.zeros(self.n_items, dtype=bool) if exclude is None else exclude.copy()
        if excluded.shape != (self.n_items,):
            raise DataError("The mask of excluded titles must have one entry for each title.")
        excluded[item_index] = True
        shared = (self.features @ self.features[item_index]).astype(np.float64)
        if measure == "dot":
            rows = top_n(shared, exclude=excluded, n=n)
            return rows, shared[rows]
        # Two ways to the same cosine may differ in the last bit; equal fractions never do.
        fractions = shared**2 / np.maximum(self._n_features_of, 1)
        rows = top_n(fractions, exclude=excluded, n=n)
        return rows, np.sqrt(fractions[rows] / max(self._n_features_of[item_index], 1))

    def top_similar(self, k: int = 50) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return every title's k nearest by cosine, exactly, itself left out.

        Of equally similar titles the one with the lower id is first. No [n_items, n_items]
        matrix is ever held.

        Args:
            k: neighbours a title; never more than n_items - 1.

        Returns:
            int32 rows and float32 cosines, both [n_items, min(k, n_items - 1)].

        Raises:
            DataError: k is below 1.
        """
        if k < 1:
            raise DataError("k must be at least 1.")
        return nearest_by_cosine(self.features, max(min(k, self.n_items - 1), 0))

    def _check_rows(self, rows: npt.NDArray[np.integer]) -> None:
        if rows.ndim != 1 or (rows.size and not np.issubdtype(rows.dtype, np.integer)):
            raise DataError("Titles must be given as one row of whole numbers.")
        if rows.size and (rows.min() < 0 or rows.max() >= self.n_items):
            raise DataError(f"A title's row is not in [0, {self.n_items}).")
