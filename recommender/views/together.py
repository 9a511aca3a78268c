"""A group's list."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Membership
from catalog.pages import MemberRequest, is_fragment, vary_on_htmx
from catalog.selectors import groups as selectors
from recommender.selectors import is_simulated
from recommender.services.together import (
    DEFAULT_STRATEGY,
    STRATEGIES,
    Member,
    SharedList,
    recommend_together,
)
from recommender.views.lists import ITEMS_PER_PAGE


@require_safe
@login_required
def group(request: MemberRequest, group_id: int) -> HttpResponse:
    """What a group could watch; 404 for everybody who has not joined it."""
    found = selectors.group_joined_by(group_id=group_id, user=request.user)
    if found is None:
        raise Http404("There is no such group, or you have not joined it.")
    joined = [
        each for each in selectors.memberships(group=found) if each.state == Membership.State.JOINED
    ]
    members = [
        Member(
            user=each.user,
            rater=getattr(each.user, "rater", None),
            show_adult=selectors.shows_adult(each),
        )
        for each in joined
    ]
    asked = request.GET.get("by", DEFAULT_STRATEGY)
    strategy = STRATEGIES.get(asked, STRATEGIES[DEFAULT_STRATEGY])
    shared, page = _page(request, members, strategy.slug)
    context = {
        "group": found,
        "members": [member.user for member in members],
        "strategies": STRATEGIES.values(),
        "strategy": strategy,
        "list": shared,
        "page": page,
        "is_simulated": is_simulated(version_id=shared.model_version),
    }
    template = "_list" if is_fragment(request, "list") else "group"
    return vary_on_htmx(render(request, f"together/{template}.html", context))


def _page(
    request: MemberRequest, members: list[Member], strategy: str
) -> tuple[SharedList, Page[int]]:
    """The page that the address asks for, or the nearest one that there is."""

    def read(number: int) -> SharedList:
        offset = (number - 1) * ITEMS_PER_PAGE
        return recommend_together(
            members=members, strategy=strategy, n=ITEMS_PER_PAGE, offset=offset
        )

    text = request.GET.get("page", "1")
    asked = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    shared = read(asked)
    page = Paginator(range(shared.n_available), ITEMS_PER_PAGE).get_page(asked)
    return (shared if page.number == asked else read(page.number)), page
