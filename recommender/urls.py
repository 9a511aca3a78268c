"""Addresses of the recommender's pages."""

from django.urls import path

from recommender import views

urlpatterns = [
    path("", views.home, name="home"),
    path("recommendations/", views.recommendations, name="recommendations"),
]
