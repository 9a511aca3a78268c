"""Addresses of the catalogue's pages."""

from django.urls import path

from catalog import views

urlpatterns = [
    path("anime/", views.anime_list, name="anime-list"),
    path("anime/<int:anime_id>/", views.anime_detail, name="anime-detail"),
    path("anime/<int:anime_id>/rate/", views.anime_rate, name="anime-rate"),
    path("anime/<int:anime_id>/remove/", views.anime_remove, name="anime-remove"),
    path("anime/<int:anime_id>/dismiss/", views.anime_dismiss, name="anime-dismiss"),
    path("anime/<int:anime_id>/restore/", views.anime_restore, name="anime-restore"),
    path("my-list/", views.my_list, name="my-list"),
    path("accounts/settings/", views.account_settings, name="settings"),
]
