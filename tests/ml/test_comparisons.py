"""The suite is measured beside what it is compared with, which is what it is said to be."""

from dataclasses import replace

import numpy as np
import pytest

from ml.comparisons import (
    Comparisons,
    decodings,
    fit_comparisons,
    measure,
    plain_ease,
    predictions,
    rankings,
    unpruned_ease,
)
from ml.data import Ratings
from ml.ease import Ease, EaseConfig
from ml.errors import Cancelled, TooLittleData
from ml.histories import Histories
from ml.report import EvaluationReport
from ml.report_table import format_table
from ml.serving import RecommenderNetScorer
from ml.suite import Suite
from ml.suite_config import COLLABORATIVE, RECOMMENDER_NET
from ml.suite_fit import Follower, HeldOutFit, fit_held_out
from tests.ml import samples

RATINGS, PARTS = samples.thinned_checkerboard()
FEATURES = samples.colours(30)
CONFIG = samples.quick_suite_config()
TEST = RATINGS.take(PARTS.test)
ALONE = ["ease", "item-neighbours", "content"]
STEPS = 4


@pytest.fixture(scope="module")
def held_out() -> HeldOutFit:
    return fit_held_out(RATINGS, PARTS, CONFIG, features=FEATURES)


@pytest.fixture(scope="module")
def compared() -> Comparisons:
    return fit_comparisons(RATINGS, PARTS, CONFIG, features=FEATURES, follower=Follower())


@pytest.fixture(scope="module")
def report(held_out: HeldOutFit, compared: Comparisons) -> EvaluationReport:
    return measure(RATINGS, PARTS, held_out.suite, compared)


def test_everything_is_measured(report: EvaluationReport) -> None:
    assert {name: list(decodings) for name, decodings in report.scores.items()} == {
        "best": ["default", "mean", "balanced"],
        "matrix-factorisation": ["default"],
        "recommender-net": ["default"],
        "biases": ["default"],
        "sgd-factorisation": ["default"],
        "reference-net": ["default"],
        "balanced-subset": ["default"],
        "global-mean": ["default"],
    }
    assert list(report.lists) == [
        "for-you",
        "collaborative",
        "ease-broad",
        "implicit-als",
        "recommender-net",
        "ease",
        "item-neighbours",
        "content",
        "popular",
    ]
    assert report.part == "test"
    assert report.n_test_ratings == len(TEST)
    assert EvaluationReport.from_dict(report.to_dict()) == report
    assert "best (balanced)" in format_table(report)


def test_what_is_served_is_what_is_measured(held_out: HeldOutFit, report: EvaluationReport) -> None:
    suite = held_out.suite
    assert suite.best
    errors = np.clip(suite.best.predict_pairs(TEST.user_index, TEST.item_index), 1, 10) - TEST.score
    best = report.scores["best"]["default"].rmse
    assert best
    assert best.value == pytest.approx(np.sqrt(np.mean(errors.astype(np.float64) ** 2)), abs=1e-6)
    mean = report.scores["global-mean"]["default"].rmse
    assert mean
    assert best.value < mean.value - 1  # the mean knows no colours
    for_you, popular = (report.lists[name].ndcg_at_10 for name in ("for-you", "popular"))
    assert for_you
    assert popular
    assert for_you.value > popular.value + 0.1


def test_the_same_is_measured_again(
    held_out: HeldOutFit, compared: Comparisons, report: EvaluationReport
) -> None:
    again = fit_comparisons(RATINGS, PARTS, CONFIG, features=FEATURES, follower=Follower())
    assert measure(RATINGS, PARTS, held_out.suite, again) == report
    assert list(again.predictors) == list(compared.predictors)


def test_comparisons_never_see_the_test_rows(compared: Comparisons) -> None:
    turned = np.where(PARTS.test, 11 - RATINGS.score, RATINGS.score).astype(np.int8)
    other = fit_comparisons(
        replace(RATINGS, score=turned), PARTS, CONFIG, features=FEATURES, follower=Follower()
    )
    pairs = TEST.user_index, TEST.item_index
    for name, predictor in compared.predictors.items():
        again = other.predictors[name].predict_pairs(*pairs)
        assert predictor.predict_pairs(*pairs).tobytes() == again.tobytes(), name
    histories = Histories.of_ratings(RATINGS.take(PARTS.train))
    for name, ranker in compared.rankers.items():
        assert ranker(histories).tobytes() == other.rankers[name](histories).tobytes(), name


def test_without_comparisons_the_suite_is_measured_alike(
    held_out: HeldOutFit, report: EvaluationReport
) -> None:
    alone = measure(RATINGS, PARTS, held_out.suite, Comparisons())
    assert list(alone.scores) == ["best", "matrix-factorisation", "recommender-net", "global-mean"]
    assert alone.scores == {name: report.scores[name] for name in alone.scores}
    assert alone.lists == {name: report.lists[name] for name in alone.lists}


@pytest.mark.parametrize(
    ("model", "scores", "lists"),
    [
        (
            RECOMMENDER_NET,
            [
                "recommender-net",
                "biases",
                "sgd-factorisation",
                "reference-net",
                "balanced-subset",
                "global-mean",
            ],
            ["recommender-net", *ALONE, "popular"],
        ),
        (
            COLLABORATIVE,
            ["biases", "sgd-factorisation", "global-mean"],
            ["collaborative", *ALONE, "popular"],
        ),
    ],
)
def test_a_model_by_itself_is_measured(model: str, scores: list[str], lists: list[str]) -> None:
    config = replace(CONFIG, model=model)
    suite = fit_held_out(RATINGS, PARTS, config).suite
    compared = fit_comparisons(RATINGS, PARTS, config, features=FEATURES, follower=Follower())
    report = measure(RATINGS, PARTS, suite, compared)
    assert (list(report.scores), list(report.lists)) == (scores, lists)


def test_without_features_there_is_no_content() -> None:
    config = replace(CONFIG, model=COLLABORATIVE)
    found = fit_comparisons(RATINGS, PARTS, config, features=None, follower=Follower())
    assert list(found.rankers) == ["ease", "item-neighbours"]


@pytest.mark.parametrize("n_steps", range(STEPS))
def test_it_can_be_stopped_at_every_step(n_steps: int) -> None:
    steps: list[str] = []
    follower = Follower(step=steps.append, should_stop=lambda: len(steps) == n_steps)
    with pytest.raises(Cancelled):
        fit_comparisons(RATINGS, PARTS, CONFIG, features=FEATURES, follower=follower)
    assert len(steps) == n_steps


def test_every_step_is_told() -> None:
    steps: list[str] = []
    follower = Follower(step=steps.append)
    fit_comparisons(RATINGS, PARTS, CONFIG, features=FEATURES, follower=follower)
    assert len(steps) == STEPS
    assert all(step.startswith("For comparison: ") for step in steps)


def test_plain_ease_is_the_closed_form() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    entries = np.zeros((30, 40))
    entries[ratings.user_index, ratings.item_index] = 1
    inverse = np.linalg.inv(entries.T @ entries + 100 * np.eye(40))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    relevance = plain_ease(ratings)(Histories.of_ratings(ratings))
    assert np.allclose(relevance, entries @ weights, atol=1e-5)


def test_unpruned_ease_is_ease_with_all_of_its_weights() -> None:
    ratings = samples.random_ratings(500, lowest=0)
    histories = Histories.of_ratings(ratings)
    config = EaseConfig(regularisation=3.0)
    relevance = unpruned_ease(ratings, config)(histories)
    kept = Ease.fit(ratings, replace(config, weights_per_title=40)).relevance(histories)
    assert np.allclose(relevance, kept, atol=1e-5)
    pruned = Ease.fit(ratings, replace(config, weights_per_title=5)).relevance(histories)
    assert not np.allclose(relevance, pruned, atol=1e-2)


def test_predictions_know_no_raters_and_titles_without_a_row(held_out: HeldOutFit) -> None:
    found = predictions(held_out.suite, np.array([-1, 3]), np.array([2, -1]))
    assert list(found) == ["best", "matrix-factorisation", "recommender-net"]
    assert all(np.isfinite(each).all() for own in found.values() for each in own.values())
    nothing = np.empty(0, dtype=np.int64)
    assert all(
        each.shape == (0,)
        for own in predictions(held_out.suite, nothing, nothing).values()
        for each in own.values()
    )


def test_the_best_predictor_is_decoded(held_out: HeldOutFit) -> None:
    found = decodings(held_out.suite, TEST)
    assert held_out.suite.best
    points = held_out.suite.best.predict_pairs(TEST.user_index, TEST.item_index)
    assert found["default"].tolist() == points.tolist()
    assert list(found) == ["default", "mean", "balanced"]
    undecoded = replace(held_out.suite, ordinal=None)
    assert list(decodings(undecoded, TEST)) == ["default"]
    with pytest.raises(TooLittleData):
        decodings(Suite(), TEST)


def test_the_network_ranks_by_its_predictions_for_a_history(held_out: HeldOutFit) -> None:
    net = held_out.suite.net
    assert isinstance(net, RecommenderNetScorer)
    histories = Histories.of_ratings(RATINGS, np.array([3, 4]))
    relevance = rankings(held_out.suite)["recommender-net"](histories)
    for place in range(2):
        expected = net.predict(net.fold_in(*histories.one(place)))
        assert relevance[place].tolist() == expected.tolist()


def only_watched() -> Ratings:
    return replace(RATINGS, score=np.zeros_like(RATINGS.score))


def test_with_nothing_held_back_there_is_nothing_to_measure() -> None:
    config = replace(CONFIG, model=COLLABORATIVE)
    watched, parts = only_watched(), samples.split_of(only_watched())
    compared = fit_comparisons(watched, parts, config, features=FEATURES, follower=Follower())
    report = measure(watched, parts, fit_held_out(watched, parts, config).suite, compared)
    assert (report.n_test_ratings, report.n_ranked_raters) == (0, 0)
    assert report.scores["global-mean"]["default"].rmse is None
    assert report.lists["collaborative"].ndcg_at_10 is None
    assert format_table(report).startswith("Measured on the test part: 0 ratings")
