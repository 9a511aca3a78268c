"""One's own list."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.forms.my_list import MyListForm
from catalog.models import Rating
from catalog.pages import (
    MemberRequest,
    is_fragment,
    vary_on_htmx,
)

ENTRIES_PER_PAGE = 50


@require_safe
@login_required
def my_list(request: MemberRequest) -> HttpResponse:
    """The titles of one's own list."""
    show_adult = selectors.profile_of(request.user).show_adult
    rater = selectors.rater_of(request.user)
    form = MyListForm(request.GET)
    chosen = form.values
    entries = selectors.my_list(
        rater=rater,
        show_adult=show_adult,
        status=Rating.Status.from_slug(chosen["status"]) if chosen["status"] else None,
        order=chosen["sort"] or "recent",
    )
    counts = selectors.list_counts(rater=rater, show_adult=show_adult)
    context = {
        "form": form,
        "page": Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page")),
        "counts": counts,
        "statuses": [(status, counts.by_status[status]) for status in Rating.Status],
        "chosen_status": chosen["status"],
    }
    template = "_entries" if is_fragment(request, "entries") else "my_list"
    return vary_on_htmx(render(request, f"catalog/{template}.html", context))
