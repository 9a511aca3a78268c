"""Scoring titles that one may know, with the list beside them: for visitors and for members."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from catalog.forms.rating import RatingForm
from catalog.models import Anime, User
from catalog.pages import MemberRequest, PageRequest, back_url, member_action, tell
from catalog.selectors import visible_anime
from catalog.services import visitor_scores
from catalog.services.ratings import InvalidRating
from catalog.services.visitor_merge import merge_session, what_was_merged
from recommender.services.catalogue import catalogue_arrays, titles_of
from recommender.services.rounds import current_round, next_round
from recommender.services.scorers import Member, Visitor, scorer_of
from recommender.services.serving import recommend
from recommender.views.home import shows_simulated

LIST_LENGTH = 8
# What the bar counts to; docs/performance.md says what more scores are worth.
GOOD_START = 10


@require_safe
def start(request: PageRequest) -> HttpResponse:
    """The titles to score, and the list that the scores make."""
    scorer = scorer_of(request.user, request.session)
    # The session begins here, so that the first two scores, sent at once, find the same one.
    titles = current_round(session=request.session, history=scorer.history)
    return render(request, "recommender/start.html", _context(request, scorer, titles))


@require_POST
def start_score(request: PageRequest, anime_id: int) -> HttpResponse:
    """Score a title, skip it, or take either back."""
    scorer = scorer_of(request.user, request.session)
    is_refused = False
    anime = visible_anime(anime_id=anime_id, show_adult=scorer.show_adult)
    if anime is None:
        raise Http404("There is no title with this id, or your settings hide it.")
    try:
        if "skip" in request.POST:
            scorer.skip(anime)
        elif "take-back" in request.POST:
            scorer.take_back(anime)
        else:
            form = RatingForm(request.POST)
            score = form.changes.get("score") if form.is_valid() else None
            if not isinstance(score, int):
                return HttpResponseBadRequest("Send a score from 1 to 10, skip, or take-back.")
            scorer.score(anime, score)
    except InvalidRating as error:
        messages.error(request, str(error))
        is_refused = True
    came_from = request.htmx.current_url_abs_path if request.htmx else back_url(request, default="")
    if came_from and urlsplit(came_from).path != reverse("start"):
        return _changed_elsewhere(request, anime, scorer, came_from, is_refused=is_refused)
    if not request.htmx:
        return redirect(f"{reverse('start')}#tile-{anime.pk}")
    context = _context(request, scorer, [anime.pk])
    return render(request, "recommender/_start_changed.html", context)


def _changed_elsewhere(
    request: PageRequest,
    anime: Anime,
    scorer: Visitor | Member,
    came_from: str,
    *,
    is_refused: bool,
) -> HttpResponse:
    """The answer to a visitor who scores in the list or on a title's page."""
    score = scorer.scores([anime.pk]).get(anime.pk)
    if score is not None and not is_refused:
        undo = (reverse("start-score", args=[anime.pk]), {"take-back": "1"})
        tell(request, f"You scored {anime.title} {score} out of 10.", undo=undo)
    elif not is_refused:
        tell(request, f"Your score for {anime.title} is gone.")
    if not request.htmx:
        return redirect(came_from)
    is_on_its_page = urlsplit(came_from).path == anime.get_absolute_url()
    context = {
        "anime": anime,
        "rater": scorer.rater,
        "visitor_score": score,
        "widget": "catalog/_panel.html" if is_on_its_page else "",
    }
    response = render(request, "catalog/_changed.html", context)
    return trigger_client_event(response, "ratings-changed")


@require_POST
def start_more(request: PageRequest) -> HttpResponse:
    """Go on to other titles."""
    scorer = scorer_of(request.user, request.session)
    titles = next_round(session=request.session, history=scorer.history)
    if not request.htmx:
        return redirect("start")
    return render(request, "recommender/_start_more.html", _context(request, scorer, titles))


@member_action
def start_merge(request: MemberRequest) -> HttpResponse:
    """Try again to put on the list what could not be merged at the log-in."""
    try:
        merged = merge_session(session=request.session, user=request.user)
    except DatabaseError:
        messages.error(request, "It did not work this time either. Nothing is lost.")
    else:
        if merged is not None:
            messages.success(request, what_was_merged(merged))
    return redirect("start")


def _context(
    request: PageRequest, scorer: Visitor | Member, anime_ids: list[int]
) -> dict[str, Any]:
    """What the page and its parts show: these titles as they are scored, and the list."""
    history, scores = scorer.history, scorer.scores(anime_ids)
    titles = titles_of(catalogue_arrays(), anime_ids)
    skipped = set(visitor_scores.skipped_in(request.session))
    n_scored = 0 if history is None else len(history.scored)
    picks = None
    if n_scored:
        picks = recommend(
            rater=scorer.rater, history=history, n=LIST_LENGTH, show_adult=scorer.show_adult
        )
    return {
        "tiles": [(titles[pk], scores.get(pk), pk in skipped) for pk in anime_ids if pk in titles],
        "n_scored": n_scored,
        "good_start": GOOD_START,
        "picks": picks,
        "is_simulated": picks is not None and shows_simulated(picks),
        "is_unmerged": isinstance(request.user, User)
        and bool(visitor_scores.scores_of(request.session)),
    }
