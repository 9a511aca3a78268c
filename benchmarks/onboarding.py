"""Measures which titles are best asked about, by newcomers who are simulated from real raters.

    RECOMMENDER_DATA=... python -m benchmarks.onboarding [--raters N] [--seed N]

1,000 raters of those with ten scored titles or more are taken out of the ratings, and the product's
models are fitted on the rest. Each of them then comes as a newcomer: of the titles that are shown
they score those that they have scored in truth, but for a random 30 % of their scored titles, which
are what is measured. After 24 and after 48 titles shown it is counted how many of these they have
on their lists and could score, and the served models are asked for predictions (RMSE) and for a
list (NDCG@10, relevant from 8 up; what they have watched otherwise is not listed). Ratios to the
titles with most raters have 95 % bootstrap intervals over raters. It takes about ten minutes.
"""

import argparse
import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.fold_in_quality import LEFT_OUT, LeftOut, leave_out
from benchmarks.quality import configuration, heading, tell
from benchmarks.real_files import folder_of_data, read_real_files, read_real_ratings
from catalog.titles import franchise_key
from ml.bootstrap import estimate, resampled_sums
from ml.data import Ratings, Split
from ml.elicitation import Elicitation, Questions
from ml.held_out import RELEVANT_FROM
from ml.histories import Histories
from ml.ranking import top_k_rows
from ml.ranking_metrics import ndcg_at_k
from ml.score_neighbours import ScoreNeighbours
from ml.serving import clip_score
from ml.suite import IMPLICIT_ALS, Suite
from ml.suite_fit import Follower, fit_held_out

SHOWN: Final = (24, 48)
_ROUND: Final = 24
_ASKED_SHARE: Final = 0.3
_ADULT: Final = "Hentai"

Rows = npt.NDArray[np.int64]
# From the rows shown so far and those of them that were scored to the rows shown next.
Policy = Callable[[Rows, Rows], Rows]


@dataclass(frozen=True, eq=False)
class Titles:
    """What the catalogue says of the titles with a row.

    Attributes:
        group: int64 [n], a number for each franchise.
        is_adult: bool [n].
        features: float32 [n, f].
        genres: of each title.
    """

    group: Rows
    is_adult: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float32]
    genres: list[tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Newcomers:
    """Raters whom the models have not seen: what they can score, and what is measured.

    Attributes:
        raters: rows of the raters.
        watched: bool [n_raters, n_items].
        scores: int8 [n_raters, n_items], what they would say when asked, 0 for nothing.
        wanted: int8 [n_raters, n_items], the scores that are to be predicted, 0 for nothing.
    """

    raters: Rows
    watched: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.int8]
    wanted: npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one way of asking leads to, by rater, at one number of titles shown.

    Attributes:
        watched, scored: of the titles shown.
        squares: sum of squared errors of the wanted scores.
        n_wanted: how many those are.
        ndcg: NaN for a rater without a relevant title among the wanted ones.
    """

    watched: npt.NDArray[np.float64]
    scored: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]
    n_wanted: npt.NDArray[np.float64]
    ndcg: npt.NDArray[np.float64]


def main() -> None:
    """Fit, ask in each way, print."""
    parser = argparse.ArgumentParser(description="Which titles a newcomer is best asked about.")
    parser.add_argument("--raters", type=int, default=LEFT_OUT, help="how many newcomers")
    parser.add_argument("--seed", type=int, default=0, help="of the raters and of what is measured")
    options = parser.parse_args()
    folder = folder_of_data()
    files = read_real_files(folder)
    titles = read_titles(folder, files.features)
    left_out = leave_out(files.ratings, options.raters, seed=options.seed)
    follower = Follower(step=lambda words: tell(f"Fitting: {words}"))
    parts = Split(files.parts.part[left_out.is_rest])
    suite = fit_held_out(left_out.rest, parts, configuration(), follower=follower).suite
    newcomers = newcomers_of(files.ratings, left_out, seed=options.seed)
    ways = ways_to_ask(suite, left_out.rest, titles, len(left_out.raters))
    print(heading())
    print(f"{len(newcomers.raters):,} newcomers")
    outcomes = {}
    for name, way in ways.items():
        tell(f"Asking: {name}")
        outcomes[name] = simulate(way, newcomers, suite)
        print(described(name, way, outcomes[name], outcomes["most raters"], titles))


def read_titles(folder: Path, features: npt.NDArray[np.float32]) -> Titles:
    """Read what ``anime.csv`` says of the titles of ``rating.csv``."""
    items = read_real_ratings(folder)[2].ids.tolist()
    with (folder / "anime.csv").open(encoding="utf-8", newline="") as source:
        rows = {int(row["anime_id"]): row for row in csv.DictReader(source)}
    found = [rows.get(anime_id, {"name": str(anime_id), "genre": ""}) for anime_id in items]
    keys = [franchise_key(unescape(row["name"])) for row in found]
    return Titles(
        group=np.unique(keys, return_inverse=True)[1].astype(np.int64),
        is_adult=np.array([_ADULT in row["genre"] for row in found]),
        features=features,
        genres=[tuple(row["genre"].split(", ")) for row in found],
    )


def newcomers_of(ratings: Ratings, left_out: LeftOut, *, seed: int) -> Newcomers:
    """Divide the rows of those left out into what they would say and what is measured."""
    raters = left_out.raters
    own = ratings.take(np.isin(ratings.user_index, raters))
    row = np.searchsorted(raters, own.user_index)
    shape = (len(raters), ratings.n_items)
    watched = np.zeros(shape, dtype=bool)
    watched[row, own.item_index] = True
    is_wanted = np.random.default_rng(seed).random(len(own)) < _ASKED_SHARE
    scores, wanted = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    scores[row[~is_wanted], own.item_index[~is_wanted]] = own.score[~is_wanted]
    wanted[row[is_wanted], own.item_index[is_wanted]] = own.score[is_wanted]
    return Newcomers(raters, watched, scores, wanted)


def ways_to_ask(suite: Suite, rest: Ratings, titles: Titles, n_left_out: int) -> dict[str, Policy]:
    """Every way of asking that is compared; the first is what the others are measured against."""
    n_raters = np.bincount(rest.item_index, minlength=rest.n_items)
    counts = np.zeros((rest.n_items, 11))
    np.add.at(counts, (rest.scored().item_index, rest.scored().score), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    part = next(iter(suite.best.parts.values())) if suite.best is not None else None
    if not isinstance(part, ScoreNeighbours):
        raise SystemExit("The best predictor of this fit has no factorisation.")
    model = Elicitation(
        questions=Questions.of_factorisation(part.base),
        known=n_raters / (rest.n_users - n_left_out),
        may_ask=~titles.is_adult,
        group=titles.group,
        features=titles.features,
    )

    def ordered(value: npt.NDArray[np.float64], *, of_each_franchise: bool = True) -> Policy:
        order = np.argsort(-np.where(titles.is_adult, -1.0, value), kind="stable")
        if of_each_franchise:
            order = order[np.sort(np.unique(titles.group[order], return_index=True)[1])]
        return lambda shown, scored: order[len(shown) : len(shown) + _ROUND]

    def ours(shown: Rows, scored: Rows, **settings: float) -> Rows:
        relevance = None
        if len(scored):
            history = Histories.of_one(scored, np.zeros(len(scored)), rest.n_items)
            relevance = suite.rankers[IMPLICIT_ALS].relevance(history)[0]
        return model.next_titles(
            _ROUND, scored=scored, asked=shown, relevance=relevance, **settings
        )

    nobody = np.empty(0, dtype=np.int64)
    popular = n_raters.astype(np.float64)
    return {
        "most raters": ordered(popular, of_each_franchise=False),
        "most raters, one of a franchise": ordered(popular),
        "log raters × entropy": ordered(np.log(np.maximum(n_raters, 1)) * entropy),
        "ours, not following the scores": lambda shown, scored: ours(shown, nobody),
        "ours": ours,
        "ours, known counts once": lambda shown, scored: ours(shown, scored, power=1.0),
        "ours, likeness costs nothing": lambda shown, scored: ours(
            shown, scored, likeness_cost=0.0
        ),
    }


def simulate(way: Policy, newcomers: Newcomers, suite: Suite) -> Mapping[int, Outcome]:
    """Let every newcomer be asked, and measure after each number of titles shown."""
    rows: dict[int, list[tuple[float, ...]]] = {number: [] for number in SHOWN}
    nothing = np.empty(0, dtype=np.int64)
    first = way(nothing, nothing)  # nobody has said anything yet: it is the same for all
    for rater in range(len(newcomers.raters)):
        shown = first
        for number in SHOWN:
            while len(shown) < number:
                scored = np.sort(shown[newcomers.scores[rater, shown] > 0])
                shown = np.concatenate([shown, way(shown, scored)])
            rows[number].append(_measured(rater, shown[:number], newcomers, suite))
    return {number: Outcome(*np.array(of).T) for number, of in rows.items()}


def _measured(rater: int, shown: Rows, newcomers: Newcomers, suite: Suite) -> tuple[float, ...]:
    scores, wanted = newcomers.scores[rater], newcomers.wanted[rater]
    scored = np.sort(shown[scores[shown] > 0])
    rows = np.flatnonzero(wanted)
    if suite.best is None or suite.for_you is None:
        raise SystemExit("This fit has no predictor or no list.")
    given = scores[scored].astype(np.float64)
    vector = suite.best.fold_in(scored, given) if scored.size else suite.best.prior_vector
    errors = clip_score(suite.best.predict(vector, rows)) - wanted[rows]
    ndcg = np.nan
    relevant = wanted >= RELEVANT_FROM
    if relevant.any():
        history = Histories.of_one(scored, given, len(scores))
        seen = sparse.csr_array((newcomers.watched[rater] & (wanted == 0))[None])
        listed = top_k_rows(suite.for_you.relevance(history), seen, 10)
        ndcg = float(ndcg_at_k(listed, sparse.csr_array(relevant[None]), 10)[0])
    watched = float(newcomers.watched[rater, shown].sum())
    return watched, float(scored.size), float((errors**2).sum()), float(rows.size), ndcg


def described(
    name: str,
    way: Policy,
    outcomes: Mapping[int, Outcome],
    against: Mapping[int, Outcome],
    titles: Titles,
) -> str:
    """A way's figures as lines of text."""
    nothing = np.empty(0, dtype=np.int64)
    first = way(nothing, nothing)
    features = titles.features[first] / np.linalg.norm(titles.features[first], axis=1)[:, None]
    cosines = features @ features.T
    n_genres = len({genre for row in first for genre in titles.genres[row]})
    alike = (cosines.sum() - len(first)) / (len(first) * (len(first) - 1))
    lines = [f"\n{name}: {n_genres} genres in the first {len(first)}, mean cosine {alike:.3f}"]
    for number, outcome in outcomes.items():
        base = against[number]
        rmse = np.column_stack([outcome.squares, base.squares]) / base.n_wanted.sum()
        has_list = np.isfinite(outcome.ndcg)
        ndcg = np.column_stack([outcome.ndcg, base.ndcg])[has_list] / has_list.sum()
        lines.append(
            f"  {number} shown: {outcome.watched.mean():.1f} known, {outcome.scored.mean():.1f} "
            f"scored; RMSE {_ratio(rmse, root=True)}; NDCG@10 {_ratio(ndcg, root=False)}"
        )
    return "\n".join(lines)


def _ratio(sums: npt.NDArray[np.float64], *, root: bool) -> str:
    """The first column's total, and its ratio to the second's with an interval."""
    totals, drawn = sums.sum(axis=0), resampled_sums(sums, generator=np.random.default_rng(0))
    ratio, ratios = totals[0] / totals[1], drawn[:, 0] / drawn[:, 1]
    if root:
        totals, ratio, ratios = np.sqrt(totals), np.sqrt(ratio), np.sqrt(ratios)
    found = estimate(float(ratio), ratios)
    if found is None:
        raise SystemExit("There is nothing to compare.")
    return f"{totals[0]:.4f} (ratio {found.value:.3f} [{found.low:.3f}, {found.high:.3f}])"


if __name__ == "__main__":
    main()
