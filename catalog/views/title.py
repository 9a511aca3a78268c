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
from catalog.services import visitor_scores
from catalog.services.title_arrays import title_arrays
from catalog.signals import title_opened


@require_safe
def anime_detail(request: PageRequest, anime_id: int) -> HttpResponse:
    """A title's page."""
    show_adult = selectors.profile_of(request.user).show_adult
    arrays = title_arrays()
    row = arrays.row_of(anime_id)
    if row is None:
        raise Http404("There is no title with this id.")
    if arrays.is_adult[row] and not show_adult:
        return render(request, "catalog/adult_hidden.html", status=404)
    anime = arrays.anime([anime_id]).get(anime_id)
    if anime is None:  # deleted since the arrays were read
        raise Http404("There is no title with this id.")
    return title_page(request, anime, show_adult=show_adult)


def title_page(
    request: PageRequest, anime: Anime, *, show_adult: bool, status: int = 200
) -> HttpResponse:
    """The page of a title that the reader may see."""
    rater = selectors.rater_of(request.user)
    if rater is not None:
        title_opened.send(sender=Anime, rater_id=rater.pk, anime_id=anime.pk)
    context = {"anime": anime, "show_adult": show_adult, **standing(anime, rater)}
    if not request.user.is_authenticated:
        context["visitor_score"] = visitor_scores.scores_of(request.session).get(anime.pk)
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
