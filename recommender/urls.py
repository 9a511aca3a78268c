"""Addresses of the recommender's pages."""

from django.urls import path

from recommender.views import home, lists, together

urlpatterns = [
    path("", home.home, name="home"),
    path("recommendations/", lists.recommendations, name="recommendations"),
    path("recommendations/filters/", lists.keep_list_filters, name="keep-list-filters"),
    path("together/<int:group_id>/", together.group, name="group"),
]
