"""A line of one's own list.

Written here and not in a template, since a page has fifty of them and rendering is most of its
time. All lines belong to the page's one form of lines; what they are when they are read is said in
a field ``was``, so that only what somebody changes is sent on to the list.
"""

from datetime import date
from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language

from catalog.covers import cover_of
from catalog.forms.my_list import MyListForm
from catalog.models import Anime, Rating
from catalog.services.bulk_ratings import Entry
from catalog.templatetags.lookups import score_options, status_options
from catalog.templatetags.pictures import icon

register = template.Library()

# get_type_display() makes a dictionary of the choices for every title.
_TYPES: dict[str, str] = dict(Anime.Type.choices)


@register.simple_tag
def entry_line(
    anime: Anime, entry: Entry | Rating, prediction: float | None = None, *, oob: bool = False
) -> SafeString:
    """The line of a title whose genres are prefetched; with ``oob`` htmx puts it in its place."""
    pk, title = anime.pk, escape(anime.title)
    genres = tuple(genre.name for genre in anime.genres.all())
    seen, score = entry.episodes_watched, entry.score
    was = (_slug(entry.status), score or "", "" if seen is None else seen)
    swap = ' hx-swap-oob="true"' if oob else ""
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        f'<li class="entry" id="entry-{pk}"{swap}>'
        f'<input type="hidden" name="was" value="{pk}/{was[0]}/{was[1]}/{was[2]}">'
        f'<label class="entry__pick" for="pick-{pk}">'
        f'<input type="checkbox" id="pick-{pk}" name="chosen" value="{pk}" '
        f'form="chosen" autocomplete="off"><span class="visually-hidden">Choose {title}</span>'
        f"</label>{_cover(pk, anime.title, genres, anime.type or '')}"
        f'<div class="entry__title"><a href="/anime/{pk}/">{title}</a>'
        f'<p class="facts">{_facts(anime, entry, prediction)}</p></div>'
        '<div class="entry__controls">'
        f'<select name="status-{pk}" id="status-{pk}" aria-label="Status of {title}" '
        f'autocomplete="off">{_status_options(entry.status)}</select>'
        f"{_episodes(anime, entry, title)}"
        f'<select class="select--score" name="score-{pk}" id="score-{pk}" '
        f'aria-label="Your score for {title}" autocomplete="off">{_score_options(score)}</select>'
        f"{_remove(pk, title)}</div></li>"
    )


@register.simple_tag
def list_filters(form: MyListForm) -> SafeString:
    """The selects of the list's filters, with their labels."""
    chosen = form.values
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        "".join(
            f'<p class="field field--{name}"><label for="id_{name}">{form.fields[name].label}'
            f'</label><select name="{name}" id="id_{name}" autocomplete="off">'
            f"{_options(form, name, chosen[name])}</select></p>"
            for name in ("type", "genre", "scored", "sort", "order")
        )
    )


def _options(form: MyListForm, name: str, chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(label)}</option>"
        for value, label in form.choices_of(name)
    )


def _facts(anime: Anime, entry: Entry | Rating, prediction: float | None) -> str:
    language = get_language() or ""
    facts = _kind(_TYPES.get(anime.type or "", "Unknown type"), anime.mean_score, language)
    if prediction and not entry.score:
        facts += f" · {number_format(prediction, 1)} predicted"
    return facts + _changed(localtime(entry.updated_at).date(), language)


@lru_cache(maxsize=4096)
def _kind(kind: str, mean_score: float | None, language: str) -> str:
    """A type and the community's score, in the language's way to write numbers."""
    if mean_score is None:
        return escape(kind)
    return f"{escape(kind)} · community {number_format(mean_score, 2)}"


def _episodes(anime: Anime, entry: Entry | Rating, title: str) -> str:
    """How many episodes were seen, and a button for one more where there may be one."""
    pk, seen, total = anime.pk, entry.episodes_watched, anime.episodes
    most = f' max="{total}"' if total else ""
    hint = f' placeholder="{total}"' if total and entry.status == Rating.Status.COMPLETED else ""
    is_over = entry.status == Rating.Status.COMPLETED if seen is None else seen == total
    more = (
        ""
        if is_over
        else f'<button class="entry__more" type="submit" name="plus" value="{pk}" id="plus-{pk}" '
        f'title="One more episode">+1<span class="visually-hidden"> episode of {title}</span>'
        "</button>"
    )
    return (
        f'<span class="entry__episodes"><input type="number" inputmode="numeric" min="0"{most} '
        f'name="episodes-{pk}" id="episodes-{pk}" value="{"" if seen is None else seen}"{hint} '
        f'aria-label="Episodes of {title} that you have seen" autocomplete="off">'
        f'<span class="entry__total">/ {total or "?"}</span>{more}</span>'
    )


@lru_cache(maxsize=16_384)
def _cover(anime_id: int, title: str, genres: tuple[str, ...], type: str) -> str:
    drawing = cover_of(title=title, genres=genres, type=type)
    return (
        f'<a class="entry__cover" href="/anime/{anime_id}/" tabindex="-1" aria-hidden="true">'
        f"{drawing}</a>"
    )


@lru_cache(maxsize=4096)
def _changed(day: date, language: str) -> str:
    """When the entry was changed, in the language's way to write dates."""
    return f'<span class="entry__changed"> · changed {date_format(day, "DATE_FORMAT")}</span>'


@lru_cache
def _status_options(status: int) -> str:
    return status_options(status)


@lru_cache
def _score_options(score: int | None) -> str:
    return score_options(score)


@lru_cache
def _slug(status: int) -> str:
    return Rating.Status(status).slug


@lru_cache(maxsize=16_384)
def _remove(anime_id: int, title: str) -> str:
    return (
        f'<button class="icon-button" type="submit" form="act" id="remove-{anime_id}" '
        f'formaction="{reverse("anime-remove", args=[anime_id])}" title="Remove">{_TRASH}'
        f'<span class="visually-hidden">Remove {title} from my list</span></button>'
    )


_TRASH = icon("trash")
