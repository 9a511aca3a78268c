"""EASE: what watched titles say of all others, learnt in closed form.

Every title is predicted from the rest by ridge regression; with P the inverse of the regularised
Gram matrix of the raters' entries, title i speaks for title j with weight ``-P_ij / P_jj``, and
never for itself (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019). A list
is a rater's entries times these weights, so what a title contributes is stated exactly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import lapack

from ml.checks import real_number, whole_number
from ml.data import Ratings
from ml.entry_weighting import WEIGHTINGS, EntryWeighting, Weighting, weights_of
from ml.errors import ConfigError, DataError, TooLittleData
from ml.histories import Histories
from ml.item_weights import ItemWeights, gram_matrix, mirror_lower_triangle
from ml.protocols import FloatArray, IndexArray

_BLOCK = 512


@dataclass(frozen=True, kw_only=True)
class EaseConfig(EntryWeighting):
    """How EASE is fitted; the values were chosen on the 5,000-rater CooperUnion sample.

    Attributes:
        regularisation: added to the Gram matrix's diagonal; higher trusts rare titles less.
        diagonal_share: this share of a title's own diagonal entry is added as well, as if entries
            dropped out at random (Steck, "Autoencoders that don't overfit towards the identity",
            NeurIPS 2020), which keeps a fit of many raters as cautious as one of few.
        weights_per_title: how many sources are kept of each title. Some dozens rank better than
            all: the weak ones are noise.
        learn_from: what an entry counts while learning, ``watched`` or ``scored``; ``weighting``
            is what it counts in the history that a list is made from.
    """

    regularisation: float = 20.0
    diagonal_share: float = 0.3
    weights_per_title: int = 25
    learn_from: Weighting = "scored"

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        super().__post_init__()
        real_number("regularisation", self.regularisation, 0.0, 1e9, lower_open=True)
        real_number("diagonal_share", self.diagonal_share, 0.0, 1e3)
        whole_number("weights_per_title", self.weights_per_title, 1, 100_000)
        if self.learn_from not in WEIGHTINGS:
            raise ConfigError(
                f"learn_from must be one of {', '.join(WEIGHTINGS)}, not {self.learn_from!r}."
            )

    @classmethod
    def broad(cls) -> Self:
        """Return settings that keep many weak sources: by itself worse, but of another opinion."""
        return cls(
            regularisation=50.0, diagonal_share=0.3, weights_per_title=400, learn_from="watched"
        )


@dataclass(frozen=True, eq=False)
class Ease:
    """A fitted EASE, pruned.

    Attributes:
        weights: how much each watched title speaks for each other.
        weight_of_score: float32 [11], what an entry counts by its score; place 0 is no score.
    """

    weights: ItemWeights
    weight_of_score: FloatArray

    @classmethod
    def fit(cls, ratings: Ratings, config: EaseConfig | None = None) -> Self:
        """Learn from who watched what; memory is one float32 [n_items, n_items] and the blocks.

        Raises:
            TooLittleData: there is no title or no rating.
            DataError: the Gram matrix cannot be inverted in single precision.
        """
        config = config or EaseConfig()
        learnt = replace(config, weighting=config.learn_from).weight_of_score()
        histories = Histories.of_ratings(ratings)
        inverse = regularised_gram(histories, learnt, config)
        invert(inverse)
        watched = np.bincount(ratings.item_index, minlength=ratings.n_items)
        # A source that many raters have is worth more than a rare one of the same weight.
        favour = np.sqrt(watched).astype(np.float32)
        weights = ItemWeights.strongest(
            weight_blocks(inverse), ratings.n_items, config.weights_per_title, favour
        )
        return cls(weights, config.weight_of_score())

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return self.weights.n_items

    def relevance(self, histories: Histories) -> FloatArray:
        """Return float32 [n, n_items], higher is better, watched titles included."""
        return self.weights.totals(histories, weights_of(histories.score, self.weight_of_score))

    def contributions(
        self, item_index: IndexArray, scores: npt.ArrayLike, targets: IndexArray
    ) -> FloatArray:
        """Return by how much each watched title moved each target, signed, float32 [n, k].

        Exact: without the title, the target's relevance is lower by this, but for rounding.
        """
        values = weights_of(scores, self.weight_of_score)
        return self.weights.shares(item_index, values, targets)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {**self.weights.arrays(), "weight_of_score": self.weight_of_score}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, without a copy."""
        return cls(ItemWeights.from_arrays(arrays), arrays["weight_of_score"])


def regularised_gram(
    histories: Histories, weight_of_score: FloatArray, config: EaseConfig
) -> FloatArray:
    """Return XᵀX with what is added to its diagonal, float32 [n_items, n_items]."""
    if not histories.item_index.size:
        raise TooLittleData("There are no ratings to learn from.")
    gram = gram_matrix(histories, weights_of(histories.score, weight_of_score))
    diagonal = np.einsum("ii->i", gram)
    diagonal *= 1 + config.diagonal_share
    diagonal += config.regularisation
    return gram


def invert(matrix: FloatArray) -> None:
    """Invert a symmetric, positive definite matrix in C order, in place, by Cholesky.

    Raises:
        DataError: it is not positive definite.
    """
    # The transposed view is in Fortran's order, as LAPACK wants it; its upper triangle is our
    # lower one.
    factor, failed = lapack.spotrf(matrix.T, lower=0, clean=0, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.spotri(factor, lower=0, overwrite_c=1)
    if failed:
        raise DataError(
            "The Gram matrix cannot be inverted in single precision; raise the regularisation."
        )
    if not np.shares_memory(inverse, matrix):
        matrix[:] = inverse.T
    mirror_lower_triangle(matrix)


def weight_blocks(inverse: FloatArray) -> Iterator[FloatArray]:
    """Yield the weights for some titles after others, float32 [b, n_items], row by target."""
    diagonal = inverse.diagonal()
    for start in range(0, len(inverse), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(inverse)))
        block = inverse[rows] / -diagonal[rows, None]
        block[rows - start, rows] = 0
        yield block
