"""Learn how much each ranker says in the default list.

The weights are learnt for what the list is judged by, NDCG@10 on validation, by coordinate ascent
(Metzler & Croft, "Linear feature-based models for information retrieval", Information Retrieval
10, 2007). Rankers that agree agree on well-known titles; so the one named ``popular`` then counts
against a title, just enough that all raters' top tens together show more different titles than
the lead's do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.checks import real_number, whole_number
from ml.errors import TooLittleData
from ml.held_out import HeldOut
from ml.protocols import FloatArray, Ranker
from ml.rank_blend import RankBlend, standard_scale
from ml.ranking import top_k_rows
from ml.ranking_metrics import recommendation_counts
from ml.settings import Settings

Int64Array = npt.NDArray[np.int64]

POPULAR: Final = "popular"
_K: Final = 10
_STEP: Final = 0.1
_MOST_STEPS: Final = 15
_BATCH: Final = 256
_NOTHING: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class RankBlendConfig(Settings):
    """How the weights are learnt.

    Attributes:
        n_candidates: titles that the lead proposes for each rater.
        first_step: by how much a weight is changed at first; halved after each round.
        n_rounds: passes over the weights.
        min_gain: in NDCG@10; a change that gains less is not made, so that a ranker that has
            nothing to add stays at weight 0 and is not asked when a list is made.
        variety: how many different titles the top tens are to show, as a multiple of the lead's.
        price_of_variety: share of the NDCG@10 that may be lost for it.
    """

    n_candidates: int = 300
    first_step: float = 0.2
    n_rounds: int = 3
    min_gain: float = 2e-4
    variety: float = 1.05
    price_of_variety: float = 0.005

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        whole_number("n_candidates", self.n_candidates, 1, 100_000)
        real_number("first_step", self.first_step, 0.0, 10.0, lower_open=True)
        whole_number("n_rounds", self.n_rounds, 1, 100)
        real_number("min_gain", self.min_gain, 0.0, 1.0)
        real_number("variety", self.variety, 0.0, 2.0)
        real_number("price_of_variety", self.price_of_variety, 0.0, 1.0)


def fit_rank_blend(
    rankers: Mapping[str, Ranker],
    lead: str,
    held_out: HeldOut,
    config: RankBlendConfig | None = None,
) -> RankBlend:
    """Learn the weights on raters with held-out titles.

    Args:
        rankers: by name; they have not learnt from the held-out rows.
        lead: the one that proposes; its weight stays 1.
        held_out: the validation part.
        config: settings.

    Raises:
        TooLittleData: no rater has a relevant held-out title.
        DataError: the lead is missing, or the rankers are of different titles.
    """
    config = config or RankBlendConfig()
    if not len(held_out):
        raise TooLittleData("No rater has a relevant validation title to weigh rankers by.")
    names = [lead, *(name for name in rankers if name != lead)]
    even = RankBlend({name: rankers[name] for name in names}, dict.fromkeys(names, 1.0), lead, 1)
    examples = _examples(even, held_out, config.n_candidates)
    opinions = [place for place, name in enumerate(names) if place and name != POPULAR]
    weights = _ascend(examples, opinions, config)
    if POPULAR in names[1:]:  # as the lead it keeps its weight
        _vary(examples, weights, names.index(POPULAR), config)
    found = {
        name: round(float(weight), 6)
        for name, weight in zip(names, weights, strict=True)
        if abs(weight) > _NOTHING
    }
    chosen = {name: rankers[name] for name in found}
    return RankBlend(chosen, found, lead, config.n_candidates)


def _examples(blend: RankBlend, held_out: HeldOut, n: int) -> "_Examples":
    """Return the candidates of every rater with a relevant held-out title, and what is said."""
    shape = (len(held_out), min(n, blend.n_items))
    features = np.zeros((*shape, len(blend.rankers)), dtype=np.float32)
    hits, titles = np.zeros(shape, dtype=bool), np.full(shape, -1, dtype=np.int64)
    for start in range(0, len(held_out), _BATCH):
        rows = slice(start, min(start + _BATCH, len(held_out)))
        candidates, parts = blend.propose(held_out.histories.take(rows), held_out.left_out[rows], n)
        listed = candidates >= 0
        for place, (_, part) in enumerate(parts):
            mean, spread = standard_scale(part, candidates)
            standard = (np.take_along_axis(part, candidates, axis=1) - mean) / spread
            # A place without a candidate must not be ranked above one with.
            features[rows, :, place] = np.where(listed, standard, 0 if place else -np.inf)
        relevant = held_out.relevant[rows].toarray()
        hits[rows] = np.take_along_axis(relevant, candidates, axis=1) & listed
        titles[rows] = candidates
    n_relevant = np.diff(held_out.relevant.indptr)
    ideal = np.cumsum(_discounts(_K))[np.minimum(n_relevant, _K) - 1]
    return _Examples(features, titles, hits, ideal, blend.n_items)


def _discounts(k: int) -> npt.NDArray[np.float64]:
    return np.asarray(1 / np.log2(np.arange(k) + 2), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Examples:
    """What weights are learnt from.

    Attributes:
        features: float32 [r, n, f], each ranker's standardised relevance of the candidates.
        titles: int64 [r, n], their rows, -1 behind shorter lists.
        hits: bool [r, n], which of them are relevant.
        ideal: float64 [r], the DCG of the best list.
        n_items: number of titles.
    """

    features: FloatArray
    titles: Int64Array
    hits: npt.NDArray[np.bool_]
    ideal: npt.NDArray[np.float64]
    n_items: int

    def top(self, values: FloatArray) -> Int64Array:
        """Return the places [r, 10] of the best candidates by a value [r, n]."""
        return top_k_rows(values, None, min(_K, values.shape[1]))

    def ndcg(self, values: FloatArray) -> float:
        """Return the mean NDCG@10 of the candidates in the order of a value [r, n]."""
        places = self.top(values)
        gains = np.take_along_axis(self.hits, places, axis=1) @ _discounts(places.shape[1])
        return float(np.mean(gains / self.ideal))

    def n_different(self, values: FloatArray) -> int:
        """Return how many different titles the top tens show together."""
        listed = np.take_along_axis(self.titles, self.top(values), axis=1)
        return int(np.count_nonzero(recommendation_counts(listed, self.n_items, _K)))


def _ascend(
    examples: _Examples, places: list[int], config: RankBlendConfig
) -> npt.NDArray[np.float64]:
    """Return weights [f], the first one 1, that a walk along the axes ``places`` finds best."""
    features = examples.features
    weights = np.zeros(features.shape[2])
    weights[0] = 1.0
    total = features[:, :, 0].copy()
    best = examples.ndcg(total)
    step = config.first_step
    for _ in range(config.n_rounds):
        for place in places:
            for change in (step, -step):
                while True:
                    candidate = total + np.float32(change) * features[:, :, place]
                    reached = examples.ndcg(candidate)
                    if reached < best + config.min_gain:
                        break
                    total, best = candidate, reached
                    weights[place] += change
        step /= 2
    return weights


def _vary(
    examples: _Examples,
    weights: npt.NDArray[np.float64],
    popular: int,
    config: RankBlendConfig,
) -> None:
    """Lower the weight of popularity until the top tens show enough different titles."""
    wanted = config.variety * examples.n_different(examples.features[:, :, 0])
    total = examples.features @ weights.astype(np.float32)
    least = (1 - config.price_of_variety) * examples.ndcg(total)
    for _ in range(_MOST_STEPS):
        if examples.n_different(total) >= wanted:
            return
        total = total - np.float32(_STEP) * examples.features[:, :, popular]
        if examples.ndcg(total) < least:
            return
        weights[popular] -= _STEP
