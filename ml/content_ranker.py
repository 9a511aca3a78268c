"""The reference's content-based method as a ranker: titles by their nearness to a taste."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.errors import DataError
from ml.histories import Histories
from ml.item_weights import check_rows
from ml.protocols import FloatArray, IndexArray


@dataclass(frozen=True, eq=False)
class ContentProfile:
    """Ranks by the product of a title's features and the rater's profile.

    The profile is the sum of score × features over the scored titles, divided by its own total, as
    in :class:`ml.content.ContentModel`; entries without a score are not used. Who has scored
    nothing that has a feature gets relevance 0 everywhere.

    Attributes:
        features: float32 [n_items, n_features], not negative.

    Raises:
        DataError: the features are no matrix, or one is negative or not finite.
    """

    features: FloatArray

    def __post_init__(self) -> None:
        if self.features.ndim != 2:
            raise DataError("Features must be a matrix: titles by features.")
        if not np.all(np.isfinite(self.features) & (self.features >= 0)):
            raise DataError("Features must be finite and not negative.")

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return len(self.features)

    def profiles(self, histories: Histories) -> FloatArray:
        """Return each rater's taste, float32 [n, n_features], summing to 1 or all 0.

        Raises:
            DataError: the histories are of another number of titles.
        """
        if histories.n_items != self.n_items:
            raise DataError(f"Histories of {histories.n_items} titles, features of {self.n_items}.")
        sums = histories.matrix(histories.score) @ self.features
        totals = sums.sum(axis=1, keepdims=True)
        tastes: FloatArray = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
        return tastes

    def relevance(self, histories: Histories) -> FloatArray:
        """Return float32 [n, n_items], higher is better, watched titles included."""
        return self.profiles(histories) @ self.features.T

    def contributions(
        self, item_index: IndexArray, scores: npt.ArrayLike, targets: IndexArray
    ) -> FloatArray:
        """Return by how much each watched title moved each target, signed, float32 [n, k].

        Exact: what the relevance would lose without the title. The profile's total falls with it,
        so a title that is less like the target than the others counts against it.
        """
        items, wanted = np.asarray(item_index), np.asarray(targets)
        check_rows(items, self.n_items)
        check_rows(wanted, self.n_items)
        given = np.asarray(scores, dtype=np.float64)
        if given.shape != items.shape:
            raise DataError(f"{items.size} titles and {given.size} scores.")
        own = given[:, None] * self.features[items]
        shares = own @ self.features[wanted].T.astype(np.float64)
        totals = own.sum(axis=1, keepdims=True)
        return np.asarray(
            _ratio(shares.sum(axis=0), totals.sum())
            - _ratio(shares.sum(axis=0) - shares, totals.sum() - totals),
            dtype=np.float32,
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {"features": self.features}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, without a copy."""
        return cls(arrays["features"])


def _ratio(shares: npt.NDArray[np.float64], totals: Any) -> npt.NDArray[np.float64]:
    """Return shares / totals, 0 where the total is."""
    wide = np.broadcast_to(totals, shares.shape)
    ratios: npt.NDArray[np.float64] = np.divide(
        shares, wide, out=np.zeros_like(shares), where=wide > 0
    )
    return ratios
