"""Item-item neighbours: a title is worth recommending when titles like it were watched.

Likeness is the cosine of two titles' entries, shrunk towards 0 where few raters have both (Sarwar
et al., "Item-Based Collaborative Filtering", WWW 2001; shrinkage as in Bell & Koren, ICDM 2007).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.checks import real_number, whole_number
from ml.data import Ratings
from ml.entry_weighting import EntryWeighting, weights_of
from ml.histories import Histories
from ml.item_weights import ItemWeights, gram_matrix
from ml.protocols import FloatArray, IndexArray

_BLOCK: Final = 512


@dataclass(frozen=True, kw_only=True)
class ItemNeighboursConfig(EntryWeighting):
    """How neighbours are found; the values were chosen on the 5,000-rater CooperUnion sample.

    Attributes:
        shrinkage: added to the product of the two titles' lengths.
        neighbours_per_title: how many are kept.
    """

    shrinkage: float = 20.0
    neighbours_per_title: int = 50

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        super().__post_init__()
        real_number("shrinkage", self.shrinkage, 0.0, 1e9)
        whole_number("neighbours_per_title", self.neighbours_per_title, 1, 100_000)


@dataclass(frozen=True, eq=False)
class ItemNeighbours:
    """Every title's nearest neighbours.

    Attributes:
        weights: the likeness of each watched title to the titles that have it as a neighbour.
        weight_of_score: float32 [11], what an entry counts by its score; place 0 is no score.
    """

    weights: ItemWeights
    weight_of_score: FloatArray

    @classmethod
    def fit(cls, ratings: Ratings, config: ItemNeighboursConfig | None = None) -> Self:
        """Compare all titles; memory is one float32 [n_items, n_items] and the blocks.

        Raises:
            TooLittleData: there is no title or no rating.
        """
        config = config or ItemNeighboursConfig()
        table = config.weight_of_score()
        histories = Histories.of_ratings(ratings)
        gram = gram_matrix(histories, weights_of(histories.score, table))
        weights = ItemWeights.strongest(
            _likeness(gram, config.shrinkage),
            ratings.n_items,
            config.neighbours_per_title,
            np.ones(ratings.n_items, dtype=np.float32),
        )
        return cls(weights, table)

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


def _likeness(gram: FloatArray, shrinkage: float) -> Iterator[FloatArray]:
    """Yield the shrunk cosines of some titles with all after others, 0 with themselves."""
    lengths = np.sqrt(gram.diagonal())
    for start in range(0, len(gram), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(gram)))
        product = lengths[rows, None] * lengths + np.float32(shrinkage)
        block = np.zeros_like(product)
        np.divide(gram[rows], product, out=block, where=product > 0)
        block[rows - start, rows] = 0
        yield block
