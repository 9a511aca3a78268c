"""All models of one fit together: what an artifact holds and a process serves from.

Only numpy and scipy are needed here; :mod:`ml.suite_fit` makes a suite.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.artifacts import load_arrays, read_manifest
from ml.cold_titles import VectorGuess
from ml.ease import Ease
from ml.errors import ArtifactDamaged, ArtifactMissing, DataError
from ml.histories import Histories
from ml.implicit_als import ImplicitAls
from ml.ordinal import OrdinalOutput
from ml.protocols import FloatArray, Ranker, ScorePredictor
from ml.rank_blend import RankBlend
from ml.ranking import Popularity
from ml.score_blend import ScoreBlend
from ml.serving import RecommenderNetScorer

Arrays = Mapping[str, npt.NDArray[Any]]

COLLABORATIVE: Final = "collaborative"
EASE_BROAD: Final = "ease-broad"
IMPLICIT_ALS: Final = "implicit-als"
POPULAR: Final = "popular"
RANKERS: Final[Mapping[str, Any]] = {
    COLLABORATIVE: Ease,
    EASE_BROAD: Ease,
    IMPLICIT_ALS: ImplicitAls,
    POPULAR: Popularity,
}
"""What ranks titles, by the name it has in a suite and in an artifact."""

_NET: Final = "recommender_net"
_PREDICTOR: Final = "predictor"
_ORDINAL: Final = "ordinal"
_FOR_YOU: Final = "for-you"
_GUESS: Final = "guess"
_HELD_OUT: Final = "held-out."


@dataclass(frozen=True, eq=False)
class Suite:
    """The models of one fit, over the same raters and titles. What was not asked for is None.

    Attributes:
        net: RecommenderNet.
        best: the predictor with the lowest validation error.
        ordinal: from its predictions to a distribution over the scores.
        rankers: by the names of :data:`RANKERS`.
        for_you: the default list.
        guess: from a title's features to its vector in ``implicit-als``.
    """

    net: RecommenderNetScorer | None = None
    best: ScoreBlend | None = None
    ordinal: OrdinalOutput | None = None
    rankers: Mapping[str, Ranker] = field(default_factory=dict)
    for_you: RankBlend | None = None
    guess: VectorGuess | None = None

    @property
    def predictor(self) -> ScorePredictor | None:
        """What predictions are shown from: the best predictor there is."""
        return self.best or self.net

    def guessed_vectors(self, features: npt.NDArray[np.generic]) -> FloatArray | None:
        """Return vectors for titles that have no row here, float32 [k, d].

        Args:
            features: [k, n_features] of 0 and 1, of the titles.

        Returns:
            None where nothing was learnt of features.
        """
        if self.guess is None or IMPLICIT_ALS not in self.rankers:
            return None
        return self.guess.vectors(features)

    def relevance_of_guessed(self, histories: Histories, vectors: FloatArray) -> FloatArray:
        """Return the relevance of titles with guessed vectors [k, d], float32 [n, k].

        Raises:
            DataError: there are no factors that the vectors could be of.
        """
        factors = self.rankers.get(IMPLICIT_ALS)
        if not isinstance(factors, ImplicitAls):
            raise DataError("Without implicit factors no vector can be guessed.")
        return factors.user_vectors(histories) @ vectors.T

    def groups(self, *, held_out: bool = False) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """Return the arrays by group, as an artifact stores them; :meth:`load` takes them back.

        Args:
            held_out: name the groups as those of a fit that validation and test rows are not in.
        """
        parts: dict[str, Any] = {
            _NET: self.net,
            _PREDICTOR: self.best,
            _ORDINAL: self.ordinal,
            _FOR_YOU: self.for_you,
            _GUESS: self.guess,
            **self.rankers,
        }
        prefix = _HELD_OUT if held_out else ""
        return {
            f"{prefix}{name}": part.arrays() for name, part in parts.items() if part is not None
        }

    @classmethod
    def load(cls, path: Path, *, held_out: bool = False) -> Self:
        """Map the suite of an artifact.

        Raises:
            ArtifactError: it is missing, damaged or too new, or holds no model of this kind.
        """
        prefix = _HELD_OUT if held_out else ""
        stored = {file.removesuffix(".safetensors") for file in read_manifest(path)["files"]}

        def arrays(name: str) -> Arrays | None:
            group = f"{prefix}{name}"
            return load_arrays(path, group) if group in stored else None

        try:
            rankers: dict[str, Ranker] = {
                name: kind.from_arrays(found)
                for name, kind in RANKERS.items()
                if (found := arrays(name)) is not None
            }
            for_you = arrays(_FOR_YOU)
            suite = cls(
                net=_made(RecommenderNetScorer, arrays(_NET)),
                best=_made(ScoreBlend, arrays(_PREDICTOR)),
                ordinal=_made(OrdinalOutput, arrays(_ORDINAL)),
                rankers=rankers,
                for_you=None if for_you is None else RankBlend.from_arrays(for_you, rankers),
                guess=_made(VectorGuess, arrays(_GUESS)),
            )
        except (KeyError, DataError) as error:
            raise ArtifactDamaged(f"{path} is no set of models: {error}") from error
        if suite.net is None and not rankers:
            raise ArtifactMissing(f"{path} holds no{' held-out' if held_out else ''} models.")
        return suite


def _made(kind: Any, arrays: Arrays | None) -> Any:
    return None if arrays is None else kind.from_arrays(arrays)
