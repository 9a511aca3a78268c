"""Measures how well raters are served whom training has not seen, against when it has.

    RECOMMENDER_DATA=... python -m benchmarks.fold_in_quality [--raters N] [--seed N] [--json FILE]

1,000 raters of those with ten scored titles or more are taken out of the ratings. A random half of
each one's rows, scored or not, is *given*; the scored rows of the other half are what is measured.
A first fit on the remaining raters chooses epochs, gain and weights by these raters' validation
part. Two more with that choice stand for what is served: *folded in* has learnt from all rows of
the remaining raters and gets the given rows only when it is asked; *trained* has learnt from the
given rows as well and uses what it has stored of a rater. Both are asked for the same predictions
and the same lists, which leave out the given rows. Ratios have 95 % bootstrap intervals over
raters, both sides from the same resamples.

It takes a little more than three minutes of one core. The exit status is 1 when a target is missed.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.quality import Target, configuration, heading, target_lines, tell
from benchmarks.real_files import folder_of_data, read_real_files
from ml.bootstrap import Estimate, estimate, resampled_sums
from ml.data import Ratings, Split
from ml.held_out import RELEVANT_FROM
from ml.histories import Histories
from ml.protocols import Ranker, ScorePredictor
from ml.ranking import top_k_rows
from ml.ranking_metrics import ndcg_at_k
from ml.serving import clip_score
from ml.suite import Suite
from ml.suite_fit import Follower, fit_held_out, refit

LEFT_OUT: Final = 1000
SCORED_AT_LEAST: Final = 10
_K: Final = 10
_BATCH: Final = 250

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ratio:
    """A measure of raters who were folded in, of the same raters trained on, and their ratio.

    Attributes:
        folded_in: the measure of raters that training has not seen.
        trained: of the same raters when it has.
        ratio: the first over the second, with its interval.
    """

    folded_in: float
    trained: float
    ratio: Estimate


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Raters who are left out, and their rows.

    Attributes:
        rest: all rows of the other raters.
        given: what is known of those left out.
        asked: scored rows of theirs that are to be predicted.
        raters: int64 [n], rows of those left out, ascending.
        is_rest: bool, which of all rows are in ``rest``.
    """

    rest: Ratings
    given: Ratings
    asked: Ratings
    raters: npt.NDArray[np.int64]
    is_rest: BoolArray


def main() -> None:
    """Fit three times, measure, print."""
    parser = argparse.ArgumentParser(description="Raters folded in against raters trained on.")
    parser.add_argument("--raters", type=int, default=LEFT_OUT, help="how many are left out")
    parser.add_argument("--seed", type=int, default=0, help="of the raters and of the halves")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    options = parser.parse_args()
    files = read_real_files(folder_of_data())
    started = time.perf_counter()
    print(heading())
    left_out = leave_out(files.ratings, options.raters, seed=options.seed)
    print(
        f"{len(left_out.raters):,} raters left out: {len(left_out.given):,} rows given, "
        f"{len(left_out.asked):,} scored rows asked for"
    )
    folded_in, trained = fit_both(left_out, Split(files.parts.part[left_out.is_rest]))
    tell("Measuring")
    measured = compare(folded_in, trained, left_out, seed=options.seed)
    reached = targets(measured)
    print(ratio_lines(measured))
    print(target_lines(reached))
    print(f"\n{time.perf_counter() - started:.0f} s without reading the files.")
    if options.json:
        figures = {
            "ratios": {name: asdict(ratio) for name, ratio in measured.items()},
            "targets": [asdict(target) for target in reached],
        }
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    sys.exit(0 if all(target.met for target in reached) else 1)


def leave_out(ratings: Ratings, n_raters: int, *, seed: int) -> LeftOut:
    """Choose raters of those with ten scored rows or more, and halve each one's rows.

    Args:
        ratings: all rows.
        n_raters: how many.
        seed: another seed chooses others, and other halves.

    Raises:
        ValueError: there are not so many.
    """
    generator = np.random.default_rng(seed)
    scored = np.bincount(ratings.scored().user_index, minlength=ratings.n_users)
    raters = generator.choice(np.flatnonzero(scored >= SCORED_AT_LEAST), n_raters, replace=False)
    chosen = np.zeros(ratings.n_users, dtype=bool)
    chosen[raters] = True
    own = np.flatnonzero(chosen[ratings.user_index])
    # Each rater's rows in random order; the first half of them, rounded down, is given.
    own = own[np.lexsort((generator.random(own.size), ratings.user_index[own]))]
    users = ratings.user_index[own]
    length = np.bincount(users, minlength=ratings.n_users)
    first = np.concatenate([[0], np.cumsum(length)[:-1]])
    is_given = np.arange(own.size) - first[users] < length[users] // 2
    is_rest = ~chosen[ratings.user_index]
    return LeftOut(
        rest=ratings.take(is_rest),
        given=ratings.take(np.sort(own[is_given])),
        asked=ratings.take(np.sort(own[~is_given])).scored(),
        raters=np.flatnonzero(chosen),
        is_rest=is_rest,
    )


def fit_both(left_out: LeftOut, parts_of_rest: Split) -> tuple[Suite, Suite]:
    """Return the fit that has not seen those left out, and the one that has seen what is given."""
    config = configuration()

    def follower(stage: str) -> Follower:
        return Follower(step=lambda words: tell(f"{stage}: {words}"))

    chosen = fit_held_out(left_out.rest, parts_of_rest, config, follower=follower("choice"))
    folded_in = refit(left_out.rest, chosen, config, follower=follower("folded in"))
    both = joined(left_out.rest, left_out.given)
    return folded_in, refit(both, chosen, config, follower=follower("trained"))


def joined(first: Ratings, second: Ratings) -> Ratings:
    """Return the rows of both, sorted by rater and title."""
    rows = Ratings(
        np.concatenate([first.user_index, second.user_index]),
        np.concatenate([first.item_index, second.item_index]),
        np.concatenate([first.score, second.score]),
        first.n_users,
        first.n_items,
    )
    return rows.take(np.lexsort((rows.item_index, rows.user_index)))


def compare(folded_in: Suite, trained: Suite, left_out: LeftOut, *, seed: int) -> dict[str, Ratio]:
    """Measure both on the same rows and lists: NDCG@10 of the rankers, RMSE of the predictors."""
    measured: dict[str, Ratio] = {}
    for name, known in rankers_of(trained).items():
        values = (ndcg_by_rater(each, left_out) for each in (rankers_of(folded_in)[name], known))
        sums = np.column_stack(list(values))
        measured[f"{name}: NDCG@10"] = _ratio(sums / len(sums), seed=seed, root=False)
    rows = left_out.asked
    for name, predictor in predictors_of(trained).items():
        stranger = predict_folded_in(predictors_of(folded_in)[name], left_out)
        stored = predictor.predict_pairs(rows.user_index, rows.item_index)
        errors = (clip_score(np.column_stack([stranger, stored])) - rows.score[:, None]) ** 2
        sums = np.zeros((rows.n_users, 2))
        np.add.at(sums, rows.user_index, errors / len(rows))
        measured[f"{name}: RMSE"] = _ratio(sums[left_out.raters], seed=seed, root=True)
    return measured


def rankers_of(suite: Suite) -> Mapping[str, Ranker]:
    """The default list and what it is made of."""
    return {} if suite.for_you is None else {"for-you": suite.for_you, **suite.for_you.rankers}


def predictors_of(suite: Suite) -> Mapping[str, ScorePredictor]:
    """RecommenderNet, the best predictor, and what that is made of."""
    named: dict[str, ScorePredictor | None] = {"RecommenderNet": suite.net, "best": suite.best}
    if suite.best is not None:
        named |= {f"  part {name}": part for name, part in suite.best.parts.items()}
    return {name: each for name, each in named.items() if each is not None}


def ndcg_by_rater(ranker: Ranker, left_out: LeftOut) -> FloatArray:
    """Return NDCG@10 of each rater left out with a relevant row asked for, float64 [n]."""
    wanted = left_out.asked.take(left_out.asked.score >= RELEVANT_FROM)
    raters = np.unique(wanted.user_index)
    relevant = wanted.seen_matrix()[raters]
    given = left_out.given.seen_matrix()[raters]
    histories = Histories.of_ratings(left_out.given, raters)
    values = np.empty(len(raters))
    for start in range(0, len(raters), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(raters)))
        listed = top_k_rows(ranker.relevance(histories.take(rows)), given[rows], _K)
        values[rows] = ndcg_at_k(listed, relevant[rows], _K)
    return values


def predict_folded_in(predictor: ScorePredictor, left_out: LeftOut) -> npt.NDArray[np.float32]:
    """Return predictions of the rows asked for, from what is given alone, float32 [n]."""
    rows = left_out.asked
    histories = Histories.of_ratings(left_out.given)
    values = np.empty(len(rows), dtype=np.float32)
    for rater in np.unique(rows.user_index):
        own = np.flatnonzero(rows.user_index == rater)
        vector = predictor.fold_in(*histories.one(int(rater)))
        values[own] = predictor.predict(vector, rows.item_index[own])
    return values


def _ratio(sums: FloatArray, *, seed: int, root: bool) -> Ratio:
    """Return the ratio of two summed columns [n, 2], of their roots for errors squared."""
    totals = sums.sum(axis=0)
    drawn = resampled_sums(sums, generator=np.random.default_rng(seed))
    with np.errstate(invalid="ignore", divide="ignore"):
        # A resample without a hit is NaN, and left out of the interval.
        ratio, ratios = totals[0] / totals[1], drawn[:, 0] / drawn[:, 1]
    if root:
        totals, ratio, ratios = np.sqrt(totals), np.sqrt(ratio), np.sqrt(ratios)
    found = estimate(float(ratio), ratios)
    if found is None:
        raise ValueError("There is nothing to compare.")
    return Ratio(float(totals[0]), float(totals[1]), found)


def targets(measured: Mapping[str, Ratio]) -> list[Target]:
    """Every target of folding in, with what is reached."""
    return [
        Target.at_least(
            "for-you folded in: NDCG@10 ratio", measured["for-you: NDCG@10"].ratio.value, 0.97
        ),
        Target.at_most(
            "RecommenderNet folded in: RMSE ratio",
            measured["RecommenderNet: RMSE"].ratio.value,
            1.02,
        ),
        Target.at_most(
            "best predictor folded in: RMSE ratio", measured["best: RMSE"].ratio.value, 1.02
        ),
    ]


def ratio_lines(measured: Mapping[str, Ratio]) -> str:
    """The ratios as a table."""
    title = f"\n{'':<34}{'folded in':>11}{'trained':>11}   ratio, 95 % interval"
    lines = (
        f"{name:<34}{each.folded_in:>11.4f}{each.trained:>11.4f}   "
        f"{each.ratio.value:.4f} [{each.ratio.low:.4f}, {each.ratio.high:.4f}]"
        for name, each in measured.items()
    )
    return "\n".join([title, *lines])


if __name__ == "__main__":
    main()
