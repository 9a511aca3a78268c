"""Ranks titles that nobody has rated yet, by what their genres and type say of their vectors.

From the titles that have ratings it is learnt, by ridge regression, which vector of implicit
factors goes with which features and pairs of features; pairs matter, since "Comedy" is another
thing beside "Slice of Life" than beside "Hentai". A rater's vector is solved from what they
watched, as for any other title, so only the titles' side is a guess (the "attribute-to-factor map"
of Gantner et al., ICDM 2010).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.checks import real_number, whole_number
from ml.errors import DataError, TooLittleData
from ml.histories import Histories
from ml.implicit_als import ImplicitAls
from ml.protocols import FloatArray, IndexArray
from ml.settings import Settings

_GUESSED: Final = "guessed_vectors"
_COEFFICIENTS: Final = "coefficients"
_PAIRS: Final = "pairs"


@dataclass(frozen=True, kw_only=True)
class ColdTitlesConfig(Settings):
    """How vectors are guessed; the values were chosen on titles hidden from training.

    Attributes:
        regularisation: of the ridge regression, in titles of average weight.
        titles_per_pair: two features make a pair of their own when so many titles have both.
    """

    regularisation: float = 10.0
    titles_per_pair: int = 20

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        real_number("regularisation", self.regularisation, 0.0, 1e9, lower_open=True)
        whole_number("titles_per_pair", self.titles_per_pair, 1, 2**31)


@dataclass(frozen=True, eq=False)
class VectorGuess:
    """What was learnt: from the features of any title to the vector it is likely to have.

    Attributes:
        coefficients: float32 [1 + n_features + n_pairs, d].
        pairs: int32 [n_pairs, 2], which features make a pair.

    Raises:
        DataError: the shapes do not fit one another.
    """

    coefficients: FloatArray
    pairs: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        if self.pairs.ndim != 2 or self.pairs.shape[1] != 2 or self.n_features < 0:
            raise DataError("There must be a coefficient for each feature and each pair.")
        if self.pairs.size and not 0 <= self.pairs.min() <= self.pairs.max() < self.n_features:
            raise DataError(f"A pair is of features that are not in [0, {self.n_features}).")

    @property
    def n_features(self) -> int:
        """How many features a title has."""
        return len(self.coefficients) - 1 - len(self.pairs)

    def vectors(self, features: npt.NDArray[Any]) -> FloatArray:
        """Return a vector for each title, float32 [n, d].

        Args:
            features: [n, n_features] of 0 and 1.

        Raises:
            DataError: the features are others than those learnt from.
        """
        if features.ndim != 2 or features.shape[1] != self.n_features:
            raise DataError(f"Expected {self.n_features} features a title, not {features.shape}.")
        return (with_pairs(features, self.pairs) @ self.coefficients).astype(np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {_COEFFICIENTS: self.coefficients, _PAIRS: self.pairs}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form."""
        return cls(arrays[_COEFFICIENTS], arrays[_PAIRS])


@dataclass(frozen=True, eq=False)
class ColdTitles:
    """Every title's vector as its features let one guess it, rated or not.

    Attributes:
        factors: the model whose vectors are guessed; it solves for the raters'.
        guess: what was learnt.
        guessed_vectors: float32 [n_items, d].

    Raises:
        DataError: the shapes do not fit one another.
    """

    factors: ImplicitAls
    guess: VectorGuess
    guessed_vectors: FloatArray

    def __post_init__(self) -> None:
        if self.guessed_vectors.shape != self.factors.item_vectors.shape:
            raise DataError("There must be a guessed vector for each vector.")

    @classmethod
    def fit(
        cls,
        factors: ImplicitAls,
        features: npt.NDArray[Any],
        n_raters: npt.NDArray[np.integer],
        config: ColdTitlesConfig | None = None,
    ) -> Self:
        """Learn to guess vectors from the titles that have ratings.

        Args:
            factors: fitted on the ratings.
            features: [n_items, n_features] of 0 and 1, those of titles without ratings included.
            n_raters: [n_items], how many raters of the training rows each title has. A title
                counts with the square root of it; 0 is a title to be guessed only.

        Raises:
            TooLittleData: no title has ratings.
            DataError: the shapes do not fit.
        """
        config = config or ColdTitlesConfig()
        if features.ndim != 2 or len(features) != factors.n_items:
            raise DataError(f"Expected features of {factors.n_items} titles.")
        if n_raters.shape != (factors.n_items,):
            raise DataError(f"Expected the number of raters of {factors.n_items} titles.")
        rated = np.flatnonzero(n_raters > 0)
        if not rated.size:
            raise TooLittleData("No title has ratings to learn from.")
        pairs = frequent_pairs(features, config.titles_per_pair)
        wide = with_pairs(features, pairs)
        weight = np.sqrt(n_raters[rated].astype(np.float64))
        weighted = wide[rated] * (weight / weight.mean())[:, None]
        left = weighted.T @ wide[rated] + config.regularisation * np.eye(wide.shape[1])
        right = weighted.T @ factors.item_vectors[rated].astype(np.float64)
        guess = VectorGuess(np.linalg.solve(left, right).astype(np.float32), pairs)
        return cls(factors, guess, guess.vectors(features))

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return self.factors.n_items

    def relevance(self, histories: Histories) -> FloatArray:
        """Return float32 [n, n_items], higher is better, watched titles included."""
        return self.factors.user_vectors(histories) @ self.guessed_vectors.T

    def contributions(
        self, item_index: IndexArray, scores: npt.ArrayLike, targets: IndexArray
    ) -> FloatArray:
        """Return by how much each watched title moved each target, signed, float32 [n, k].

        As :meth:`ml.implicit_als.ImplicitAls.contributions`, to guessed targets.
        """
        return self.factors.contributions(item_index, scores, targets, self.guessed_vectors)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays an artifact stores; :meth:`from_arrays` takes them back."""
        return {
            **self.factors.arrays(),
            **self.guess.arrays(),
            _GUESSED: self.guessed_vectors,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build it from :meth:`arrays`' form, without a copy."""
        return cls(
            ImplicitAls.from_arrays(arrays), VectorGuess.from_arrays(arrays), arrays[_GUESSED]
        )


def frequent_pairs(features: npt.NDArray[Any], titles_per_pair: int) -> npt.NDArray[np.int32]:
    """Return the pairs of features that enough titles have, int32 [p, 2].

    Args:
        features: [n_items, n_features] of 0 and 1.
        titles_per_pair: how many titles must have both.

    Raises:
        DataError: a feature is not 0 or 1.
    """
    single = _one_hot(features)
    both = np.triu(single.T @ single, 1)
    return np.argwhere(both >= titles_per_pair).astype(np.int32)


def with_pairs(features: npt.NDArray[Any], pairs: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return a constant, the features [n, f], and the products of the pairs: [n, 1 + f + p].

    Raises:
        DataError: a feature is not 0 or 1.
    """
    single = _one_hot(features)
    products = single[:, pairs[:, 0]] * single[:, pairs[:, 1]]
    return np.hstack([np.ones((len(single), 1)), single, products])


def _one_hot(features: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    single = np.asarray(features, dtype=np.float64)
    if not np.all((single == 0) | (single == 1)):
        raise DataError("Features must be 0 or 1.")
    return single
