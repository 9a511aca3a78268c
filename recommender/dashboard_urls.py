"""Addresses under /admin/dashboard/. Staff only, as the rest of the admin."""

from django.contrib import admin
from django.urls import path

from recommender import dashboard

staff = admin.site.admin_view

urlpatterns = [
    path("", staff(dashboard.overview), name="dashboard"),
    path("train/", staff(dashboard.train), name="dashboard-train"),
    path("runs/<int:pk>/", staff(dashboard.run_detail), name="dashboard-run"),
    path("runs/<int:pk>/cancel/", staff(dashboard.cancel), name="dashboard-run-cancel"),
    path("versions/<int:pk>/activate/", staff(dashboard.activate), name="dashboard-activate"),
]
