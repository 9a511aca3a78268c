"""The catalogue's pages: browse, title, my list, settings, and what changes a list."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_safe
from django_htmx.http import reswap, trigger_client_event

from catalog import selectors
from catalog.forms import BrowseForm, MyListForm, RatingForm, SettingsForm
from catalog.models import Anime, Rater, Rating
from catalog.pages import (
    MemberRequest,
    PageRequest,
    back_url,
    is_fragment,
    member_action,
    tell,
    vary_on_htmx,
)
from catalog.services import profiles, ratings

TITLES_PER_PAGE = 30
ENTRIES_PER_PAGE = 50


@require_safe
def anime_list(request: PageRequest) -> HttpResponse:
    """Browse and search."""
    show_adult = selectors.profile_of(request.user).show_adult
    rater = selectors.rater_of(request.user)
    form = BrowseForm(request.GET, genres=selectors.genre_choices(show_adult=show_adult))
    chosen = form.values
    found = selectors.titles(
        show_adult=show_adult,
        search=chosen["q"],
        genre=chosen["genre"],
        type=chosen["type"],
        order=chosen["sort"] or "popular",
    )
    page = Paginator(found, TITLES_PER_PAGE).get_page(request.GET.get("page"))
    titles = list(page.object_list)
    context = {
        "form": form,
        "page": page,
        "titles": titles,
        "rater": rater,
        "own": selectors.ratings_by_title(rater=rater, anime_ids=[title.pk for title in titles]),
    }
    template = "_results" if is_fragment(request, "results") else "anime_list"
    return vary_on_htmx(render(request, f"catalog/{template}.html", context))


@require_safe
def anime_detail(request: PageRequest, anime_id: int) -> HttpResponse:
    """A title's page."""
    show_adult = selectors.profile_of(request.user).show_adult
    anime = selectors.visible_anime(anime_id=anime_id, show_adult=show_adult)
    if anime is None and not show_adult:
        hidden = selectors.visible_anime(anime_id=anime_id, show_adult=True)
        if hidden is not None:
            return render(request, "catalog/adult_hidden.html", status=404)
    if anime is None:
        raise Http404("There is no title with this id.")
    return _title_page(request, anime, show_adult=show_adult)


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


@login_required
def account_settings(request: MemberRequest) -> HttpResponse:
    """The account's own settings, and where to change the rest."""
    profile = selectors.profile_of(request.user)
    if request.method == "POST":
        form = SettingsForm(request.POST)
        if form.is_valid():
            profiles.save_settings(user=request.user, show_adult=form.cleaned_data["show_adult"])
            messages.success(request, "Your settings are saved.")
            return redirect("settings")
    else:
        form = SettingsForm(initial={"show_adult": profile.show_adult})
    return render(request, "account/settings.html", {"form": form})


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


def _title_page(
    request: PageRequest, anime: Anime, *, show_adult: bool, status: int = 200
) -> HttpResponse:
    rater = selectors.rater_of(request.user)
    histogram = selectors.score_histogram(anime_id=anime.pk)
    context = {
        "anime": anime,
        "show_adult": show_adult,
        "histogram": histogram,
        "n_scores": sum(histogram.values()),
        **_standing(anime, rater),
    }
    return render(request, "catalog/anime_detail.html", context, status=status)


def _standing(anime: Anime, rater: Rater | None) -> dict[str, Any]:
    """What the score widgets of a title show."""
    own = selectors.ratings_by_title(rater=rater, anime_ids=[anime.pk])
    return {
        "rater": rater,
        "own": own,
        "rating": own.get(anime.pk),
        "is_dismissed": selectors.is_dismissed(rater=rater, anime=anime),
    }


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
    context = {"anime": anime, "widget": widget, **_standing(anime, rater)}
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
    return _title_page(request, anime, show_adult=show_adult, status=400)


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
