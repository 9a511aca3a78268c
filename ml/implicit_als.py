"""Implicit-feedback factors: a rater's vector is solved from their history, at any time.

Every title that a rater has not watched is weak evidence against it, every watched one is strong
evidence for it (Hu, Koren & Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
ICDM 2008). The paper's preference of 1 is replaced by what the score says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.checks import real_number, whole_number
from ml.data import Ratings
from ml.entry_weighting import EntryWeighting, weights_of
from ml.errors import DataError, TooLittleData
from ml.histories import Histories
from ml.item_weights import check_rows
from ml.protocols import FloatArray, IndexArray


@dataclass(frozen=True, kw_only=True)
class ImplicitAlsConfig(EntryWeighting):
    """How the factors are fitted; the values were chosen on the 5,000-rater CooperUnion sample.

    Attributes:
        factors: length of a vector.
        confidence: how much more a watched title counts than one that is not watched, which
            counts 1 (the paper's alpha).
        regularisation: added to the diagonal of every system.
        n_iterations: passes over raters and titles.
        seed: of the first vectors.
    """

    factors: int = 128
    confidence: float = 2.0
    regularisation: float = 30.0
    n_iterations: int = 12
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        super().__post_init__()
        whole_number("factors", self.factors, 1, 1024)
        real_number("confidence", self.confidence, 0.0, 1e4, lower_open=True)
        real_number("regularisation", self.regularisation, 0.0, 1e9, lower_open=True)
        whole_number("n_iterations", self.n_iterations, 1, 1000)
        whole_number("seed", self.seed, 0, 2**63 - 1)


@dataclass(frozen=True, eq=False)
class ImplicitAls:
    """Fitted title vectors, and what it takes to solve for a rater's.

    Attributes:
        item_vectors: float32 [n_items, d].
        system: float32 [d, d], what every rater's system starts with: the sum of the products of
            the title vectors, and the regularisation on its diagonal.
        weight_of_score: float32 [11], the preference by the score; place 0 is no score.
        confidence: float32 [1], of a watched title, above that of one that is not.

    Raises:
        DataError: the shapes do not fit one another.
    """

    item_vectors: FloatArray
    system: FloatArray
    weight_of_score: FloatArray
    confidence: FloatArray

    def __post_init__(self) -> None:
        dim = self.item_vectors.shape[-1]
        if self.item_vectors.ndim != 2 or self.system.shape != (dim, dim):
            raise DataError("The system must be as wide as the title vectors.")
        if self.confidence.shape != (1,):
            raise DataError("Expected a single confidence.")

    @classmethod
    def fit(cls, ratings: Ratings, config: ImplicitAlsConfig | None = None) -> Self:
        """Solve for raters and titles in turn.

        Raises:
            TooLittleData: there is no title or no rating.
        """
        config = config or ImplicitAlsConfig()
        if not len(ratings):
            raise TooLittleData("There are no ratings to learn from.")
        table = config.weight_of_score()
        by_user = Histories.of_ratings(ratings)
        by_item = Histories.of_ratings(_transposed(ratings))
        generator = np.random.default_rng(config.seed)
        shape = (ratings.n_items, config.factors)
        items = (generator.normal(size=shape) / config.factors).astype(np.float32)
        for _ in range(config.n_iterations):
            users = _solve(by_user, items, _system(items, config), table, config.confidence)
            items = _solve(by_item, users, _system(users, config), table, config.confidence)
        confidence = np.array([config.confidence], dtype=np.float32)
        return cls(items, _system(items, config), table, confidence)

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return len(self.item_vectors)

    def user_vectors(self, histories: Histories) -> FloatArray:
        """Return each rater's vector, float32 [n, d]; it is 0 for an empty history.

        Raises:
            DataError: the histories are of another number of titles.
        """
        if histories.n_items != self.n_items:
            raise DataError(f"Histories of {histories.n_items} titles, vectors of {self.n_items}.")
        confidence = float(self.confidence[0])
        return _solve(histories, self.item_vectors, self.system, self.weight_of_score, confidence)

    def relevance(self, histories: Histories) -> FloatArray:
        """Return float32 [n, n_items], higher is better, watched titles included."""
        return self.relevance_to(self.user_vectors(histories))

    def relevance_to(self, user_vectors: FloatArray) -> FloatArray:
        """Return the same for raters whose vectors [n, d] have been solved for already."""
        relevance: FloatArray = user_vectors @ self.item_vectors.T
        return relevance

    def contributions(
        self,
        item_index: IndexArray,
        scores: npt.ArrayLike,
        targets: IndexArray,
        target_vectors: FloatArray | None = None,
    ) -> FloatArray:
        """Return by how much each watched title moved each target, signed, float32 [n, k].

        As in section 5 of the paper: with the rater's weighting matrix held fixed, relevance is
        a sum over the watched titles, and these are its terms. Taking a title out of the history
        changes that matrix as well, so then the relevance moves by about this much.
        ``target_vectors`` [n_items, d] stand in for the targets' own.
        """
        items, wanted = np.asarray(item_index), np.asarray(targets)
        check_rows(items, self.n_items)
        check_rows(wanted, self.n_items)
        preference = weights_of(scores, self.weight_of_score)
        if preference.shape != items.shape:
            raise DataError(f"{items.size} titles and {preference.size} scores.")
        watched, confidence = self.item_vectors[items], float(self.confidence[0])
        system = self.system + confidence * (watched.T @ watched)
        vectors = self.item_vectors if target_vectors is None else target_vectors
        right = np.linalg.solve(system, vectors[wanted].T)
        parts = watched @ right * ((1 + confidence) * preference[:, None])
        return np.asarray(parts, dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {
            "item_vectors": self.item_vectors,
            "system": self.system,
            "weight_of_score": self.weight_of_score,
            "confidence": self.confidence,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, without a copy."""
        return cls(
            arrays["item_vectors"],
            arrays["system"],
            arrays["weight_of_score"],
            arrays["confidence"],
        )


def _transposed(ratings: Ratings) -> Ratings:
    """Return the same rows with raters and titles swapped."""
    return Ratings(
        ratings.item_index, ratings.user_index, ratings.score, ratings.n_items, ratings.n_users
    )


def _system(vectors: FloatArray, config: ImplicitAlsConfig) -> FloatArray:
    """Return the part of the normal equations that is the same for everybody, [d, d]."""
    identity = np.eye(config.factors, dtype=np.float32)
    system: FloatArray = vectors.T @ vectors + np.float32(config.regularisation) * identity
    return system


def _solve(
    histories: Histories,
    vectors: FloatArray,
    system: FloatArray,
    weight_of_score: FloatArray,
    confidence: float,
) -> FloatArray:
    """Return the vectors that explain n histories best, given those of the other side, [n, d].

    With Y the vectors and p the preferences of a history:
    ``(system + confidence YᵀY)⁻¹ (1 + confidence) Yᵀ p``.
    """
    targets = weights_of(histories.score, weight_of_score) * np.float32(1 + confidence)
    solved = np.zeros((len(histories), vectors.shape[1]), dtype=np.float32)
    # Everybody's system is solved by itself, so that a rater's vector has the same bits in any
    # company.
    for row in range(len(histories)):
        entries = slice(int(histories.indptr[row]), int(histories.indptr[row + 1]))
        if entries.stop > entries.start:
            own = vectors[histories.item_index[entries]]
            left = system + np.float32(confidence) * (own.T @ own)
            solved[row] = np.linalg.solve(left, own.T @ targets[entries])
    return solved
