import json
from collections.abc import Callable

import numpy as np
import pytest

from ml import metrics
from ml.breakdowns import Groupings, by_activity, by_popularity
from ml.data import HIGHEST_SCORE, Ratings
from ml.errors import DataError, MissingPrediction
from ml.held_out import HeldOut
from ml.metrics import CalibrationBin
from ml.score_report import ScoreReport, measure_scores
from tests.ml.samples import divided_ratings, random_ratings


def _groupings(held_out: HeldOut) -> Groupings:
    return Groupings(
        by_activity(held_out.n_watched, np.unique(held_out.ratings.user_index)),
        by_popularity(held_out.n_watchers),
    )


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    return HeldOut.of(*divided_ratings())


@pytest.fixture(scope="module")
def report(held_out: HeldOut) -> ScoreReport:
    # True: 8 and 5 by rater 0, 10 by rater 1, 4 by rater 2. Shown: 7, 6, 10, 6.
    return measure_scores([7, 5.5, 12, 6], held_out.ratings, _groupings(held_out))


def test_errors_are_of_predictions_within_the_scale(report: ScoreReport) -> None:
    assert (report.n_ratings, report.n_raters) == (4, 3)
    measured = {
        "rmse": np.sqrt((1 + 0.25 + 0 + 4) / 4),
        "mae": (1 + 0.5 + 0 + 2) / 4,
        "macro_mae": (2 + 1 + 1 + 0) / 4,
        "accuracy": 0.25,
        "recall_low": 0,
    }
    for name, expected in measured.items():
        estimate = getattr(report, name)
        assert estimate.value == pytest.approx(expected), name
        assert estimate.low <= estimate.value <= estimate.high, name


def test_every_score_has_its_recall(report: ScoreReport) -> None:
    recalls = {
        score: recall.value
        for score, recall in enumerate(report.recall_by_score, start=1)
        if recall is not None
    }
    assert recalls == {4: 0, 5: 0, 8: 0, 10: 1}


def test_confusion_and_calibration_are_those_of_the_metrics(report: ScoreReport) -> None:
    predicted, true = [7, 5.5, 10, 6], [8, 5, 10, 4]
    assert report.confusion_matrix == tuple(
        tuple(row) for row in metrics.confusion_matrix(predicted, true).tolist()
    )
    assert report.prediction_counts == (0, 0, 0, 0, 0, 2, 1, 0, 0, 1)
    assert report.calibration[0] == CalibrationBin(5.5, 6, 1, mean_prediction=5.5, mean_score=5)
    assert report.calibration_error == pytest.approx((1 + 0.5 + 0 + 2) / 4)


def test_errors_are_broken_down(report: ScoreReport) -> None:
    shown = [
        (group.label, group.n_members, group.n_ratings, group.mae and group.mae.value)
        for group in (*report.by_activity, *report.by_popularity)
    ]
    assert shown == [
        ("1 title", 2, 2, 1),
        ("2 titles", 1, 2, 0.75),
        ("head", 2, 0, None),
        ("tail", 4, 4, 0.875),
    ]
    assert report.by_activity[0].rmse is not None
    assert report.by_activity[0].rmse.value == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("rmse", metrics.rmse),
        ("mae", metrics.mae),
        ("macro_mae", metrics.macro_mae),
        ("accuracy", metrics.accuracy),
        ("recall_low", metrics.recall_at_or_below),
    ],
)
def test_values_and_intervals_are_those_of_the_metric(
    name: str, metric: Callable[..., float]
) -> None:
    ratings = random_ratings(600, n_users=30)
    generator = np.random.default_rng(5)
    predicted = np.clip(ratings.score + generator.normal(0, 2, size=600), 1, HIGHEST_SCORE)
    nothing = Groupings(
        by_activity(np.zeros(30, int), np.arange(0)), by_popularity(np.zeros(40, int))
    )
    estimate = getattr(measure_scores(predicted, ratings, nothing, n_resamples=40), name)
    assert estimate.value == pytest.approx(metric(predicted, ratings.score))
    # The same resamples, with every row of a rater as often as the rater is drawn.
    draws = np.random.default_rng(0)
    resampled = []
    for _ in range(40):
        rows = np.concatenate(
            [np.flatnonzero(ratings.user_index == rater) for rater in draws.integers(30, size=30)]
        )
        resampled.append(metric(predicted[rows], ratings.score[rows]))
    assert (estimate.low, estimate.high) == pytest.approx(
        tuple(np.quantile(resampled, [0.025, 0.975]))
    )


def test_it_survives_json(report: ScoreReport) -> None:
    assert ScoreReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def _nothing(ratings: Ratings) -> Ratings:
    return ratings.take(np.zeros(len(ratings), dtype=bool))


def test_nothing_held_out_says_so(held_out: HeldOut) -> None:
    report = measure_scores([], _nothing(held_out.ratings), _groupings(held_out))
    assert (report.n_ratings, report.rmse, report.by_activity) == (0, None, ())
    assert report.recall_by_score == (None,) * 10
    assert report.prediction_counts == (0,) * 10
    assert ScoreReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_what_cannot_be_measured_is_refused(held_out: HeldOut) -> None:
    with pytest.raises(MissingPrediction):
        measure_scores([7, np.nan, 8, 9], held_out.ratings, _groupings(held_out))
    with pytest.raises(DataError, match="4 held-out"):
        measure_scores([7, 8], held_out.ratings, _groupings(held_out))
    with pytest.raises(DataError):  # rating 1 of the sample is "watched, not scored"
        measure_scores([7, 8, 9], held_out.train.take(np.array([0, 1, 2])), _groupings(held_out))
