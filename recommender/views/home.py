"""The home page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Anime, Rater, Rating
from catalog.pages import PageRequest, is_fragment, vary_on_htmx
from catalog.selectors import profile_of, rater_of
from catalog.selectors.continuing import continued
from recommender.selectors import is_simulated
from recommender.services import exposures
from recommender.services.catalogue import catalogue_arrays, titles_of
from recommender.services.example import example_list
from recommender.services.kept import kept_history
from recommender.services.list_filters import ListFilters
from recommender.services.lists import RecommendationList
from recommender.services.shelves import SHELF_LENGTH, shelves_of
from recommender.services.visitors import history_of_visitor

# From so many scores on, the home page shows the list first rather than the way to score titles.
ENOUGH_SCORES = 3

Entries = list[tuple[Anime, Rating]]


@require_safe
def home(request: PageRequest) -> HttpResponse:
    """For a visitor what this is; for who has scored titles the shelves, and how to go on."""
    if not request.user.is_authenticated:
        return _visitors_home(request)
    profile, rater = profile_of(request.user), rater_of(request.user)
    history = kept_history(rater=rater)
    n_scored = len(history.scored)
    shelves = shelves_of(
        rater=rater,
        history=history,
        filters=ListFilters.from_dict(profile.list_filters),
        show_adult=profile.show_adult,
        day=timezone.localdate(),
    )
    exposures.shown(rater=rater, anime_ids=[anime.pk for anime in shelves.for_you])
    context = {
        "n_scored": n_scored,
        "enough_scores": ENOUGH_SCORES,
        "is_new": n_scored < ENOUGH_SCORES,
        "shelves": shelves,
        **_continued(rater, show_adult=profile.show_adult),
    }
    template = "_for_you" if is_fragment(request, "for-you") else "home"
    return vary_on_htmx(render(request, f"recommender/{template}.html", context))


def _visitors_home(request: PageRequest) -> HttpResponse:
    """What it is and how to start; from the first score on the visitor's own shelves as well."""
    given = history_of_visitor(request.session)
    history = given if given is not None else kept_history(rater=None)
    shelves = shelves_of(
        rater=None,
        history=history,
        filters=ListFilters(),
        show_adult=False,
        day=timezone.localdate(),
    )
    context = {
        "n_scored": len(history.scored),
        "shelves": shelves,
        "example": example_list() if given is None else None,
    }
    return render(request, "recommender/welcome.html", context)


def _continued(rater: Rater | None, *, show_adult: bool) -> dict[str, Any]:
    """What the member is watching or has put on hold, and what is planned."""
    entries = continued(rater=rater, show_adult=show_adult, n=SHELF_LENGTH)
    ids = [entry.anime_id for some in entries.values() for entry in some]
    titles = titles_of(catalogue_arrays(), ids) if ids else {}

    def shelf(*statuses: Rating.Status) -> Entries:
        rows = [entry for status in statuses for entry in entries[status]]
        return [(titles[row.anime_id], row) for row in rows if row.anime_id in titles]

    return {
        "watching": shelf(Rating.Status.WATCHING, Rating.Status.ON_HOLD)[:SHELF_LENGTH],
        "planned": shelf(Rating.Status.PLAN_TO_WATCH),
    }


def shows_simulated(found: RecommendationList) -> bool:
    """Whether a list shows scores of a model that has learnt from simulated raters."""
    has_predictions = any(item.prediction is not None for item in found.items)
    return has_predictions and is_simulated(version_id=found.model_version)
