"""Simulates who watched what in the demo set, and what they thought of it.

The model, for rater u and title i:

1. *Taste.* Each rater mixes two archetypes of ``tastes.ARCHETYPES`` (drawn by their share) and
   adds noise of their own to each theme. A title also has hidden traits that no genre shows,
   which a sequel shares with what it continues; each rater feels differently about them. The
   match m_ui of both is standardised for each rater.
2. *Exposure.* The number of titles that a rater watched is log-normal: a long tail. Which ones
   is a draw without replacement, in which title i has the weight members_i^a × exp(b · m_ui)
   (the Gumbel top-k trick: Kool et al. 2019, "Stochastic Beams and Where to Find Them"). A title
   that continues another one is never drawn ahead of it, but is likely to follow it.
3. *Score.* An ordered probit: the appreciation

       z_ui = bias_u + spread_u · (q · quality_i + t · m_ui + e · noise_ui),

   standardised over all that was watched, is cut into 1 to 10 at the normal quantiles of the real
   scores' shares. ``quality_i`` is the standardised community score.
4. *Missing scores.* Half of the raters score everything, a few nothing, the others a part.
5. *Status.* Long series and low appreciation leave some titles unfinished.

The constants were fitted to the histogram, the spread of the raters' means, the split of the
variance between raters, titles and the rest, and the share of missing scores in a sample of 5,000
raters of the CooperUnion data set. None of its ratings is in here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from catalog.demo.franchises import predecessors
from catalog.demo.tastes import (
    ARCHETYPES,
    DEMO_PERSON,
    THEMES,
    Matrix,
    Taste,
    standardised_match,
    theme_matrix,
)
from catalog.demo.titles import DemoTitle

DEFAULT_RATERS = 1000

# How many of the real scores were 1, 2, ... 10.
REAL_SCORE_COUNTS = (1278, 1702, 2889, 6847, 19077, 42433, 91136, 108782, 83242, 62557)

# 1. Taste
_MAIN_ARCHETYPE_SHARE = (5.0, 2.5)  # the two parameters of a beta distribution
_THEME_NOISE = 0.25
_HIDDEN_TRAITS = 4
_HIDDEN_WEIGHT = 0.12
# 2. Exposure
_MEDIAN_WATCHED, _WATCHED_LOG_SD, _FEWEST_WATCHED = 55.0, 0.85, 5
_MOST_WATCHED_SHARE = 0.6  # of all titles
_POPULARITY_POWER = 1.0
_TASTE_IN_CHOICE = 0.8
_PULL_OF_A_SEQUEL = 1.2
# 3. Score; the four weights are standard deviations of the appreciation.
_BIAS, _QUALITY, _TASTE, _NOISE = 0.50, 0.40, 0.64, 0.42
_SPREAD_LOG_SD = 0.2
# 4. Missing scores: shares of raters, and a beta distribution for those in between.
_SCORES_ALL, _SCORES_NOTHING, _MISSING_SHARE = 0.5, 0.05, (0.45, 1.0)
# 5. Status
_LONG_SERIES = 20

Indices = npt.NDArray[np.int64]


class WatchStatus(IntEnum):
    """What became of a title; the numbers are those of MyAnimeList."""

    WATCHING = 1
    COMPLETED = 2
    ON_HOLD = 3
    DROPPED = 4


@dataclass(frozen=True, slots=True)
class SimulatedRating:
    """One title watched by one simulated rater; without a score when ``score`` is None."""

    rater: int
    anime_id: int
    score: int | None
    status: WatchStatus


@dataclass(frozen=True, slots=True)
class SimulatedRatings:
    """Simulated ratings as four columns of one length, ordered by rater and anime_id.

    ``rater`` counts from 1; ``score`` is 1 to 10, or 0 where the title was watched without a
    score; ``status`` holds the numbers of ``WatchStatus``. No pair occurs twice.
    """

    rater: Indices
    anime_id: Indices
    score: Indices
    status: Indices

    def __len__(self) -> int:
        return len(self.rater)

    def __iter__(self) -> Iterator[SimulatedRating]:
        """The rows as plain Python values."""
        columns = (self.rater, self.anime_id, self.score, self.status)
        for rater, anime_id, score, status in zip(*(c.tolist() for c in columns), strict=True):
            yield SimulatedRating(rater, anime_id, score or None, WatchStatus(status))


def simulate(
    titles: Sequence[DemoTitle], *, n_raters: int = DEFAULT_RATERS, rng: np.random.Generator
) -> SimulatedRatings:
    """Ratings of ``n_raters`` simulated raters over the titles; see the top of the module.

    The result depends on the titles, the number of raters and the state of ``rng`` only. Raises
    ValueError when there is no title or no rater.
    """
    if not titles or n_raters < 1:
        raise ValueError("A simulation needs at least one title and one rater.")
    before = predecessors(titles)
    match = _matches(titles, before, n_raters, rng)
    watched = _watched(titles, before, match, rng)
    rater, title = np.nonzero(watched)
    appreciation = _appreciation(titles, match, rater, title, rng)
    score = np.where(_is_missing(rater, n_raters, rng), 0, to_scores(appreciation))
    return _table(titles, rater + 1, title, score, _statuses(titles, title, appreciation, rng))


def demo_person(
    titles: Sequence[DemoTitle],
    *,
    rng: np.random.Generator,
    taste: Taste = DEMO_PERSON,
    n_liked: int = 24,
    n_disliked: int = 7,
) -> SimulatedRatings:
    """The list of one simulated person whose taste is plain to see, as rater 1.

    ``n_liked`` titles are drawn among the eighth of the catalogue that suits the taste best, by
    their popularity, and never a sequel without what it continues; ``n_disliked`` among the tenth
    that suits it worst, first parts only. All are scored and none is adult. What is liked gets
    around 9, what is disliked around 4, moved by the quality of the title.
    """
    before = predecessors(titles)
    match = standardised_match(taste.weights()[np.newaxis], theme_matrix(titles))
    suitable = np.array([not title.is_adult for title in titles])
    first = np.array([index is None for index in before])
    low, high = np.quantile(match, [0.10, 0.875])
    keys = _choice_keys(titles, before, match, rng)[0]

    def draw(allowed: npt.NDArray[np.bool_], size: int) -> Indices:
        chosen = np.argsort(np.where(allowed, keys, -np.inf))[::-1]
        return chosen[: min(size, int(allowed.sum()))]

    liked = draw(suitable & (match[0] >= high), n_liked)
    disliked = draw(suitable & first & (match[0] <= low), n_disliked)
    title = np.concatenate([liked, disliked])
    verdict = np.repeat([0.6, -1.9], [len(liked), len(disliked)])
    appreciation = verdict + 0.45 * _quality(titles)[title] + rng.normal(0, 0.3, len(title))
    completed = np.full(len(title), WatchStatus.COMPLETED)
    status = np.where(appreciation < -2.0, WatchStatus.DROPPED, completed)
    return _table(titles, np.ones_like(title), title, to_scores(appreciation), status)


def to_scores(appreciation: Matrix) -> Indices:
    """Scores from 1 to 10 for standardised appreciations, with the real scores' histogram."""
    shares = np.cumsum(REAL_SCORE_COUNTS)[:-1] / sum(REAL_SCORE_COUNTS)
    cutpoints = [NormalDist().inv_cdf(float(share)) for share in shares]
    return np.searchsorted(cutpoints, appreciation) + 1


def _matches(
    titles: Sequence[DemoTitle],
    before: Sequence[int | None],
    n_raters: int,
    rng: np.random.Generator,
) -> Matrix:
    """How well each title suits each rater: (raters × titles), standardised for each rater."""
    archetypes = np.array([archetype.weights() for archetype in ARCHETYPES])
    shares = np.log([archetype.share for archetype in ARCHETYPES])
    order = np.argsort(shares + rng.gumbel(size=(n_raters, len(ARCHETYPES))), axis=1)
    mix = rng.beta(*_MAIN_ARCHETYPE_SHARE, size=(n_raters, 1))
    taste = mix * archetypes[order[:, -1]] + (1 - mix) * archetypes[order[:, -2]]
    taste += rng.normal(0, _THEME_NOISE, size=(n_raters, len(THEMES)))

    traits = rng.normal(size=(len(titles), _HIDDEN_TRAITS))
    for index in _first_parts_first(titles):
        earlier = before[index]
        if earlier is not None:
            traits[index] = 0.8 * traits[earlier] + 0.6 * traits[index]
    feelings = rng.normal(0, _HIDDEN_WEIGHT, size=(n_raters, _HIDDEN_TRAITS))
    return standardised_match(taste, theme_matrix(titles), feelings @ traits.T)


def _watched(
    titles: Sequence[DemoTitle],
    before: Sequence[int | None],
    match: Matrix,
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    """Who has watched what: (raters × titles)."""
    n_raters, n_titles = match.shape
    sizes = _MEDIAN_WATCHED * np.exp(rng.normal(0, _WATCHED_LOG_SD, size=n_raters))
    fewest = min(_FEWEST_WATCHED, n_titles)
    most = max(fewest, int(_MOST_WATCHED_SHARE * n_titles))
    sizes = np.clip(np.rint(sizes), fewest, most).astype(np.int64)
    keys = _choice_keys(titles, before, match, rng)
    descending = -np.sort(-keys, axis=1)
    threshold = descending[np.arange(n_raters), sizes - 1]
    watched: npt.NDArray[np.bool_] = keys >= threshold[:, np.newaxis]
    return watched


def _choice_keys(
    titles: Sequence[DemoTitle],
    before: Sequence[int | None],
    match: Matrix,
    rng: np.random.Generator,
) -> Matrix:
    """In which order each rater comes to the titles: (raters × titles), the highest first."""
    members = np.log([max(title.members, 1) for title in titles])
    keys = _POPULARITY_POWER * members + _TASTE_IN_CHOICE * match + rng.gumbel(size=match.shape)
    for index in _first_parts_first(titles):
        earlier = before[index]
        if earlier is not None:
            # The next smaller number: behind what it continues, with nothing between the two.
            limit = np.nextafter(keys[:, earlier], -np.inf)
            keys[:, index] = np.minimum(keys[:, index] + _PULL_OF_A_SEQUEL, limit)
    return keys


def _appreciation(
    titles: Sequence[DemoTitle],
    match: Matrix,
    rater: Indices,
    title: Indices,
    rng: np.random.Generator,
) -> Matrix:
    """What each rater thinks of each title they watched, standardised over all of these pairs."""
    bias = rng.normal(0, _BIAS, size=len(match))
    spread = np.exp(rng.normal(0, _SPREAD_LOG_SD, size=len(match)))
    # Among what was watched the match is higher than in the catalogue: centre it again.
    watched_match = match[rater, title]
    opinion = (
        _QUALITY * _quality(titles)[title]
        + _TASTE * (watched_match - watched_match.mean())
        + _NOISE * rng.normal(size=len(title))
    )
    appreciation = bias[rater] + spread[rater] * opinion
    standard_deviation = float(appreciation.std())
    centred: Matrix = appreciation - appreciation.mean()
    return centred / standard_deviation if standard_deviation > 0 else centred


def _quality(titles: Sequence[DemoTitle]) -> Matrix:
    """The community scores, standardised; 0 for all where they are all the same."""
    scores = np.array([title.mean_score for title in titles])
    spread = float(scores.std())
    centred: Matrix = scores - scores.mean()
    return centred / spread if spread > 0 else centred


def _is_missing(rater: Indices, n_raters: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """For each watched title whether its rater gave no score."""
    kind = rng.random(n_raters)
    share = rng.beta(*_MISSING_SHARE, size=n_raters)
    share[kind < _SCORES_ALL] = 0.0
    share[kind > 1 - _SCORES_NOTHING] = 1.0
    missing: npt.NDArray[np.bool_] = rng.random(len(rater)) < share[rater]
    return missing


def _statuses(
    titles: Sequence[DemoTitle],
    title: Indices,
    appreciation: Matrix,
    rng: np.random.Generator,
) -> Indices:
    """The status of each watched title: mostly completed."""
    is_long = np.array([entry.episodes >= _LONG_SERIES for entry in titles])[title]
    chance = rng.random(len(title))
    status = np.full(len(title), WatchStatus.COMPLETED, dtype=np.int64)
    status[is_long & (chance < 0.03)] = WatchStatus.ON_HOLD
    status[is_long & (chance > 0.95)] = WatchStatus.WATCHING
    status[(appreciation < -1.2) & (chance < 0.3)] = WatchStatus.DROPPED
    return status


def _first_parts_first(titles: Sequence[DemoTitle]) -> list[int]:
    """The indices in an order in which no title comes before what it continues."""
    return sorted(range(len(titles)), key=lambda index: -titles[index].members)


def _table(
    titles: Sequence[DemoTitle], rater: Indices, title: Indices, score: Indices, status: Indices
) -> SimulatedRatings:
    anime_id = np.array([entry.anime_id for entry in titles], dtype=np.int64)[title]
    order = np.lexsort((anime_id, rater))
    return SimulatedRatings(rater[order], anime_id[order], score[order], status[order])
