"""Which titles the same people watch: neighbours in the factorisation of who watched what.

Of the models of a version, the vectors of ``implicit-als`` name the neighbours that make most sense
on the real data; EASE names what nearly everybody has watched, the predictor's factors what gets
similar scores rather than the same viewers.
"""

import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.implicit_als import ImplicitAls
from recommender.services.catalogue import CatalogueArrays
from recommender.services.registry import LoadedModel

Rows = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

# Added to the length of a neighbour's vector, as a share of the longest: titles of a handful of
# raters have short vectors, whose direction is chance.
_DAMPING = 0.05
# So many neighbours of a title are kept; what is hidden or of its series is taken out of them.
_MOST_NEAR = 100


@dataclass(frozen=True, eq=False)
class TasteVectors:
    """The titles' vectors by the catalogue's n rows.

    Attributes:
        model, catalogue: what they are of.
        directions: float32 [n, d], of length 1, or 0 for a title that the model does not know.
        damping: float32 [n], the fewer raters a title has, the less.
    """

    model: LoadedModel
    catalogue: CatalogueArrays
    directions: FloatArray
    damping: FloatArray
    _near: dict[int, Rows] = field(default_factory=dict)

    def knows(self, row: int) -> bool:
        """Whether the title has a vector."""
        return bool(self.directions[row].any())

    def nearest(self, row: int) -> Rows:
        """The rows of the nearest other titles, the nearest first, of equals the lower one.

        The likeness is the cosine of the two vectors, damped; only what is above 0 is near.
        """
        kept = self._near.get(row)
        if kept is None:
            kept = self._near[row] = self._computed(row)
        return kept

    def likeness(self, row: int, others: Rows) -> FloatArray:
        """How near other titles are to one, float32 [len(others)]: the damped cosines."""
        found: FloatArray = (self.directions[others] @ self.directions[row]) * self.damping[others]
        return found

    def _computed(self, row: int) -> Rows:
        likeness = (self.directions @ self.directions[row]) * self.damping
        likeness[row] = 0.0
        near = np.argpartition(-likeness, min(_MOST_NEAR, len(likeness) - 1))[:_MOST_NEAR]
        near = near[likeness[near] > 0]
        nearest: Rows = near[np.lexsort((near, -likeness[near]))].astype(np.int64)
        return nearest


_lock = threading.Lock()
_kept: TasteVectors | None = None


def taste_vectors(model: LoadedModel, catalogue: CatalogueArrays) -> TasteVectors | None:
    """Made once a process for a version and a catalogue; None where the version has no factors."""
    global _kept  # noqa: PLW0603 - one catalogue and one model a process is the point
    kept = _kept
    if kept is not None and kept.model is model and kept.catalogue is catalogue:
        return kept
    factors = model.suite.rankers.get("implicit-als")
    if not isinstance(factors, ImplicitAls):
        return None
    with _lock:
        known = catalogue.items.contains(model.items.ids)
        vectors = np.zeros((len(catalogue.items), factors.item_vectors.shape[1]), dtype=np.float32)
        vectors[catalogue.items.index(model.items.ids[known])] = factors.item_vectors[known]
        lengths = np.linalg.norm(vectors, axis=1)
        damping = lengths / np.maximum(lengths + _DAMPING * lengths.max(initial=0.0), 1e-9)
        vectors /= np.where(lengths > 0, lengths, 1)[:, None]
        _kept = TasteVectors(model, catalogue, vectors, damping.astype(np.float32))
        return _kept
