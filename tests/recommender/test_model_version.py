"""The figures that a version shows, from the report of its training."""

import json

from recommender.models import ModelVersion

ESTIMATE = {"low": 0.0, "high": 9.0}
METRICS = {
    "format": 1,
    "order": {
        "scores": ["best", "recommender-net", "global-mean"],
        "lists": ["for-you", "recommender-net", "popular"],
    },
    "scores": {
        "global-mean": {"default": {"rmse": {"value": 1.5, **ESTIMATE}, "mae": None}},
        "recommender-net": {"default": {"rmse": {"value": 1.2, **ESTIMATE}}},
        "best": {
            "mean": {"rmse": {"value": 1.1, **ESTIMATE}},
            "default": {
                "rmse": {"value": 1.0, **ESTIMATE},
                "calibration_error": 0.25,
                "recall_by_score": [{"value": 0.5, **ESTIMATE}],
                "by_activity": [],
            },
        },
    },
    "lists": {
        "popular": {"ndcg_at_10": {"value": 0.2, **ESTIMATE}, "n_different_titles": 10},
        "recommender-net": {"ndcg_at_10": {"value": 0.1, **ESTIMATE}},
        "for-you": {"ndcg_at_10": {"value": 0.4, **ESTIMATE}},
    },
    "cold_titles": None,
}


def test_every_model_and_decoding_is_a_row_in_the_order_of_the_report() -> None:
    """Not in that of the JSON, whose keys a database may keep in an order of its own."""
    assert ModelVersion(metrics=METRICS).measured_rows == [
        ("best", {"rmse": 1.0, "calibration_error": 0.25}),
        ("best (mean)", {"rmse": 1.1}),
        ("recommender-net", {"rmse": 1.2, "ndcg_at_10": 0.1}),
        ("global-mean", {"rmse": 1.5}),
        ("for-you", {"ndcg_at_10": 0.4}),
        ("popular", {"ndcg_at_10": 0.2, "n_different_titles": 10}),
    ]


def test_what_is_served_is_the_best_predictor_and_the_default_list() -> None:
    assert ModelVersion(metrics=METRICS).measured == {
        "rmse": 1.0,
        "calibration_error": 0.25,
        "ndcg_at_10": 0.4,
    }


def test_a_version_of_one_model_shows_what_that_does() -> None:
    net = {
        "scores": {"recommender-net": METRICS["scores"]["recommender-net"]},  # type: ignore[index]
        "lists": {"recommender-net": METRICS["lists"]["recommender-net"]},  # type: ignore[index]
    }
    assert ModelVersion(metrics=net).measured == {"rmse": 1.2, "ndcg_at_10": 0.1}
    ease = {"scores": {}, "lists": {"collaborative": {"ndcg_at_10": {"value": 0.3, **ESTIMATE}}}}
    assert ModelVersion(metrics=ease).measured == {"ndcg_at_10": 0.3}


def test_figures_of_an_older_form_are_not_shown() -> None:
    for metrics in ({}, {"recommender-net": {"rmse": 1.5}}):
        version = ModelVersion(metrics=metrics)
        assert (version.measured, version.measured_rows) == ({}, [])


def test_the_order_is_kept_by_a_database_that_sorts_keys() -> None:
    shuffled = json.loads(json.dumps(METRICS, sort_keys=True))
    assert ModelVersion(metrics=shuffled).measured_rows == (
        ModelVersion(metrics=METRICS).measured_rows
    )
