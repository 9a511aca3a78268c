"""A title's page."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.models import Anime, Rater
from catalog.pages import (
    PageRequest,
)
from catalog.signals import title_opened


@require_safe
def anime_detail(request: PageRequest, anime_id: int) -> HttpResponse:
    """A title's page."""
    show_adult = selectors.profile_of(request.user).show_adult
    anime = selectors.visible_anime(anime_id=anime_id, show_adult=show_adult)
    if anime is None and not show_adult:
        hidden = selectors.visible_anime(anime_id=anime_id, show_adult=True)
        if hidden is not None:
            return render(request, "catalog/adult_hidden.html", status=404)
    if anime is None:
        raise Http404("There is no title with this id.")
    return title_page(request, anime, show_adult=show_adult)


def title_page(
    request: PageRequest, anime: Anime, *, show_adult: bool, status: int = 200
) -> HttpResponse:
    """The page of a title that the reader may see."""
    rater = selectors.rater_of(request.user)
    if rater is not None:
        title_opened.send(sender=Anime, rater_id=rater.pk, anime_id=anime.pk)
    histogram = selectors.score_histogram(anime_id=anime.pk)
    context = {
        "anime": anime,
        "show_adult": show_adult,
        "histogram": histogram,
        "n_scores": sum(histogram.values()),
        **standing(anime, rater),
    }
    return render(request, "catalog/anime_detail.html", context, status=status)


def standing(anime: Anime, rater: Rater | None) -> dict[str, Any]:
    """What the score widgets of a title show."""
    own = selectors.ratings_by_title(rater=rater, anime_ids=[anime.pk])
    return {
        "rater": rater,
        "own": own,
        "rating": own.get(anime.pk),
        "is_dismissed": selectors.is_dismissed(rater=rater, anime=anime),
    }
