"""What changes a list: scores, statuses, removals, dismissals."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django_htmx.http import reswap, trigger_client_event

from catalog import selectors
from catalog.forms.rating import RatingForm
from catalog.models import Anime, Rater, Rating
from catalog.pages import (
    MemberRequest,
    back_url,
    member_action,
    tell,
)
from catalog.services import ratings
from catalog.views.title import standing, title_page


@member_action
def anime_rate(request: MemberRequest, anime_id: int) -> HttpResponse:
    """Score a title, or set its status."""
    anime = _title_to_change(request, anime_id)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _refuse(request, anime, form.problem)
    rater = ratings.rater_for(user=request.user)
    before = selectors.ratings_by_title(rater=rater, anime_ids=[anime.pk]).get(anime.pk)
    try:
        after = ratings.rate(rater=rater, anime=anime, **form.changes)
    except ratings.InvalidRating as error:
        return _refuse(request, anime, str(error))
    undo = _undo_to(before) if before else (reverse("anime-remove", args=[anime.pk]), {})
    tell(request, _what_changed(anime, before, after), undo=undo)
    return _changed(request, anime, rater, moved=before is None or before.status != after.status)


@member_action
def anime_remove(request: MemberRequest, anime_id: int) -> HttpResponse:
    """Take a title off one's list."""
    anime = _title_to_change(request, anime_id)
    rater = ratings.rater_for(user=request.user)
    before = selectors.ratings_by_title(rater=rater, anime_ids=[anime.pk]).get(anime.pk)
    ratings.remove(rater=rater, anime=anime)
    if before is None:
        tell(request, f"{anime.title} was not on your list.")
    else:
        tell(request, f"{anime.title} is off your list.", undo=_undo_to(before))
    return _changed(request, anime, rater, moved=True)


@member_action
def anime_dismiss(request: MemberRequest, anime_id: int) -> HttpResponse:
    """Never recommend a title again."""
    anime = _title_to_change(request, anime_id)
    rater = ratings.rater_for(user=request.user)
    ratings.dismiss(rater=rater, anime=anime)
    tell(
        request,
        f"{anime.title} will not be recommended to you again.",
        undo=(reverse("anime-restore", args=[anime.pk]), {}),
    )
    return _changed(request, anime, rater)


@member_action
def anime_restore(request: MemberRequest, anime_id: int) -> HttpResponse:
    """Take "not interested" back."""
    anime = _title_to_change(request, anime_id)
    rater = ratings.rater_for(user=request.user)
    ratings.undo_dismissal(rater=rater, anime=anime)
    tell(request, f"{anime.title} may be recommended to you again.")
    return _changed(request, anime, rater)


def _title_to_change(request: MemberRequest, anime_id: int) -> Anime:
    show_adult = selectors.profile_of(request.user).show_adult
    anime = selectors.visible_anime(anime_id=anime_id, show_adult=show_adult)
    if anime is None:
        raise Http404("There is no title with this id, or your settings hide it.")
    return anime


def _changed(
    request: MemberRequest, anime: Anime, rater: Rater, *, moved: bool = False
) -> HttpResponse:
    """The answer to a change: new widgets and a message for htmx, a redirect for a plain form.

    ``moved`` says that the title has come into a part of the list, or gone from it, so that a
    page of the list has to be read anew.
    """
    if not request.htmx:
        return redirect(back_url(request, default=anime.get_absolute_url()))
    widget = _widget_on_page(request, moved=moved)
    context = {"anime": anime, "widget": widget, **standing(anime, rater)}
    response = render(request, "catalog/_changed.html", context)
    trigger_client_event(response, "ratings-changed")
    return trigger_client_event(response, "entries-moved") if moved else response


def _widget_on_page(request: MemberRequest, *, moved: bool) -> str:
    """The template of what the page in the browser shows of a title that has changed.

    Empty where a list is read anew anyway: the recommendations, and one's own list when an entry
    has come or gone.
    """
    try:
        page = resolve(urlsplit(request.htmx.current_url or "").path).url_name
    except Resolver404:
        return ""
    if page == "my-list":
        return "" if moved else "catalog/_entry.html"
    return {"anime-list": "catalog/_menu.html", "anime-detail": "catalog/_panel.html"}.get(
        page or "", ""
    )


def _refuse(request: MemberRequest, anime: Anime, problem: str) -> HttpResponse:
    """The answer to what cannot be entered: nothing is changed."""
    messages.error(request, problem)
    if request.htmx:
        return reswap(render(request, "_messages.html", {"oob": True}, status=422), "none")
    show_adult = selectors.profile_of(request.user).show_adult
    return title_page(request, anime, show_adult=show_adult, status=400)


def _undo_to(before: Rating) -> tuple[str, dict[str, str]]:
    """The form that puts a rating back."""
    fields = {
        "score": before.score,
        "status": Rating.Status(before.status).slug,
        "episodes_watched": before.episodes_watched,
    }
    return (
        reverse("anime-rate", args=[before.anime_id]),
        {name: "" if value is None else str(value) for name, value in fields.items()},
    )


def _what_changed(anime: Anime, before: Rating | None, after: Rating) -> str:
    """A change in one sentence."""
    title = anime.title
    if after.score is not None and (before is None or before.score != after.score):
        return f"You scored {title} {after.score} out of 10."
    if before is not None and before.score is not None and after.score is None:
        gone = f"Your score for {title} is gone"
        return f"{gone}; it is on your list as “{after.get_status_display()}”."
    return f"{title} is on your list as “{after.get_status_display()}”."
