"""One's own list, and its statistics."""

from collections.abc import Iterable, Mapping

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.forms.my_list import MyListForm
from catalog.models import Anime
from catalog.pages import MemberRequest, is_fragment, vary_on_htmx
from catalog.services.list_statistics import FEWEST_TITLES, Extreme, list_statistics
from catalog.services.own_list import own_list

ENTRIES_PER_PAGE = 50


@require_safe
@login_required
def my_list(request: MemberRequest) -> HttpResponse:
    """The titles of one's own list."""
    show_adult = selectors.profile_of(request.user).show_adult
    rater = selectors.rater_of(request.user)
    mine = own_list(rater=rater, show_adult=show_adult)
    form = MyListForm(request.GET, genres=mine.arrays.genre_choices(show_adult=show_adult))
    filters = form.filters
    page = Paginator(mine.found(filters), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    by_id = mine.arrays.anime(page.object_list)
    lines = [(by_id[pk], mine.entries[pk]) for pk in page.object_list if pk in by_id]
    context = {
        "form": form,
        "filters": filters,
        "mine": mine,
        "rater": rater,
        "page": page,
        "lines": lines,
        "titles": [anime for anime, _ in lines],
        "page_ids": ",".join(str(anime.pk) for anime, _ in lines),
    }
    template = "_entries" if is_fragment(request, "entries") else "my_list"
    return vary_on_htmx(render(request, f"catalog/{template}.html", context))


@require_safe
@login_required
def statistics(request: MemberRequest) -> HttpResponse:
    """What one's own scores say beside everybody's."""
    show_adult = selectors.profile_of(request.user).show_adult
    mine = own_list(rater=selectors.rater_of(request.user), show_adult=show_adult)
    figures = list_statistics(mine)
    extremes = [*figures.overrated, *figures.underrated]
    by_id = mine.arrays.anime([each.anime_id for each in extremes])
    context = {
        "figures": figures,
        "fewest": FEWEST_TITLES,
        "n_hidden": mine.n_hidden,
        "overrated": _with_titles(figures.overrated, by_id),
        "underrated": _with_titles(figures.underrated, by_id),
    }
    return render(request, "catalog/list_statistics.html", context)


def _with_titles(
    extremes: Iterable[Extreme], by_id: Mapping[int, Anime]
) -> list[tuple[Anime, Extreme]]:
    return [(by_id[each.anime_id], each) for each in extremes if each.anime_id in by_id]
