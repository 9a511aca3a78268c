"""Addresses of the catalogue's pages."""

from django.urls import path

from catalog.views import (
    appearance,
    browse,
    files,
    groups,
    list_changes,
    my_list,
    people,
    rating,
    title,
)
from catalog.views.account import data, deletion, settings, tokens

urlpatterns = [
    path("anime/", browse.anime_list, name="anime-list"),
    path("anime/suggest/", browse.suggestions, name="anime-suggest"),
    path("anime/<int:anime_id>/", title.anime_detail, name="anime-detail"),
    path("anime/<int:anime_id>/rate/", rating.anime_rate, name="anime-rate"),
    path("anime/<int:anime_id>/remove/", rating.anime_remove, name="anime-remove"),
    path("anime/<int:anime_id>/dismiss/", rating.anime_dismiss, name="anime-dismiss"),
    path("anime/<int:anime_id>/restore/", rating.anime_restore, name="anime-restore"),
    path("my-list/", my_list.my_list, name="my-list"),
    path("my-list/save/", list_changes.save_entries, name="my-list-save"),
    path("my-list/change/", list_changes.change_chosen, name="my-list-change"),
    path("my-list/undo/", list_changes.undo, name="my-list-undo"),
    path("my-list/statistics/", my_list.statistics, name="my-list-statistics"),
    path("my-list/import/", files.mal_import_page, name="mal-import"),
    path("my-list/import/<int:job_id>/", files.mal_import_job, name="mal-import-job"),
    path("my-list/import/<int:job_id>/apply/", files.mal_import_apply, name="mal-import-apply"),
    path("my-list/import/<int:job_id>/cancel/", files.mal_import_cancel, name="mal-import-cancel"),
    path("my-list/export/", files.list_export, name="list-export"),
    path("my-list/export/animelist.<str:ending>", files.list_export_file, name="list-export-file"),
    path("appearance/", appearance.appearance, name="appearance"),
    path("accounts/settings/", settings.account_settings, name="settings"),
    path("accounts/profile/", settings.profile_settings, name="profile-settings"),
    path("accounts/tokens/", tokens.account_tokens, name="account-tokens"),
    path("accounts/tokens/revoke/", tokens.revoke_all_tokens, name="account-tokens-revoke-all"),
    path(
        "accounts/tokens/<slug:token_key>/revoke/", tokens.revoke_token, name="account-token-revoke"
    ),
    path("accounts/data/", data.download_data, name="account-data"),
    path("accounts/delete/", deletion.delete_account, name="account-delete"),
    path("people/<str:username>/", people.profile, name="profile"),
    path("together/", groups.my_groups, name="together"),
    path("together/create/", groups.create_group, name="group-create"),
    path("together/<int:group_id>/members/", groups.group_members, name="group-members"),
    path("together/<int:group_id>/invite/", groups.invite, name="group-invite"),
    path("together/<int:group_id>/rename/", groups.rename_group, name="group-rename"),
    path("together/<int:group_id>/delete/", groups.delete_group, name="group-delete"),
    path("together/<int:group_id>/leave/", groups.leave_group, name="group-leave"),
    path("together/<int:group_id>/accept/", groups.accept_invitation, name="group-accept"),
    path("together/<int:group_id>/decline/", groups.decline_invitation, name="group-decline"),
    path(
        "together/<int:group_id>/remove/<int:user_id>/", groups.remove_member, name="group-remove"
    ),
]
