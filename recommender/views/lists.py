"""The pages of recommendations."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Rater
from catalog.pages import PageRequest, is_fragment, vary_on_htmx
from catalog.selectors import list_counts, profile_of, rater_of
from recommender.services.lists import DEFAULT_METHOD, METHODS, RecommendationList
from recommender.services.serving import recommend
from recommender.views.home import ENOUGH_SCORES, shows_simulated

ITEMS_PER_PAGE = 20


@require_safe
def recommendations(request: PageRequest) -> HttpResponse:
    """A list by the method of one's choice, page by page."""
    asked = request.GET.get("method", DEFAULT_METHOD)
    method = METHODS.get(asked, METHODS[DEFAULT_METHOD])
    show_adult = profile_of(request.user).show_adult
    rater = rater_of(request.user)
    if not request.user.is_authenticated:
        method = METHODS["popular"]
    found, page = _page(request, rater, method.slug, show_adult=show_adult)
    context: dict[str, Any] = {
        "methods": METHODS.values(),
        "method": method,
        "unknown_method": asked if asked not in METHODS else "",
        "list": found,
        "page": page,
        "rater": rater,
        "counts": list_counts(rater=rater, show_adult=show_adult),
        "enough_scores": ENOUGH_SCORES,
        "is_simulated": shows_simulated(found),
    }
    template = "_list" if is_fragment(request, "list") else "recommendations"
    return vary_on_htmx(render(request, f"recommender/{template}.html", context))


def _page(
    request: HttpRequest, rater: Rater | None, method: str, *, show_adult: bool
) -> tuple[RecommendationList, Page[int]]:
    """The page that the address asks for, or the nearest one that there is."""

    def read(number: int) -> RecommendationList:
        return recommend(
            rater=rater,
            method=method,
            n=ITEMS_PER_PAGE,
            offset=(number - 1) * ITEMS_PER_PAGE,
            show_adult=show_adult,
        )

    text = request.GET.get("page", "1")
    asked = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    found = read(asked)
    page = Paginator(range(found.n_available), ITEMS_PER_PAGE).get_page(asked)
    return (found if page.number == asked else read(page.number)), page
