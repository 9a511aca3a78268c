"""What others see of somebody who lets them."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.models import User
from catalog.pages import PageRequest
from catalog.selectors import people
from catalog.services.affinity import affinity


@require_safe
def profile(request: PageRequest, username: str) -> HttpResponse:
    """A public profile; 404 for an unknown name and for a private profile alike.

    Adult titles are in none of its figures and lists, unless the reader has them shown.
    """
    found = people.person(username=username, viewer=request.user)
    if found is None:
        raise Http404("There is no public profile of this name.")
    user = found.user
    show_adult = selectors.profile_of(request.user).show_adult
    histogram = people.own_histogram(user=user, show_adult=show_adult)
    n_scored = sum(histogram.values())
    total = sum(score * count for score, count in histogram.items())
    context = {
        "person": found,
        "counts": selectors.list_counts(rater=selectors.rater_of(user), show_adult=show_adult),
        "histogram": histogram,
        "n_scored": n_scored,
        "mean_score": total / n_scored if n_scored else None,
        "genres": people.favourite_genres(user=user, show_adult=show_adult),
        "best": people.best_scored(user=user, show_adult=show_adult),
    }
    if isinstance(request.user, User) and not found.is_own:
        scores = people.scores_of(users=[request.user, user], show_adult=show_adult)
        context["affinity"] = affinity(scores[request.user.pk], scores[user.pk])
    return render(request, "people/profile.html", context)
