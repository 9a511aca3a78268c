"""The home page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Rater, Rating
from catalog.pages import PageRequest, is_fragment, vary_on_htmx
from catalog.selectors import list_counts, my_list, profile_of, rater_of, titles
from recommender.selectors import is_simulated
from recommender.services.lists import RecommendationList
from recommender.services.serving import recommend

SHELF_LENGTH = 12


# From so many scores on, the home page shows the list first rather than titles to score.
ENOUGH_SCORES = 3


@require_safe
def home(request: PageRequest) -> HttpResponse:
    """For a visitor what this is; for a member the top of the list, and how to go on."""
    if not request.user.is_authenticated:
        shelf = titles(show_adult=False)[:SHELF_LENGTH]
        return render(request, "recommender/welcome.html", {"titles": list(shelf)})
    show_adult = profile_of(request.user).show_adult
    rater = rater_of(request.user)
    counts = list_counts(rater=rater, show_adult=show_adult)
    picks = recommend(rater=rater, n=SHELF_LENGTH, show_adult=show_adult)
    context = {
        "rater": rater,
        "counts": counts,
        "enough_scores": ENOUGH_SCORES,
        "is_new": counts.scored < ENOUGH_SCORES,
        "picks": picks,
        "is_simulated": shows_simulated(picks),
        "watching": _shelf(rater, Rating.Status.WATCHING, show_adult=show_adult),
        "planned": _shelf(rater, Rating.Status.PLAN_TO_WATCH, show_adult=show_adult),
    }
    template = "_for_you" if is_fragment(request, "for-you") else "home"
    return vary_on_htmx(render(request, f"recommender/{template}.html", context))


def shows_simulated(found: RecommendationList) -> bool:
    """Whether a list shows scores of a model that has learnt from simulated raters."""
    has_predictions = any(item.prediction is not None for item in found.items)
    return has_predictions and is_simulated(version_id=found.model_version)


def _shelf(rater: Rater | None, status: Rating.Status, *, show_adult: bool) -> list[Rating]:
    return list(my_list(rater=rater, show_adult=show_adult, status=status)[:SHELF_LENGTH])
