"""Browse and search."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.forms.browse import BrowseForm
from catalog.pages import (
    PageRequest,
    is_fragment,
    vary_on_htmx,
)

TITLES_PER_PAGE = 30


@require_safe
def anime_list(request: PageRequest) -> HttpResponse:
    """Browse and search."""
    show_adult = selectors.profile_of(request.user).show_adult
    rater = selectors.rater_of(request.user)
    form = BrowseForm(request.GET, genres=selectors.genre_choices(show_adult=show_adult))
    chosen = form.values
    found = selectors.titles(
        show_adult=show_adult,
        search=chosen["q"],
        genre=chosen["genre"],
        type=chosen["type"],
        order=chosen["sort"] or "popular",
    )
    page = Paginator(found, TITLES_PER_PAGE).get_page(request.GET.get("page"))
    titles = list(page.object_list)
    context = {
        "form": form,
        "page": page,
        "titles": titles,
        "rater": rater,
        "own": selectors.ratings_by_title(rater=rater, anime_ids=[title.pk for title in titles]),
    }
    template = "_results" if is_fragment(request, "results") else "anime_list"
    return vary_on_htmx(render(request, f"catalog/{template}.html", context))
