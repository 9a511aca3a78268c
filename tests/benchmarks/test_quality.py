"""The quality targets, on the test part of the real file, and how a target is judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import EASE, UNPRUNED, Target, configuration, target_lines, targets
from benchmarks.real_files import read_real_files
from ml.comparisons import (
    BEST,
    FACTORISATION,
    Comparisons,
    measure,
    plain_ease,
    unpruned_ease,
)
from ml.report import DEFAULT_DECODING
from ml.suite import COLLABORATIVE
from ml.suite_config import RECOMMENDER_NET
from ml.suite_fit import fit_held_out


@pytest.mark.slow
@pytest.mark.once
def test_every_target_is_reached(real_data: Path) -> None:
    """One fit for all of them: each model's other tests run on small inputs."""
    files = read_real_files(real_data)
    ratings, parts, config = files.ratings, files.parts, configuration()
    held_out = fit_held_out(ratings, parts, config, features=files.features)
    suite, train = held_out.suite, ratings.take(parts.train)
    assert suite.net is not None
    compared = Comparisons(
        {RECOMMENDER_NET: suite.net},
        {EASE: plain_ease(train), UNPRUNED: unpruned_ease(train, config.ease)},
    )
    # Ranking by RecommenderNet's predictions takes long, and has no target.
    report = measure(ratings, parts, replace(suite, net=None), compared)
    reached = targets(report, suite, ratings.take(parts.test))
    assert len(reached) == 12
    assert [target for target in reached if not target.met] == []
    # Tighter than what is asked of them together.
    best = report.scores[BEST][DEFAULT_DECODING].rmse
    factorisation = report.scores[FACTORISATION][DEFAULT_DECODING].rmse
    ndcg = report.lists[COLLABORATIVE].ndcg_at_10
    assert best is not None
    assert factorisation is not None
    assert ndcg is not None
    assert best.value <= 1.09
    assert factorisation.value <= 1.14
    assert ndcg.value >= 0.33


def test_a_limit_itself_is_reached() -> None:
    assert Target.at_most("x", 1.19, 1.19) == Target("x", "≤ 1.19", "1.1900", met=True)
    assert not Target.at_most("x", 1.1901, 1.19).met
    assert Target.at_least("x", 0.45, 0.45) == Target("x", "≥ 0.45", "0.4500", met=True)
    assert not Target.at_least("x", 0.4499, 0.45).met


def test_what_cannot_be_measured_is_not_reached() -> None:
    assert not Target.at_most("x", np.nan, 1.0).met
    assert not Target.at_least("x", np.nan, 1.0).met


def test_lines_say_which_target_is_missed() -> None:
    lines = target_lines([Target.at_most("a", 1.0, 2.0), Target.at_least("b", 1.0, 2.0)])
    assert [line.split() for line in lines.splitlines()] == [
        [],
        ["Targets"],
        ["a", "≤", "2", "1.0000", "yes"],
        ["b", "≥", "2", "1.0000", "NO"],
    ]
