"""Addresses of the recommender's pages."""

from django.urls import path

from recommender.views import home, lists, start, together

urlpatterns = [
    path("", home.home, name="home"),
    path("start/", start.start, name="start"),
    path("start/more/", start.start_more, name="start-more"),
    path("start/merge/", start.start_merge, name="start-merge"),
    path("start/<int:anime_id>/", start.start_score, name="start-score"),
    path("recommendations/", lists.recommendations, name="recommendations"),
    path("recommendations/filters/", lists.keep_list_filters, name="keep-list-filters"),
    path("together/<int:group_id>/", together.group, name="group"),
]
