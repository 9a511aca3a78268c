"""What somebody's own scores say, beside what everybody thinks of the same titles."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from django.db.models import Sum

from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Rating, TitleStatistics
from catalog.services.own_list import OwnList

# A mean deviation is shrunk as if this many more titles had been scored average: with two titles
# of a genre one knows little about it.
SHRINKAGE = 3.0
# With fewer scored titles a genre or a type is not shown.
FEWEST_TITLES = 3
# So many titles are named as over- and as underrated.
EXTREMES = 8
# Scores that hardly differ are taken for this much different, in points.
_LEAST_SPREAD = 0.5

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leaning:
    """How somebody scores a genre, or a type.

    Attributes:
        name: of the genre or type; ``slug`` is the value of the list's filter.
        n_scored: how many of its titles have a score.
        mean: their mean score.
        community: the mean of the community's scores of those that have one, or None.
        deviation: by how many points the titles are scored above what is to be expected,
            shrunk: see :func:`shrunk_mean`.
    """

    name: str
    slug: str
    n_scored: int
    mean: float
    community: float | None
    deviation: float


@dataclass(frozen=True, slots=True)
class Extreme:
    """A title that somebody scores much otherwise than the community; ``gap`` in deviations."""

    anime_id: int
    score: int
    community: float
    gap: float


@dataclass(frozen=True, slots=True)
class ListStatistics:
    """The figures of a list; the means are None where nothing is scored.

    Attributes:
        n_titles, n_watched, n_scored: titles on the list, watched ones, and those with a score.
        n_episodes: seen, as far as it is known: of a completed title all of them.
        mean, spread: of the scores, with their standard deviation.
        community_mean: mean of the community's scores of the scored titles.
        own_shares, community_shares: of the scores from 1 to 10; the community's are of everybody
            here who has scored one of these titles, the person included. Empty without scores.
        genres: by deviation, the highest first. types: by number of titles.
        overrated, underrated: what the person scores much higher, and much lower.
    """

    n_titles: int
    n_watched: int
    n_scored: int
    n_episodes: int
    mean: float | None
    spread: float | None
    community_mean: float | None
    own_shares: tuple[float, ...]
    community_shares: tuple[float, ...]
    genres: tuple[Leaning, ...]
    types: tuple[Leaning, ...]
    overrated: tuple[Extreme, ...]
    underrated: tuple[Extreme, ...]


def shrunk_mean(total: float, n: int) -> float:
    """The mean of n deviations with this sum, as if there were three more of nothing."""
    return total / (n + SHRINKAGE)


@dataclass(frozen=True, eq=False)
class _Scored:
    """The scored titles of a list: ids, rows in the arrays, own and community scores, residuals.

    A residual is by how much a score is above what is to be expected: the person's mean, plus what
    the community's score of the title lies above its mean over the same titles. So a genre of
    good titles is not taken for one that the person likes more than others do. A title without a
    community score is expected to be average.
    """

    ids: list[int]
    rows: npt.NDArray[np.int64]
    own: FloatArray
    community: FloatArray

    @cached_property
    def residuals(self) -> FloatArray:
        usual = self.community - (_known_mean(self.community) or 0.0)
        above = self.own - np.nan_to_num(usual, nan=0.0)
        centred: FloatArray = above - above.mean() if len(above) else above
        return centred

    def leaning(self, chosen: npt.NDArray[np.bool_], *, name: str, slug: str) -> Leaning:
        """How the chosen titles are scored."""
        return Leaning(
            name=name,
            slug=slug,
            n_scored=int(chosen.sum()),
            mean=float(self.own[chosen].mean()),
            community=_known_mean(self.community[chosen]),
            deviation=shrunk_mean(float(self.residuals[chosen].sum()), int(chosen.sum())),
        )


def list_statistics(mine: OwnList) -> ListStatistics:
    """Compute the figures of a list, with one query more than reading it took."""
    scored = _scored(mine)
    extremes = _extremes(scored)
    return ListStatistics(
        n_titles=len(mine),
        n_watched=len(mine) - mine.counts[Rating.Status.PLAN_TO_WATCH],
        n_scored=len(scored.ids),
        n_episodes=_episodes_seen(mine),
        mean=float(scored.own.mean()) if scored.ids else None,
        spread=float(scored.own.std()) if scored.ids else None,
        community_mean=_known_mean(scored.community),
        own_shares=_shares(np.bincount(scored.own.astype(np.int64), minlength=MAX_SCORE + 1)[1:]),
        community_shares=_shares(_community_counts(mine)) if scored.ids else (),
        genres=_genres(mine, scored),
        types=_types(mine, scored),
        overrated=tuple(each for each in extremes if each.gap > 0)[:EXTREMES],
        underrated=tuple(each for each in reversed(extremes) if each.gap < 0)[:EXTREMES],
    )


def _scored(mine: OwnList) -> _Scored:
    ids = sorted(pk for pk, entry in mine.entries.items() if entry.score is not None)
    rows = np.array([mine.rows[pk] for pk in ids], dtype=np.int64)
    own = np.array([mine.entries[pk].score for pk in ids], dtype=np.float64)
    return _Scored(ids, rows, own, mine.arrays.mean_score[rows])


def _genres(mine: OwnList, scored: _Scored) -> tuple[Leaning, ...]:
    has_genre = mine.arrays.has_genre[scored.rows]
    found = [
        scored.leaning(has_genre[:, column], name=genre.name, slug=genre.slug)
        for column, genre in enumerate(mine.arrays.genres)
        if has_genre[:, column].sum() >= FEWEST_TITLES
    ]
    return tuple(sorted(found, key=lambda each: (-each.deviation, each.name)))


def _types(mine: OwnList, scored: _Scored) -> tuple[Leaning, ...]:
    types = mine.arrays.types[scored.rows]
    found = [
        scored.leaning(types == kind.value, name=str(kind.label), slug=kind.value)
        for kind in Anime.Type
        if (types == kind.value).sum() >= FEWEST_TITLES
    ]
    return tuple(sorted(found, key=lambda each: (-each.n_scored, each.name)))


def _extremes(scored: _Scored) -> list[Extreme]:
    """The titles whose place among the person's is not the one that they have elsewhere.

    Both scores are standardised over the same titles, so that it makes no difference whether
    somebody scores low or within narrow bounds. The most overrated come first.
    """
    known = np.flatnonzero(np.isfinite(scored.community))
    if len(known) < FEWEST_TITLES:
        return []
    own, community = scored.own[known], scored.community[known]
    gaps = _standardised(own) - _standardised(community)
    found = [
        Extreme(scored.ids[index], int(score), float(mean), float(gap))
        for index, score, mean, gap in zip(known.tolist(), own, community, gaps, strict=True)
    ]
    return sorted(found, key=lambda each: (-each.gap, each.anime_id))


def _standardised(values: FloatArray) -> FloatArray:
    standardised: FloatArray = (values - values.mean()) / max(float(values.std()), _LEAST_SPREAD)
    return standardised


def _episodes_seen(mine: OwnList) -> int:
    seen = 0
    for pk, entry in mine.entries.items():
        episodes = entry.episodes_watched
        if episodes is None and entry.status == Rating.Status.COMPLETED:
            episodes = max(int(mine.arrays.episodes[mine.rows[pk]]), 0)
        seen += episodes or 0
    return seen


def _community_counts(mine: OwnList) -> npt.NDArray[np.int64]:
    """How often everybody has given each score from 1 to 10 to the scored titles, int64 [10]."""
    fields = [f"scores_{score}" for score in range(MIN_SCORE, MAX_SCORE + 1)]
    counted = TitleStatistics.objects.filter(
        anime__ratings__rater=mine.rater, anime__ratings__score__isnull=False
    )
    if not mine.show_adult:
        counted = counted.filter(anime__is_adult=False)
    sums = counted.aggregate(**{field: Sum(field) for field in fields})
    return np.array([sums[field] or 0 for field in fields], dtype=np.int64)


def _shares(counts: npt.NDArray[np.int64]) -> tuple[float, ...]:
    total = int(counts.sum())
    return tuple((counts / total).tolist()) if total else ()


def _known_mean(values: FloatArray) -> float | None:
    """The mean of what is known, None where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
