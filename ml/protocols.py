"""What every model of this package can do: the two jobs, predicting scores and ranking titles.

A model that predicts scores well may rank badly and the other way round, so the jobs have a
protocol each. Both are served with numpy and scipy alone; what fits a model may need more.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ml.histories import Histories

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.integer]


class ScorePredictor(Protocol):
    """Predicts the score, in points and not clipped, that a rater gives a title."""

    @property
    def n_users(self) -> int:
        """Number of raters with a row."""
        ...

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        ...

    @property
    def prior_vector(self) -> FloatArray:
        """float32 [d], what stands for somebody of whom nothing is known."""
        ...

    def user_vector(self, user_index: int) -> FloatArray:
        """Return what training learnt of a rater, float32 [d]."""
        ...

    def fold_in(self, item_index: IndexArray, scores: npt.ArrayLike) -> FloatArray:
        """Return the same for a rater whom training has not seen, float32 [d].

        Args:
            item_index: rows of the watched titles [n].
            scores: [n], 1 to 10, or 0 for watched without a score.
        """
        ...

    def predict(self, user_vector: FloatArray, item_index: IndexArray | None = None) -> FloatArray:
        """Return one rater's predictions for titles [n]; -1 is a title without a row, None all."""
        ...

    def predict_pairs(self, user_index: IndexArray, item_index: IndexArray) -> FloatArray:
        """Return the prediction of each pair [n]; -1 is a rater or title without a row."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what an artifact stores; the class's ``from_arrays`` takes it back."""
        ...


class Ranker(Protocol):
    """Says how much each title is worth recommending, from what a rater has watched.

    A ranker holds nothing about single raters: whoever comes with a history gets a list.
    """

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        ...

    def relevance(self, histories: Histories) -> FloatArray:
        """Return float32 [n, n_items], higher is better, watched titles included."""
        ...

    def contributions(
        self, item_index: IndexArray, scores: npt.ArrayLike, targets: IndexArray
    ) -> FloatArray:
        """Return by how much each watched title moved each target, signed, float32 [n, k].

        Args:
            item_index: rows of one rater's watched titles [n].
            scores: [n], as in :class:`ml.histories.Histories`.
            targets: rows of the recommended titles [k].
        """
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what an artifact stores; the class's ``from_arrays`` takes it back."""
        ...
