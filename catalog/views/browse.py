"""Browse and search."""

import random

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from catalog import selectors
from catalog.forms.browse import MAX_SEED, BrowseForm
from catalog.pages import PageRequest, is_fragment, vary_on_htmx
from catalog.services.browsing import browse
from catalog.services.search import found_rows
from catalog.services.title_arrays import title_arrays

TITLES_PER_PAGE = 30
SUGGESTIONS = 8


@require_safe
def anime_list(request: PageRequest) -> HttpResponse:
    """Browse and search."""
    show_adult = selectors.profile_of(request.user).show_adult
    rater = selectors.rater_of(request.user)
    state = selectors.catalogue_state()
    form = BrowseForm(
        request.GET,
        genres=title_arrays(state.revision).genre_choices(show_adult=show_adult),
        is_member=request.user.is_authenticated,
    )
    address = reverse("anime-list")
    if form.needs_seed:  # in the address, so that its pages are of one order
        return redirect(address + form.address(seed=random.randint(0, MAX_SEED)))
    found = browse(form.filters, show_adult=show_adult, rater=rater, state=state)
    page = Paginator(found.anime_ids, TITLES_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    by_id = found.arrays.anime(shown)
    context = {
        "form": form,
        "chips": form.chips,
        "is_member": request.user.is_authenticated,
        "page": page,
        "titles": [by_id[anime_id] for anime_id in shown if anime_id in by_id],
        "rater": rater,
        "own": selectors.ratings_by_title(rater=rater, anime_ids=shown),
    }
    if not is_fragment(request, "results"):
        return vary_on_htmx(render(request, "catalog/anime_list.html", context))
    response = render(request, "catalog/_results.html", {**context, "oob": True})
    # What a form sends has every empty field in it; the address that stays has none.
    number = {"page": page.number} if page.number > 1 else {}
    return vary_on_htmx(push_url(response, address + form.address(**number)))


@require_safe
def suggestions(request: PageRequest) -> HttpResponse:
    """The titles that fit best what is being typed, for the search box."""
    query = request.GET.get("q", "")[:100]
    show_adult = selectors.profile_of(request.user).show_adult
    arrays = title_arrays()
    rows = found_rows(query, show_adult=show_adult, arrays=arrays)
    shown = arrays.ids[rows[:SUGGESTIONS]].tolist()
    by_id = arrays.anime(shown)
    context = {
        "query": query.strip(),
        "titles": [by_id[anime_id] for anime_id in shown if anime_id in by_id],
        "n_found": len(rows),
    }
    return render(request, "catalog/_suggestions.html", context)
