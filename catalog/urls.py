"""Addresses of the catalogue's pages."""

from django.urls import path

from catalog.views import account, appearance, browse, my_list, rating, title

urlpatterns = [
    path("anime/", browse.anime_list, name="anime-list"),
    path("anime/<int:anime_id>/", title.anime_detail, name="anime-detail"),
    path("anime/<int:anime_id>/rate/", rating.anime_rate, name="anime-rate"),
    path("anime/<int:anime_id>/remove/", rating.anime_remove, name="anime-remove"),
    path("anime/<int:anime_id>/dismiss/", rating.anime_dismiss, name="anime-dismiss"),
    path("anime/<int:anime_id>/restore/", rating.anime_restore, name="anime-restore"),
    path("my-list/", my_list.my_list, name="my-list"),
    path("appearance/", appearance.appearance, name="appearance"),
    path("accounts/settings/", account.account_settings, name="settings"),
]
