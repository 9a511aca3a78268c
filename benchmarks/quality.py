"""Fits every model on the real file, measures it on the test part, and holds it to its targets.

    RECOMMENDER_DATA=... python -m benchmarks.quality [--json FILE]

Settings, the number of epochs and the weights of the blends come from the validation part. Printed
are all measures, those of the models that are fitted only to be compared with among them, how well
titles without ratings are guessed, and each target with what was reached. The exit status is 1
when a target is missed. It takes about three minutes of one core.
``benchmarks.fold_in_quality`` measures raters whom training has not seen.
"""

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.real_files import described, folder_of_data, read_real_files
from ml.bootstrap import Estimate
from ml.cold_check import ColdTitleReport, check_cold_titles
from ml.comparisons import BEST, FOR_YOU, fit_comparisons, measure, rankings, unpruned_ease
from ml.config import RecommenderNetConfig
from ml.data import Ratings
from ml.report import DEFAULT_DECODING, EvaluationReport
from ml.report_table import format_table
from ml.serving import RecommenderNetScorer, clip_score
from ml.suite import COLLABORATIVE, Suite
from ml.suite_config import RECOMMENDER_NET, SuiteConfig
from ml.suite_fit import Follower, HeldOutFit, fit_held_out

EASE: Final = "ease"
REFERENCE: Final = "reference-net"
UNPRUNED: Final = "collaborative, unpruned"
COLD_SEED: Final = 0


@dataclass(frozen=True)
class Target:
    """Something that has to be reached.

    Attributes:
        name: what is measured, of which model.
        aim: how far it has to get.
        reached: how far it gets.
        met: whether that is enough.
    """

    name: str
    aim: str
    reached: str
    met: bool

    @classmethod
    def at_most(cls, name: str, value: float, limit: float) -> "Target":
        """A measure that must not be higher."""
        return cls(name, f"≤ {limit:g}", f"{value:.4f}", bool(value <= limit))

    @classmethod
    def at_least(cls, name: str, value: float, limit: float) -> "Target":
        """A measure that must not be lower."""
        return cls(name, f"≥ {limit:g}", f"{value:.4f}", bool(value >= limit))


def main() -> None:
    """Fit, measure, print."""
    parser = argparse.ArgumentParser(description="All models on the real file.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    options = parser.parse_args()
    files = read_real_files(folder_of_data())
    ratings, parts = files.ratings, files.parts
    started = time.perf_counter()
    print(heading())
    print(described(files))
    config, follower = configuration(), Follower(step=tell)
    held_out = fit_held_out(ratings, parts, config, features=files.features, follower=follower)
    compared = fit_comparisons(ratings, parts, config, features=files.features, follower=follower)
    train, test = ratings.take(parts.train), ratings.take(parts.test)
    compared.rankers[UNPRUNED] = unpruned_ease(train, config.ease)
    reference = compared.predictors[REFERENCE]
    if isinstance(reference, RecommenderNetScorer):
        compared.rankers[REFERENCE] = rankings(Suite(net=reference))[RECOMMENDER_NET]
    tell("Measuring")
    report = measure(ratings, parts, held_out.suite, compared)
    cold = check_cold_titles(train, files.features, config.als, seed=COLD_SEED)
    reached = targets(report, held_out.suite, test)
    print(f"\n{format_table(report)}")
    print(rounded_lines(report))
    print(chosen_lines(held_out))
    print(cold_lines(cold))
    print(target_lines(reached))
    print(f"\n{time.perf_counter() - started:.0f} s without reading the files.")
    if options.json:
        figures = {
            "targets": [asdict(target) for target in reached],
            "chosen": chosen(held_out),
            "cold_titles": cold and cold.to_dict(),
            "evaluation": report.to_dict(),
        }
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    sys.exit(0 if all(target.met for target in reached) else 1)


def configuration() -> SuiteConfig:
    """The product's settings, on the processor, so that every machine measures the same."""
    return SuiteConfig(net=RecommenderNetConfig(device="cpu"))


def heading() -> str:
    """When and where: what belongs to every figure."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


def tell(words: str) -> None:
    """Say on the error stream what is done next, so that the figures stay alone on the other."""
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", file=sys.stderr, flush=True)


def targets(report: EvaluationReport, suite: Suite, test: Ratings) -> list[Target]:
    """Every target of the held-out fit, with what is reached on the test part."""
    return [*score_targets(report, suite, test), *list_targets(report)]


def score_targets(report: EvaluationReport, suite: Suite, test: Ratings) -> list[Target]:
    """The targets of the predicted scores."""
    net = report.scores[RECOMMENDER_NET][DEFAULT_DECODING]
    best, balanced = report.scores[BEST][DEFAULT_DECODING], report.scores[BEST]["balanced"]
    apart = largest_change_by_decoding(suite, test)
    return [
        Target.at_most("RecommenderNet: RMSE", _value(net.rmse), 1.19),
        Target.at_most("best predictor: RMSE", _value(best.rmse), 1.14),
        Target(
            "default decoding: is the bare prediction",
            "difference 0",
            f"{apart:g}",
            # Decoding counts in double precision.
            apart <= 1e-6,
        ),
        Target.at_most("balanced decoding: RMSE", _value(balanced.rmse), 1.26),
        Target.at_most("balanced decoding: macro-MAE", _value(balanced.macro_mae), 1.42),
        Target.at_least("balanced decoding: recall of ≤ 4", _value(balanced.recall_low), 0.45),
    ]


def list_targets(report: EvaluationReport) -> list[Target]:
    """The targets of the default list."""
    for_you = report.lists[FOR_YOU]
    found = [Target.at_least("for-you: NDCG@10", _value(for_you.ndcg_at_10), 0.385)]
    for baseline in (EASE, COLLABORATIVE):
        difference = report.paired_difference(FOR_YOU, baseline)
        met = difference is not None and difference.low > 0
        found.append(
            Target(f"for-you: NDCG@10 above {baseline}", "interval > 0", ends(difference), met)
        )
    for baseline in (EASE, COLLABORATIVE):
        least = report.lists[baseline].n_different_titles
        reached = for_you.n_different_titles
        found.append(
            Target(
                f"for-you: different titles, {baseline}'s",
                f"≥ {least:,}",
                f"{reached:,}",
                reached >= least,
            )
        )
    pruned, unpruned = (_value(report.lists[name].ndcg_at_10) for name in (COLLABORATIVE, UNPRUNED))
    share = pruned / unpruned
    return [*found, Target.at_least("collaborative: NDCG@10 over unpruned", share, 0.995)]


def largest_change_by_decoding(suite: Suite, rows: Ratings) -> float:
    """By how much the default decoding changes a clipped prediction at most, in points."""
    if suite.best is None or suite.ordinal is None:
        raise ValueError("The suite has no best predictor with an ordinal output.")
    pairs = rows.user_index, rows.item_index
    points, spreads = suite.best.predict_pairs(*pairs), suite.best.spread_pairs(*pairs)
    return float(np.abs(suite.ordinal.decode(points, spreads) - clip_score(points)).max())


def chosen(held_out: HeldOutFit) -> dict[str, Any]:
    """What the validation part has chosen."""
    suite = held_out.suite
    return {
        "net_epochs": held_out.net_epochs,
        "factorisation_epochs": held_out.factorisation_epochs,
        "gain": held_out.gain,
        "predictor_weights": suite.best and suite.best.weights,
        "balancing_exponent": suite.ordinal and suite.ordinal.exponent,
        "for_you_weights": suite.for_you and suite.for_you.weights,
    }


def rounded_lines(report: EvaluationReport) -> str:
    """Where the rounded predictions are, as text: the reference's crowd in the middle."""
    lines = [f"{'Rounded predictions, %':<32}{'4 or less':>11}{'6 to 9':>10}"]
    for name, decodings in report.scores.items():
        for decoding, measured in decodings.items():
            counts = np.array(measured.prediction_counts)
            shares = 100 * counts / counts.sum()
            label = f"{name} ({decoding})"
            lines.append(f"  {label:<30}{shares[:4].sum():>11.1f}{shares[5:9].sum():>10.1f}")
    return "\n".join(lines) + "\n"


def chosen_lines(held_out: HeldOutFit) -> str:
    """The same as text."""
    lines = (f"  {name}: {value}" for name, value in chosen(held_out).items())
    return "\n".join(["Chosen on validation", *lines])


def cold_lines(cold: ColdTitleReport | None) -> str:
    """How well titles without ratings are guessed, as text."""
    if cold is None:
        return "\nToo few titles to hide some."
    rows = (("guessed", cold.guessed), ("content profile", cold.content), ("chance", cold.chance))
    lines = (
        f"  {name:<16}{each.value:.4f} [{each.low:.4f}, {each.high:.4f}]" for name, each in rows
    )
    title = f"NDCG@10 among {cold.n_titles} titles hidden from training, {cold.n_raters:,} raters"
    return "\n".join([f"\n{title}", *lines])


def target_lines(reached: list[Target]) -> str:
    """The targets as a table."""
    lines = (
        f"  {target.name:<46}{target.aim:<14}{target.reached:<28}{'yes' if target.met else 'NO'}"
        for target in reached
    )
    return "\n".join(["\nTargets", *lines])


def ends(estimate: Estimate | None) -> str:
    """A difference with its interval, as text."""
    if estimate is None:
        return "–"
    return f"{estimate.value:+.4f} [{estimate.low:+.4f}, {estimate.high:+.4f}]"


def _value(estimate: Estimate | None) -> float:
    """The measure itself; NaN, which meets no target, where there is none."""
    return float("nan") if estimate is None else estimate.value


if __name__ == "__main__":
    main()
