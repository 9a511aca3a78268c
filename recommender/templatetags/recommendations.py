"""What the recommender adds to the catalogue's pages: predicted scores and similar titles."""

from collections.abc import Iterable
from typing import Any

from django import template

from catalog.models import Anime, Rater
from recommender.services.lists import Recommendation
from recommender.services.serving import predict, similar

register = template.Library()

SIMILAR_TITLES = 12


@register.simple_tag
def predicted_scores(rater: Rater | None, titles: Iterable[Anime]) -> dict[int, float]:
    """The scores that we expect of this rater, by title id; empty for a visitor."""
    if rater is None:
        return {}
    return predict(rater=rater, anime_ids=[title.pk for title in titles])


@register.simple_tag
def predicted_score(rater: Rater | None, anime: Anime) -> float | None:
    """The score that we expect of this rater for one title, None when nothing can be said."""
    return predicted_scores(rater, [anime]).get(anime.pk)


@register.inclusion_tag("recommender/_similar.html")
def similar_titles(anime: Anime, show_adult: bool = False) -> dict[str, Any]:
    """Titles like this one, as a shelf."""
    return {"similar": similar(anime=anime, n=SIMILAR_TITLES, show_adult=show_adult)}


@register.filter
def predictions_of(items: Iterable[Recommendation]) -> dict[int, float]:
    """The predicted scores of a list, by title id."""
    return {item.anime.pk: item.prediction for item in items if item.prediction is not None}
