"""How well titles without ratings are guessed: whole titles are hidden, and found again or not.

A share of the titles that have ratings loses all of them. Learnt without these, the models rank
the hidden titles among themselves for each rater who scored one of them 8 or more.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.bootstrap import Estimate, bootstrap_interval
from ml.cold_titles import ColdTitles
from ml.content_ranker import ContentProfile
from ml.data import Ratings
from ml.held_out import RELEVANT_FROM
from ml.histories import Histories
from ml.implicit_als import ImplicitAls, ImplicitAlsConfig
from ml.protocols import FloatArray
from ml.ranking import top_k_rows
from ml.ranking_metrics import ndcg_at_k

SHARE: Final = 0.1
MINIMUM_RATINGS: Final = 20
_K: Final = 10


@dataclass(frozen=True)
class ColdTitleReport:
    """NDCG@10 over the hidden titles alone.

    Attributes:
        n_titles: how many were hidden.
        n_raters: how many raters scored one of them 8 or more.
        guessed: by vectors guessed from the features, as in the default list.
        content: by the reference's content profile.
        chance: in random order.
    """

    n_titles: int
    n_raters: int
    guessed: Estimate
    content: Estimate
    chance: Estimate

    def summary(self) -> str:
        """Return the report as a sentence."""
        measured = ", ".join(
            f"{each.value:.4f} [{each.low:.4f}, {each.high:.4f}] {words}"
            for words, each in (
                ("by vectors guessed from features", self.guessed),
                ("by the content profile", self.content),
                ("in random order", self.chance),
            )
        )
        return (
            f"NDCG@{_K} over {self.n_titles:,} titles hidden from training, of {self.n_raters:,} "
            f"raters: {measured}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return {
            "n_titles": self.n_titles,
            "n_raters": self.n_raters,
            "guessed": self.guessed.to_dict(),
            "content": self.content.to_dict(),
            "chance": self.chance.to_dict(),
        }


def check_cold_titles(
    train: Ratings,
    features: npt.NDArray[np.generic],
    config: ImplicitAlsConfig,
    *,
    seed: int,
) -> ColdTitleReport | None:
    """Hide a tenth of the titles that have 20 ratings or more, and rank them.

    Args:
        train: rows to hide from and to learn from.
        features: [n_items, n_features] of 0 and 1.
        config: of the factors.
        seed: which titles are hidden.

    Returns:
        None where there are too few titles to hide, or nobody who likes one.
    """
    generator = np.random.default_rng(seed)
    counts = np.bincount(train.item_index, minlength=train.n_items)
    known = np.flatnonzero(counts >= MINIMUM_RATINGS)
    hidden = np.sort(generator.permutation(known)[: int(len(known) * SHARE)])
    is_hidden = np.zeros(train.n_items, dtype=bool)
    is_hidden[hidden] = True
    wanted = train.take(is_hidden[train.item_index] & (train.score >= RELEVANT_FROM))
    raters = np.unique(wanted.user_index)
    if len(hidden) <= _K or not len(raters):
        return None
    rest = train.take(~is_hidden[train.item_index])
    n_raters = np.bincount(rest.item_index, minlength=rest.n_items)
    guess = ColdTitles.fit(ImplicitAls.fit(rest, config), features, n_raters)
    histories = Histories.of_ratings(rest, raters)
    relevant = wanted.seen_matrix()[raters][:, hidden]
    profile = ContentProfile(features.astype(np.float32))

    def measured(relevance: FloatArray) -> Estimate:
        values = ndcg_at_k(top_k_rows(relevance, None, _K), relevant, _K)
        low, high = bootstrap_interval(values, generator=np.random.default_rng(seed))
        return Estimate(float(values.mean()), low, high)

    return ColdTitleReport(
        n_titles=len(hidden),
        n_raters=len(raters),
        guessed=measured(guess.relevance(histories)[:, hidden]),
        content=measured(profile.relevance(histories)[:, hidden]),
        chance=measured(generator.random((len(raters), len(hidden)), dtype=np.float32)),
    )
