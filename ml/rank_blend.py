"""The default list: several rankers' opinions on the best candidates, weighed together.

One ranker, the *lead*, proposes candidates; all of them are asked about these, each one's
relevance is brought to mean 0 and standard deviation 1 over the rater's candidates, and a weighted
sum orders them. Behind the candidates the lead's own order goes on. :mod:`ml.rank_blend_fit` learns
the weights.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.errors import DataError
from ml.histories import Histories
from ml.protocols import FloatArray, IndexArray, Ranker
from ml.ranking import top_k_rows

Int64Array = npt.NDArray[np.int64]

_SMALLEST_SPREAD: Final = 1e-6
"""A ranker that says the same of every candidate has no say, and no division by nothing."""
_BATCH: Final = 256
_BEHIND: Final = np.float32(0.999)


@dataclass(frozen=True, eq=False)
class RankBlend:
    """Rankers and their weights; see :class:`ml.protocols.Ranker`.

    Attributes:
        rankers: by name, those whose weight is not 0. They belong to others as well, so an
            artifact stores them once, and :meth:`arrays` holds the weights alone.
        weights: by name.
        lead: the ranker that proposes the candidates.
        n_candidates: how many it proposes.

    Raises:
        DataError: a ranker or weight is missing, or the rankers are of different titles.
    """

    rankers: Mapping[str, Ranker]
    weights: Mapping[str, float]
    lead: str
    n_candidates: int

    def __post_init__(self) -> None:
        if self.lead not in self.rankers or set(self.rankers) != set(self.weights):
            raise DataError("Every ranker needs a weight, and the lead must be one of them.")
        if len({ranker.n_items for ranker in self.rankers.values()}) > 1:
            raise DataError("The rankers must be of the same titles.")

    @property
    def n_items(self) -> int:
        """Number of titles with a row."""
        return self.rankers[self.lead].n_items

    def relevance(
        self, histories: Histories, known: Mapping[str, FloatArray] | None = None
    ) -> FloatArray:
        """Return float32 [n, n_items], higher is better, watched titles included.

        Candidates have 1 or more, all other titles from 0 to below 1.

        Args:
            histories: of n raters.
            known: relevances [n, n_items] of these raters that have been computed already, by
                the ranker's name; those rankers are not asked again.
        """
        known = known or {}
        relevance = np.empty((len(histories), self.n_items), dtype=np.float32)
        for start in range(0, len(histories), _BATCH):
            rows = slice(start, start + _BATCH)
            own = {name: part[rows] for name, part in known.items()}
            relevance[rows] = self._relevance(histories.take(rows), own)
        return relevance

    def _relevance(self, histories: Histories, known: Mapping[str, FloatArray]) -> FloatArray:
        candidates, parts = self.propose(histories, histories, self.n_candidates, known)
        listed = candidates >= 0
        total = np.zeros(candidates.shape, dtype=np.float32)
        relevance: FloatArray = np.empty(0, dtype=np.float32)
        for name, part in parts:
            mean, spread = standard_scale(part, candidates)
            values = np.take_along_axis(part, candidates, axis=1)
            total += np.float32(self.weights[name]) * ((values - mean) / spread)
            if name == self.lead:
                lowest = part.min(axis=1, keepdims=True)
                reach = part.max(axis=1, keepdims=True) - lowest
                relevance = (part - lowest) * (_BEHIND / np.where(reach > 0, reach, 1))
        total += 1 - np.min(total, axis=1, where=listed, initial=np.inf, keepdims=True)
        rows, places = np.nonzero(listed)
        relevance[rows, candidates[rows, places]] = total[rows, places]
        return relevance

    def contributions(
        self,
        item_index: IndexArray,
        scores: npt.ArrayLike,
        targets: IndexArray,
        spreads: Mapping[str, float] | None = None,
    ) -> FloatArray:
        """Return by how much each watched title moved each target, signed, float32 [n, k].

        The rankers' own contributions, weighed, with the rater's means, spreads and candidates
        held fixed. Approximate therefore: without a title these would move a little too.

        Args:
            item_index: [n], rows of the watched titles.
            scores: [n], 1 to 10, or 0 for none.
            targets: [k], rows.
            spreads: those of :meth:`spreads` where they are at hand; most of the time goes there.
        """
        spreads = spreads or self.spreads(item_index, scores)
        total = np.zeros((len(item_index), len(targets)), dtype=np.float32)
        for name, spread in spreads.items():
            own = self.rankers[name].contributions(item_index, scores, targets)
            total += np.float32(self.weights[name]) * own / np.float32(spread)
        return total

    def spreads(self, item_index: IndexArray, scores: npt.ArrayLike) -> dict[str, float]:
        """Return each ranker's standard deviation over the rater's candidates, lead first.

        Infinite for one that says the same of them all.
        """
        history = Histories.of_one(item_index, scores, self.n_items)
        candidates, parts = self.propose(history, history, self.n_candidates)
        return {name: float(standard_scale(part, candidates)[1][0, 0]) for name, part in parts}

    def propose(
        self,
        histories: Histories,
        excluded: Any,
        n: int,
        known: Mapping[str, FloatArray] | None = None,
    ) -> tuple[Int64Array, Iterator[tuple[str, FloatArray]]]:
        """Return the candidates [r, n], -1 filled, and each ranker's relevance, lead first."""
        known = known or {}

        def relevance_by(name: str) -> FloatArray:
            return known[name] if name in known else self.rankers[name].relevance(histories)

        proposed = relevance_by(self.lead)
        candidates = top_k_rows(proposed, excluded, min(n, self.n_items))

        def parts() -> Iterator[tuple[str, FloatArray]]:
            yield self.lead, proposed
            for name in self.rankers:
                if name != self.lead:
                    yield name, relevance_by(name)

        return candidates, parts()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the weights as an artifact stores them; :meth:`from_arrays` takes them back."""
        return {
            **{f"weight.{name}": np.asarray(weight) for name, weight in self.weights.items()},
            f"lead.{self.lead}": np.asarray(self.n_candidates),
        }

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], rankers: Mapping[str, Ranker]
    ) -> Self:
        """Build it from :meth:`arrays`' form and the rankers it is of.

        Raises:
            DataError: the arrays are none of a blend, or a ranker is missing.
        """
        leads = [name.removeprefix("lead.") for name in arrays if name.startswith("lead.")]
        weights = {
            name.removeprefix("weight."): float(value)
            for name, value in arrays.items()
            if name.startswith("weight.")
        }
        missing = sorted(set(weights) - set(rankers))
        if len(leads) != 1 or missing:
            raise DataError(
                f"These arrays make no blend of {', '.join(rankers)}; "
                f"missing: {', '.join(missing) or 'the lead'}."
            )
        chosen = {name: rankers[name] for name in weights}
        return cls(chosen, weights, leads[0], int(arrays[f"lead.{leads[0]}"]))

    def with_rankers(self, rankers: Mapping[str, Ranker]) -> Self:
        """Return the same weights over other fits of the rankers, such as those on all rows."""
        return type(self)(
            {name: rankers[name] for name in self.weights},
            self.weights,
            self.lead,
            self.n_candidates,
        )


def standard_scale(part: FloatArray, candidates: Int64Array) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation over each rater's candidates, float32 [r, 1] each."""
    listed = candidates >= 0
    values = np.take_along_axis(part, candidates, axis=1).astype(np.float64)
    count = np.maximum(listed.sum(axis=1, keepdims=True), 1)
    mean = np.where(listed, values, 0).sum(axis=1, keepdims=True) / count
    variance = (np.where(listed, values - mean, 0) ** 2).sum(axis=1, keepdims=True) / count
    spread = np.sqrt(variance)
    # Dividing by infinity silences a ranker without an opinion.
    spread[spread < _SMALLEST_SPREAD] = np.inf
    return mean.astype(np.float32), spread.astype(np.float32)
