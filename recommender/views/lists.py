"""The pages of recommendations."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from catalog.models import Anime, Rater
from catalog.pages import (
    MemberRequest,
    PageRequest,
    back_url,
    is_fragment,
    member_action,
    tell,
    vary_on_htmx,
)
from catalog.selectors import profile_of, rater_of
from recommender.services import exposures
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.history import History
from recommender.services.list_filters import ListFilters, keep_filters
from recommender.services.list_pages import ListPage, read_list
from recommender.services.lists import DEFAULT_METHOD, METHODS
from recommender.services.snapshots import UnknownCursor
from recommender.services.visitors import history_of_visitor
from recommender.views.home import ENOUGH_SCORES
from recommender.views.list_query import ListQuery, read, words, written

ITEMS_PER_PAGE = 20


@require_safe
def recommendations(request: PageRequest) -> HttpResponse:
    """A list by the method of one's choice and with one's filters, page by page."""
    profile, rater = profile_of(request.user), rater_of(request.user)
    history = None if request.user.is_authenticated else history_of_visitor(request.session)
    is_personal = request.user.is_authenticated or history is not None
    asked = request.GET.get("method", DEFAULT_METHOD)
    method = METHODS.get(asked, METHODS[DEFAULT_METHOD]) if is_personal else METHODS["popular"]
    catalogue = catalogue_arrays()
    query = read(request.GET, genres=catalogue.genre_names, kept=profile.list_filters)
    page, is_lost = _page(
        cursor=request.GET.get("cursor", ""),
        rater=rater,
        history=history,
        method=method.slug,
        filters=query.filters,
        show_adult=profile.show_adult,
        catalogue=catalogue,
    )
    exposures.shown(rater=rater, anime_ids=page.anime_ids)
    context: dict[str, Any] = {
        "methods": METHODS.values(),
        "method": method,
        "unknown_method": asked if asked not in METHODS else "",
        "is_personal": is_personal,
        "query": query,
        "filters": query.filters,
        "filter_words": words(query.filters, catalogue.genre_names),
        "kept": profile.list_filters,
        "list": page,
        "is_lost": is_lost,
        "show_adult": profile.show_adult,
        "genres": catalogue.genres_shown(show_adult=profile.show_adult),
        "types": Anime.Type.choices,
        "n_scored": page.n_scored,
        "enough_scores": ENOUGH_SCORES,
        "is_simulated": page.ranking.is_simulated and page.has_predictions,
        **_addresses(method.slug, query, page),
    }
    template = "_list" if is_fragment(request, "list") else "recommendations"
    context["is_fragment"] = template == "_list"
    return vary_on_htmx(render(request, f"recommender/{template}.html", context))


@member_action
def keep_list_filters(request: MemberRequest) -> HttpResponse:
    """Keep the filters of the page for the next time, or forget those that are kept."""
    genres = catalogue_arrays().genre_names
    filters = read(QueryDict(request.POST.get("filters", "")), genres=genres, kept={}).filters
    keep_filters(user=request.user, filters=filters)
    if filters.active:
        tell(request, "These filters are kept. Your lists open with them.")
    else:
        tell(request, "No filters are kept any more.")
    if not request.htmx:
        return redirect(back_url(request, default=resolve_url("recommendations")))
    response = render(request, "_messages.html", {"oob": True})
    return trigger_client_event(response, "filters-kept")


def _page(
    *,
    cursor: str,
    rater: Rater | None,
    history: History | None,
    method: str,
    filters: ListFilters,
    show_adult: bool,
    catalogue: CatalogueArrays,
) -> tuple[ListPage, bool]:
    """The page at a cursor; the first one, and True, where the cursor cannot be followed."""
    is_lost = False
    while True:
        try:
            page = read_list(
                rater=rater,
                history=history,
                method=method,
                filters=filters,
                show_adult=show_adult,
                n=ITEMS_PER_PAGE,
                cursor=cursor,
                catalogue=catalogue,
            )
        except UnknownCursor:
            cursor, is_lost = "", True
        else:
            return page, is_lost


def _addresses(method: str, query: ListQuery, page: ListPage) -> dict[str, str]:
    """The addresses of this list with its filters, without any, and of the pages around."""
    here = f"method={method}{f'&{query.text}' if query.text else ''}"
    return {
        "filters_text": query.text,
        "filters_address": written(query.filters),
        "without_filters": f"?method={method}&{written(ListFilters())}",
        "first_address": f"?{here}",
        "next_address": f"?{here}&cursor={page.next}" if page.next else "",
        "previous_address": f"?{here}&cursor={page.previous}" if page.previous else "",
    }
