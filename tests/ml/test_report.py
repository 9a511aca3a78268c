import json
import re

import numpy as np
import pytest

from ml.bootstrap import Estimate
from ml.data import Ratings, Split, split
from ml.errors import DataError, MissingPrediction, NonFiniteData
from ml.histories import Histories
from ml.report import EvaluationReport, evaluate
from ml.report_table import format_table
from tests.ml.samples import divided_ratings, random_ratings

RATINGS, SPLIT = divided_ratings()
PREDICTIONS = np.array([7, 5.5, 12, 6])
NOBODY = Split(np.zeros(len(RATINGS), dtype=np.int8))


def _ascending(histories: Histories) -> np.ndarray:
    return np.tile(np.arange(6, dtype=np.float32), (len(histories), 1))


def _small(parts: Split = SPLIT) -> EvaluationReport:
    return evaluate(
        RATINGS,
        parts,
        predictors={
            "net": {
                "default": lambda users, items: 0.5 * users + items,
                "balanced": np.rint(PREDICTIONS) if parts is SPLIT else np.zeros(0),
            },
            "other": PREDICTIONS if parts is SPLIT else np.zeros(0),
        },
        rankers={"ascending": _ascending, "same": _ascending},
    )


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    return _small()


def test_what_was_measured_is_counted(report: EvaluationReport) -> None:
    assert (report.part, report.n_train_ratings) == ("test", 4)
    assert (report.n_test_ratings, report.n_test_raters) == (4, 3)
    assert (report.n_ranked_raters, report.n_titles) == (2, 6)
    assert report.train_score_counts == (0, 0, 0, 0, 0, 1, 1, 1, 0, 0)


def test_every_decoding_is_measured_beside_the_mean(report: EvaluationReport) -> None:
    measured = {
        (name, decoding): each.mae and each.mae.value
        for name, decodings in report.scores.items()
        for decoding, each in decodings.items()
    }
    assert measured == {
        ("net", "default"): pytest.approx((5 + 1 + 4.5 + 0) / 4),  # of 3, 4, 5.5 and 4
        ("net", "balanced"): pytest.approx((1 + 1 + 0 + 2) / 4),
        ("other", "default"): pytest.approx((1 + 0.5 + 0 + 2) / 4),
        ("global-mean", "default"): pytest.approx((1 + 2 + 3 + 3) / 4),
    }


def test_rankers_are_measured_beside_popularity(report: EvaluationReport) -> None:
    measured = {
        name: each.ndcg_at_10 and each.ndcg_at_10.value for name, each in report.lists.items()
    }
    # Popularity lists 3 first for rater 0, and 5 last of 1, …, 5 for rater 1.
    popular = (1 + 1 / np.log2(6)) / 2
    assert measured == {"ascending": 0.75, "same": 0.75, "popular": pytest.approx(popular)}
    assert report.ndcg_by_rater["ascending"].tolist() == [0.5, 1]


def test_rankers_are_compared_on_the_same_raters(report: EvaluationReport) -> None:
    differences = np.array([0.5 - 1, 1 - 1 / np.log2(6)])
    difference = report.paired_difference("ascending", "popular")
    assert difference is not None
    assert difference.value == pytest.approx(differences.mean())
    # Of two raters either may be drawn twice.
    assert (difference.low, difference.high) == pytest.approx((differences[0], differences[1]))
    back = report.paired_difference("popular", "ascending")
    assert back == Estimate(-difference.value, -difference.high, -difference.low)


def test_rankers_that_are_alike_do_not_differ_at_all(report: EvaluationReport) -> None:
    nothing = Estimate(0.0, 0.0, 0.0)
    assert report.paired_difference("ascending", "same") == nothing
    assert report.paired_difference("same", "ascending") == nothing
    assert report.paired_difference("same", "same") == nothing
    with pytest.raises(DataError, match="No ranker 'else'"):
        report.paired_difference("same", "else")


def test_validation_is_measured_with_its_own_titles() -> None:
    report = evaluate(
        RATINGS,
        SPLIT,
        predictors={"other": np.array([8.0])},
        rankers={"lists": np.array([[2, 3, 4, 5, *[-1] * 6]])},
        evaluate_on="validation",
    )
    assert (report.part, report.n_test_ratings, report.n_ranked_raters) == ("validation", 1, 1)
    mae, ndcg = report.scores["other"]["default"].mae, report.lists["lists"].ndcg_at_10
    assert (mae, ndcg) == (Estimate(1.0, 1.0, 1.0), Estimate(1.0, 1.0, 1.0))


def test_it_survives_json(report: EvaluationReport) -> None:
    stored = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    again = EvaluationReport.from_dict(stored)
    assert again == report
    assert again.to_dict() == stored == report.to_dict()
    assert again.paired_difference("ascending", "popular") == report.paired_difference(
        "ascending", "popular"
    )
    assert "ndcg_by_rater" not in stored


@pytest.mark.parametrize(
    "change",
    [{"format": 99}, {"scores": None}, {"scores": {"net": {"default": {}}}}, {"paired": 3}],
)
def test_what_is_no_report_is_refused(report: EvaluationReport, change: dict[str, object]) -> None:
    with pytest.raises(DataError):
        EvaluationReport.from_dict({**report.to_dict(), **change})


def test_nothing_held_out_gives_a_report_that_says_so() -> None:
    report = _small(NOBODY)
    assert (report.n_test_ratings, report.n_ranked_raters) == (0, 0)
    assert report.scores["net"]["balanced"].rmse is None
    assert report.lists["popular"].ndcg_at_10 is None
    assert report.paired_difference("ascending", "popular") is None
    assert report.paired_difference("popular", "popular") is None
    assert EvaluationReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert "test part: 0 ratings by 0 raters" in format_table(report)


def test_an_empty_set_of_ratings_gives_a_report_too() -> None:
    nothing = Ratings(np.zeros(0), np.zeros(0), np.zeros(0), n_users=0, n_items=0)  # type: ignore[arg-type]
    report = evaluate(nothing, Split(np.zeros(0, dtype=np.int8)), predictors={}, rankers={})
    assert (report.n_test_ratings, report.n_titles) == (0, 0)
    assert format_table(report)


def test_the_same_seed_gives_the_same_report() -> None:
    ratings = random_ratings(700)
    parts = split(
        ratings,
        user_keys=np.arange(ratings.n_users, dtype=np.uint64),
        item_ids=np.arange(ratings.n_items),
        seed=3,
    )
    relevance = np.random.default_rng(0).normal(size=(ratings.n_users, ratings.n_items))

    def measured(seed: int) -> EvaluationReport:
        return evaluate(
            ratings,
            parts,
            predictors={"by title": lambda users, items: 1 + items / 5},
            rankers={"random": lambda histories: relevance[: len(histories)]},
            seed=seed,
        )

    assert measured(1) == measured(1)
    assert measured(1) != measured(2)


def test_what_cannot_be_measured_is_refused() -> None:
    for predictions, error in ((PREDICTIONS * np.nan, MissingPrediction), (np.ones(3), DataError)):
        with pytest.raises(error):
            evaluate(RATINGS, SPLIT, predictors={"net": predictions}, rankers={})
    with pytest.raises(NonFiniteData):
        evaluate(
            RATINGS,
            SPLIT,
            predictors={},
            rankers={"net": lambda histories: _ascending(histories) * np.nan},
        )
    with pytest.raises(DataError, match="baselines"):
        evaluate(RATINGS, SPLIT, predictors={}, rankers={"popular": _ascending})
    with pytest.raises(DataError, match="baselines"):
        evaluate(RATINGS, SPLIT, predictors={"global-mean": PREDICTIONS}, rankers={})
    with pytest.raises(DataError, match="at least one decoding"):
        evaluate(RATINGS, SPLIT, predictors={"net": {}}, rankers={})


def test_the_tables_show_every_model(report: EvaluationReport) -> None:
    text = format_table(report)
    lines = text.splitlines()
    titles = [line for line in lines if line and line[0].isupper()]
    assert [re.split(r"\s{2,}", title)[0] for title in titles[1:]] == [
        "Scores",
        "Recall of true score",
        "RMSE by training titles of the rater",
        "RMSE by training ratings of the title",
        "Lists",
        "Titles listed",
        "Difference of NDCG@10",
        "NDCG@10 by training titles of the rater",
        "NDCG@10 by training ratings of the title",
    ]
    names = {re.split(r"\s{2,}", line)[0] for line in lines}
    assert {"net", "net (balanced)", "other", "global-mean", "ascending", "popular"} <= names
    row = next(line for line in lines if line.startswith("other"))
    rmse = report.scores["other"]["default"].rmse
    assert rmse is not None
    assert f"{rmse.value:.4f} ±{(rmse.high - rmse.low) / 2:.4f}" in row
    assert "head (2)" in text
    assert "+0.0000 [+0.0000, +0.0000]" in text
