"""Addresses of the recommender's part of the API."""

from django.urls import path

from recommender.api import (
    admin_views,
    anonymous_views,
    filter_views,
    group_views,
    report_views,
    views,
)

# The path converter "id" is registered by catalog.api.urls.
urlpatterns = [
    path("anime/<id:anime_id>/similar/", views.SimilarListView.as_view(), name="api-similar"),
    path(
        "groups/<id:group_id>/recommendations/",
        group_views.GroupRecommendationListView.as_view(),
        name="api-group-recommendation-list",
    ),
    path("me/list-filters/", filter_views.ListFiltersView.as_view(), name="api-list-filters"),
    path(
        "recommendations/",
        anonymous_views.AnonymousRecommendationView.as_view(),
        name="api-anonymous-recommendations",
    ),
    path(
        "anime/<id:anime_id>/prediction/",
        views.PredictionView.as_view(),
        name="api-prediction",
    ),
    path(
        "me/recommendations/",
        views.RecommendationListView.as_view(),
        name="api-recommendation-list",
    ),
    path("training-runs/", admin_views.TrainingRunListView.as_view(), name="api-training-run-list"),
    path(
        "training-runs/<id:run_id>/", admin_views.TrainingRunView.as_view(), name="api-training-run"
    ),
    path(
        "training-runs/<id:run_id>/cancel/",
        admin_views.TrainingRunCancelView.as_view(),
        name="api-training-run-cancel",
    ),
    path("models/", admin_views.ModelVersionListView.as_view(), name="api-model-list"),
    path("models/<id:version_id>/", admin_views.ModelVersionView.as_view(), name="api-model"),
    path("models/rollback/", report_views.ModelRollbackView.as_view(), name="api-model-rollback"),
    path(
        "models/<id:version_id>/report/",
        report_views.ModelReportView.as_view(),
        name="api-model-report",
    ),
    path(
        "models/<id:version_id>/figures/<slug:name>.svg",
        report_views.ModelFigureView.as_view(),
        name="api-model-figure",
    ),
    path(
        "models/<id:version_id>/promote/",
        admin_views.ModelVersionPromoteView.as_view(),
        name="api-model-promote",
    ),
]
