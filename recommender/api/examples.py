"""What the schema shows as examples of the recommender's answers."""

from typing import Any

from catalog.api.examples import ANIME, SERVER

RECOMMENDATION: dict[str, Any] = {
    "rank": 1,
    "anime": ANIME,
    "prediction": 8.91,
    "prediction_range": [8.0, 10.0],
    "relevance": 11.27,
    "recommender_score": 1.0,
    "sim": None,
    "reasons": [
        {
            "kind": "titles",
            "text": "Because of Monster (your 10) on your list.",
            "genres": [],
            "titles": [{"id": 19, "title": "Monster", "score": 10.0, "contribution": 0.83}],
            "is_exact": False,
        },
        {
            "kind": "genres",
            "text": "Shares Thriller with it.",
            "genres": ["Thriller"],
            "titles": [],
            "is_exact": False,
        },
    ],
    "is_exploration": False,
    "is_planned": False,
}
RECOMMENDATIONS: dict[str, Any] = {
    "next": f"{SERVER}/api/v1/me/recommendations/?cursor=WzEyLCJhIiwxMCwwXQ%3AkzW5Q8x",
    "previous": None,
    "results": [RECOMMENDATION],
    "method": "for-you",
    "source": "for-you",
    "model_version": 3,
    "fallback": "",
}
SIMILAR: dict[str, Any] = {
    "anime": {**ANIME, "id": 10863, "title": "Steins;Gate: Oukoubakko no Poriomania"},
    "sim": 0.87,
    "shared_genres": ["Sci-Fi", "Thriller"],
}
SIMILAR_PAGE: dict[str, Any] = {
    "next": None,
    "previous": None,
    "results": [SIMILAR],
    "notice": "",
}
PREDICTION: dict[str, Any] = {
    "anime_id": 9253,
    "prediction": 8.91,
    "prediction_range": [8.0, 10.0],
    "reasons": RECOMMENDATION["reasons"][:1],
    "notice": "",
}
RUN: dict[str, Any] = {
    "id": 7,
    "state": "running",
    "step": "Fitting on the training part",
    "progress": 0.31,
    "error": "",
    "is_stale": False,
    "cancel_requested": False,
    "model": "recommender-net",
    "configuration": {"n_epochs": 10, "batch_size": 512},
    "include_simulated": False,
    "device": "cpu",
    "n_ratings": 520609,
    "attempts": 1,
    "requested_by": "admin",
    "version": None,
    "created_at": "2026-11-24T19:40:01.000001Z",
    "started_at": "2026-11-24T19:40:02.000001Z",
    "finished_at": None,
    "heartbeat_at": "2026-11-24T19:42:07.123456Z",
}
RUN_DETAIL: dict[str, Any] = {
    **RUN,
    "epochs": [
        {
            "stage": "held-out",
            "epoch": 1,
            "n_epochs": 10,
            "train_rmse": 1.42,
            "validation_rmse": 1.31,
            "seconds": 8.2,
        }
    ],
    "log": "19:40:02 Training on cpu.\n",
}
VERSION: dict[str, Any] = {
    "id": 3,
    "is_active": True,
    "is_simulated": False,
    "artifact": "run-7-5f2c9d1e",
    "run": 7,
    "n_ratings": 520609,
    "n_raters": 5000,
    "n_titles": 7390,
    "metrics": {
        "scores": {"best": {"default": {"rmse": {"value": 1.07, "low": 1.05, "high": 1.09}}}},
        "lists": {"for-you": {"ndcg_at_10": {"value": 0.40, "low": 0.39, "high": 0.41}}},
    },
    "data_fingerprint": "2c26b46b68ffc68f",
    "created_at": "2026-11-24T19:45:00.000001Z",
    "activated_at": "2026-11-24T19:46:00.000001Z",
}
