"""Addresses of the catalogue's part of the API."""

from django.urls import path, register_converter

from catalog.api import (
    account_views,
    converters,
    export_views,
    group_views,
    import_job_views,
    import_views,
    list_views,
    token_views,
    views,
)

register_converter(converters.IdConverter, "id")
register_converter(converters.ListFileConverter, "list_file")
register_converter(converters.TokenKeyConverter, "token_key")

urlpatterns = [
    path("anime/", views.AnimeListView.as_view(), name="api-anime-list"),
    path("anime/<id:anime_id>/", views.AnimeDetailView.as_view(), name="api-anime"),
    path("genres/", views.GenreListView.as_view(), name="api-genre-list"),
    path("me/", account_views.AccountView.as_view(), name="api-account"),
    path("me/data.zip", account_views.DataDownloadView.as_view(), name="api-data-download"),
    path("me/statuses/", account_views.StatusCountView.as_view(), name="api-status-list"),
    path("me/statistics/", account_views.StatisticsView.as_view(), name="api-statistics"),
    path("me/ratings/", list_views.RatingListView.as_view(), name="api-rating-list"),
    path("me/ratings/<id:anime_id>/", list_views.RatingView.as_view(), name="api-rating"),
    path("me/dismissals/", list_views.DismissalListView.as_view(), name="api-dismissal-list"),
    path("me/dismissals/<id:anime_id>/", list_views.DismissalView.as_view(), name="api-dismissal"),
    path("me/imports/", import_views.ListImportListView.as_view(), name="api-list-import-list"),
    path(
        "me/imports/<id:job_id>/",
        import_views.ListImportDetailView.as_view(),
        name="api-list-import",
    ),
    path(
        "me/imports/<id:job_id>/apply/",
        import_views.ListImportApplyView.as_view(),
        name="api-list-import-apply",
    ),
    path(
        "me/exports/animelist.<list_file:ending>",
        export_views.ListExportView.as_view(),
        name="api-list-export",
    ),
    path("me/invitations/", group_views.InvitationListView.as_view(), name="api-invitation-list"),
    path(
        "me/invitations/<id:group_id>/",
        group_views.InvitationView.as_view(),
        name="api-invitation",
    ),
    path(
        "me/invitations/<id:group_id>/accept/",
        group_views.InvitationAcceptView.as_view(),
        name="api-invitation-accept",
    ),
    path("groups/", group_views.GroupListView.as_view(), name="api-group-list"),
    path("groups/<id:group_id>/", group_views.GroupDetailView.as_view(), name="api-group"),
    path(
        "groups/<id:group_id>/invitations/",
        group_views.GroupInvitationListView.as_view(),
        name="api-group-invitation-list",
    ),
    path(
        "groups/<id:group_id>/members/<str:username>/",
        group_views.GroupMemberView.as_view(),
        name="api-group-member",
    ),
    path("imports/", import_job_views.ImportJobListView.as_view(), name="api-import-list"),
    path(
        "imports/<id:import_id>/",
        import_job_views.ImportJobDetailView.as_view(),
        name="api-import",
    ),
    path(
        "imports/<id:import_id>/cancel/",
        import_job_views.ImportJobCancelView.as_view(),
        name="api-import-cancel",
    ),
    path("auth/token/", token_views.TokenView.as_view(), name="api-token"),
    path("auth/tokens/", token_views.TokenListView.as_view(), name="api-token-list"),
    path(
        "auth/tokens/<token_key:token_key>/",
        token_views.TokenDetailView.as_view(),
        name="api-token-detail",
    ),
]
