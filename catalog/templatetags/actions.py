"""Buttons that change something.

A page has one form for all of them, ``#act`` in its frame, with the token against forgery and the
address to come back to. A button belongs to that form and names the address that it sends to, so
a page of thirty titles needs no hundred forms. With JavaScript ``site.js`` sends the form by htmx.

Written here and not in templates, since a page has many of them and rendering is most of its time.
"""

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Rating
from catalog.templatetags.pictures import icon

register = template.Library()

SCORE_WORDS = (
    "awful",
    "very bad",
    "bad",
    "weak",
    "so-so",
    "fine",
    "good",
    "very good",
    "great",
    "a masterpiece",
)
_NO_TITLE = 999_999_999
# The views that take a score: onto one's list, or into the session.
_MEMBERS, _VISITORS = "anime-rate", "start-score"


@register.simple_tag
def act(
    url: str,
    label: str,
    icon_name: str = "",
    *,
    about: str = "",
    name: str = "",
    value: str = "",
    kind: str = "quiet",
    id: str = "",
) -> SafeString:
    """A button that posts to an address, with one field if ``name`` is given.

    ``about`` is read to those who hear the page only: which title the button is about. ``kind`` is
    the button's look, a modifier of ``.button``.
    """
    field = format_html(' name="{}" value="{}"', name, value) if name else ""
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        f'<button class="button button--{kind}" type="submit" form="act" '
        f'formaction="{escape(url)}"{field}{_id(id)}>{icon(icon_name) if icon_name else ""}'
        f"<span>{escape(label)}{_about(about)}</span></button>"
    )


@register.simple_tag
def score_buttons(anime: Anime, own: int | None = None, *, is_visitor: bool = False) -> SafeString:
    """Ten buttons that score a title; the person's own score is pressed.

    Those of a visitor send to the address that keeps scores without an account.
    """
    return _score_buttons(anime.pk, own, _VISITORS if is_visitor else _MEMBERS)


@register.simple_tag
def score_menu(
    anime: Anime, rating: Rating | None = None, *, oob: bool = False, with_plan: bool = True
) -> SafeString:
    """What opens the menu of scores of a title in a list.

    Without JavaScript it is a link to the scores on the title's page. The page has one menu
    (:func:`score_panel`), which is moved to where it is opened.
    """
    label = "Score"
    if rating:
        label = f"Scored {rating.score}" if rating.score else rating.get_status_display()
    data = "" if with_plan and not rating else " data-planned"
    if rating:
        data += f' data-listed data-own="{rating.score or ""}"'
    swap = ' hx-swap-oob="true"' if oob else ""
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        f'<div class="score-menu" id="menu-{anime.pk}"{swap}>'
        f'<a class="button button--quiet" id="menu-button-{anime.pk}" '
        f'href="{anime.get_absolute_url()}#score" data-score-menu="{anime.pk}"{data}>'
        f"{icon('star')}<span>{label}{_about(anime.title)}</span></a></div>"
    )


@register.simple_tag
def score_panel(*, is_visitor: bool = False) -> SafeString:
    """The menu of scores, once in a page's frame; its addresses name no title yet.

    A visitor has scores only: there is no list to plan on or to remove from.
    """
    plan = remove = SafeString("")
    if not is_visitor:
        rate = reverse(_MEMBERS, args=[_NO_TITLE])
        plan = act(rate, "Plan to watch", "plus", name="status", value="plan-to-watch")
        remove = act(reverse("anime-remove", args=[_NO_TITLE]), "Remove", "trash")
    buttons = _score_buttons(_NO_TITLE, None, _VISITORS if is_visitor else _MEMBERS)
    return mark_safe(  # noqa: S308 - numbers and words of ours
        f'<template id="score-panel" data-no-title="{_NO_TITLE}">'
        '<div class="score-menu__panel" role="dialog" aria-label="Your score">'
        '<p class="score-menu__label" aria-hidden="true">How good is it?</p>'
        f'<div class="scores" role="group">{buttons}</div>'
        f'<div class="score-menu__actions"><span data-plan>{plan}</span>'
        f"<span data-remove>{remove}</span></div></div></template>"
    )


def _score_buttons(anime_id: int, own: int | None, view: str) -> SafeString:
    url = reverse(view, args=[anime_id])
    return mark_safe(  # noqa: S308 - numbers and words of ours
        "".join(
            f'<button class="scores__button" type="submit" form="act" formaction="{url}" '
            f'name="score" value="{score}" id="score-{anime_id}-{score}" '
            f'title="{score}: {word}" aria-label="{score} out of {MAX_SCORE}: {word}" '
            f'aria-pressed="{"true" if score == own else "false"}">{score}</button>'
            for score, word in enumerate(SCORE_WORDS, start=MIN_SCORE)
        )
    )


def _about(text: str) -> str:
    return f'<span class="visually-hidden">: {escape(text)}</span>' if text else ""


def _id(id: str) -> str:
    return f' id="{escape(id)}"' if id else ""
