"""Changes of one's own list from its page: lines that were edited, many titles at once, undo."""

from collections.abc import Collection, Iterable

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import trigger_client_event

from catalog import selectors
from catalog.forms.my_list import ChosenForm, MyListForm, entry_changes
from catalog.models import Anime, Rater, Rating
from catalog.pages import MemberRequest, back_url, member_action, tell
from catalog.services import change_undo, ratings
from catalog.services.bulk_ratings import (
    Change,
    Entry,
    EntryChange,
    change_entries,
    remove_entries,
    undo_change,
)
from catalog.services.own_list import OwnList, own_list


@member_action
def save_entries(request: MemberRequest) -> HttpResponse:
    """Save the lines that were edited."""
    rater, mine = _list_of(request)
    changed: Collection[int] = ()
    is_moved = False
    try:
        changes = entry_changes(request.POST)
        known = {pk: change for pk, change in changes.items() if pk in mine.entries}
        change = change_entries(rater=rater, changes=known)
    except ratings.InvalidRating as error:
        messages.error(request, str(error))
        # The lines show again what is stored.
        changed = _known(mine, (line.split("/")[0] for line in request.POST.getlist("was")))
        return _answer(request, rater, changed, status=422)
    after = selectors.ratings_by_title(rater=rater, anime_ids=change.before)
    if change.before:
        is_moved = any(after[pk].status != was.status for pk, was in change.before.items())
        _tell_of_lines(request, mine, change, after)
    elif not request.htmx:
        messages.info(request, "Nothing was changed.")
    return _answer(request, rater, change.before.keys(), is_moved=is_moved)


@member_action
def change_chosen(request: MemberRequest) -> HttpResponse:
    """Change or remove many titles at once."""
    rater, mine = _list_of(request)
    form = ChosenForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.problem)
        return _answer(request, rater, (), status=422)
    # Whatever is named that is not on this list is passed over.
    anime_ids = _chosen(request.POST, mine)
    if not anime_ids:
        messages.error(request, "Choose the titles first.")
        return _answer(request, rater, (), status=422)
    wanted = form.change
    if wanted is None:
        change = remove_entries(rater=rater, anime_ids=anime_ids)
    else:
        change = change_entries(rater=rater, changes=dict.fromkeys(anime_ids, wanted))
    name = change_undo.keep(request.session, change)
    tell(request, _what_became(wanted, len(change.before), name), undo=_undo(name))
    return _answer(request, rater, (), is_moved=True)


@member_action
def undo(request: MemberRequest) -> HttpResponse:
    """Put back what the last change of the list has changed."""
    rater = ratings.rater_for(user=request.user)
    change = change_undo.take(request.session, request.POST.get("change", ""))
    if change is None:
        messages.error(request, "This can no longer be undone: the list has been changed since.")
        return _answer(request, rater, (), status=422)
    n_back = undo_change(rater=rater, change=change)
    text = f"{_titles(n_back)} {'is' if n_back == 1 else 'are'} as before."
    if n_stay := len(change.before) - n_back:
        text += f" {_titles(n_stay)} changed since and stay{'s' if n_stay == 1 else ''}."
    messages.success(request, text)
    return _answer(request, rater, (), is_moved=True)


def _list_of(request: MemberRequest) -> tuple[Rater, OwnList]:
    rater = ratings.rater_for(user=request.user)
    show_adult = selectors.profile_of(request.user).show_adult
    return rater, own_list(rater=rater, show_adult=show_adult)


def _known(mine: OwnList, texts: Iterable[str]) -> set[int]:
    """The ids of the list that are among what a form has sent."""
    named = set(texts)
    return {anime_id for anime_id in mine.entries if str(anime_id) in named}


def _chosen(data: QueryDict, mine: OwnList) -> set[int]:
    """The ids that are meant: those that were ticked, those of the page, or all that were found."""
    if data["which"] == "found":
        genres = mine.arrays.genre_choices(show_adult=mine.show_adult)
        return set(
            mine.found(MyListForm(QueryDict(data.get("filters", "")), genres=genres).filters)
        )
    named = data.getlist("chosen") if data["which"] == "chosen" else data.get("page", "").split(",")
    return _known(mine, named)


def _answer(
    request: MemberRequest,
    rater: Rater,
    changed: Collection[int],
    *,
    is_moved: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The lines that have changed for htmx, or the whole list where entries come and go."""
    if not request.htmx:
        return redirect(back_url(request, default=reverse("my-list")))
    own = {} if is_moved else selectors.ratings_by_title(rater=rater, anime_ids=changed)
    titles = selectors.anime_by_id(anime_ids=own)
    lines = [(titles[pk], rating) for pk, rating in own.items()]
    context = {"lines": lines, "rater": rater}
    response = render(request, "catalog/_entries_changed.html", context, status=status)
    if status == 200:
        trigger_client_event(response, "ratings-changed")
    return trigger_client_event(response, "entries-moved") if is_moved else response


def _tell_of_lines(
    request: MemberRequest, mine: OwnList, change: Change, after: dict[int, Rating]
) -> None:
    name = change_undo.keep(request.session, change)
    text = f"{_titles(len(change.before))} of your list changed."
    if len(change.before) == 1:
        ((pk, was),) = change.before.items()
        text = _what_changed(mine.arrays.anime([pk])[pk], was, after[pk])
    tell(request, text, undo=_undo(name))


def _undo(name: str) -> tuple[str, dict[str, str]] | None:
    return (reverse("my-list-undo"), {"change": name}) if name else None


def _what_changed(anime: Anime, was: Entry, now: Rating) -> str:
    """A change of one line in a sentence."""
    if now.score != was.score:
        if now.score is None and now.status == was.status:
            return f"Your score for {anime.title} is gone."
        if now.score is not None:
            return f"You scored {anime.title} {now.score} out of 10."
    if now.status != was.status:
        return f"{anime.title} is on your list as “{now.get_status_display()}”."
    of_all = f" of {anime.episodes}" if anime.episodes else ""
    return f"{anime.title}: {now.episodes_watched or 0}{of_all} episodes seen."


def _what_became(wanted: EntryChange | None, n_changed: int, name: str) -> str:
    """A change of many titles in a sentence."""
    if not n_changed:
        return "All of these titles are like that already."
    titles, are = _titles(n_changed), "is" if n_changed == 1 else "are"
    if wanted is None:
        text = f"{titles} {are} off your list."
    elif isinstance(wanted.status, Rating.Status):
        text = f"{titles} {are} now “{wanted.status.label}”."
    elif wanted.score is None:
        text = f"{titles} {'has' if n_changed == 1 else 'have'} no score of yours any more."
    else:
        text = f"You scored {titles} {wanted.score} out of 10."
    return text if name else f"{text} That is too many to be undone."


def _titles(n: int) -> str:
    return "1 title" if n == 1 else f"{n:,} titles"
