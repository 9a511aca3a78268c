"""How much an entry of a history counts for a ranker, from its score alone.

A weight that looked at the rater's other scores, say at their mean, would change with every title
added, and then no title's contribution to a list could be stated exactly. Weights by the score
alone rank as well on the 5,000-rater CooperUnion sample.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from ml.checks import real_number
from ml.data import HIGHEST_SCORE
from ml.errors import ConfigError, DataError
from ml.settings import Settings

Weighting = Literal["watched", "scored"]
WEIGHTINGS: Final[tuple[str, ...]] = get_args(Weighting)

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class EntryWeighting(Settings):
    """What the settings of every ranker that weighs entries have in common.

    Attributes:
        weighting: ``watched``: every entry counts 1. ``scored``: an entry with score s counts
            ``1 + score_slope * (s - neutral_score)``, but not less than ``lowest_weight``, and
            one without a score ``unscored_weight``.
        score_slope: see above; in 1/points.
        neutral_score: the score that counts 1.
        lowest_weight: below 0, a low score speaks against similar titles.
        unscored_weight: see above.
    """

    weighting: Weighting = "scored"
    score_slope: float = 0.3
    neutral_score: float = 7.5
    lowest_weight: float = -0.5
    unscored_weight: float = 0.8

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        if self.weighting not in WEIGHTINGS:
            raise ConfigError(
                f"weighting must be one of {', '.join(WEIGHTINGS)}, not {self.weighting!r}."
            )
        real_number("score_slope", self.score_slope, 0.0, 10.0)
        real_number("neutral_score", self.neutral_score, 1.0, 10.0)
        real_number("lowest_weight", self.lowest_weight, -10.0, 1.0)
        real_number("unscored_weight", self.unscored_weight, 0.0, 10.0)

    def weight_of_score(self) -> FloatArray:
        """Return what an entry counts by its score, float32 [11]; place 0 is no score."""
        if self.weighting == "watched":
            return np.ones(HIGHEST_SCORE + 1, dtype=np.float32)
        scores = np.arange(HIGHEST_SCORE + 1)
        by_score = 1 + self.score_slope * (scores - self.neutral_score)
        weights: FloatArray = np.maximum(by_score, self.lowest_weight).astype(np.float32)
        weights[0] = self.unscored_weight
        return weights


def weights_of(scores: npt.ArrayLike, weight_of_score: FloatArray) -> FloatArray:
    """Return what each entry counts, float32 [n].

    Args:
        scores: [n], 0 to 10; those between two whole numbers are weighed in proportion.
        weight_of_score: float32 [11], from :meth:`EntryWeighting.weight_of_score`.

    Raises:
        DataError: a score is out of range, or the table does not have 11 entries.
    """
    given = np.asarray(scores, dtype=np.float32)
    if weight_of_score.shape != (HIGHEST_SCORE + 1,):
        raise DataError(f"Expected a weight for each score from 0 to {HIGHEST_SCORE}.")
    if not np.all((given >= 0) & (given <= HIGHEST_SCORE)):
        raise DataError(f"Scores must be from 0 (none) to {HIGHEST_SCORE}.")
    lower = np.floor(given).astype(np.int64)
    share = given - lower
    upper = np.minimum(lower + 1, HIGHEST_SCORE)
    between = (1 - share) * weight_of_score[lower] + share * weight_of_score[upper]
    weights: FloatArray = np.where(share == 0, weight_of_score[lower], between)
    return weights.astype(np.float32, copy=False)
