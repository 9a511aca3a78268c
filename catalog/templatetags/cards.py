"""A title in a grid or on a shelf.

Written here and not in a template, since a page has dozens of cards and rendering them is most of
its time. What does not depend on who reads it is kept.
"""

from functools import lru_cache

from django import template
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from catalog.covers import cover_of
from catalog.models import Anime, Rating
from catalog.templatetags.actions import score_menu
from catalog.templatetags.pictures import icon
from catalog.titles import n_episodes

register = template.Library()


@register.simple_tag
def card(
    anime: Anime,
    *,
    own: Rating | None = None,
    prediction: float | None = None,
    menu: bool = False,
) -> SafeString:
    """The card of a title whose genres are prefetched.

    ``own`` is the reader's rating of it, ``prediction`` the score that we expect of the reader;
    with ``menu`` it can be scored here.
    """
    language = get_language() or ""
    genres = tuple(genre.name for genre in anime.genres.all())
    head = _head(anime.pk, anime.title, genres, anime.type or "")
    facts = _facts(anime, own)
    scores = _community(anime.mean_score, language) if anime.mean_score else ""
    if own and own.score:
        scores += (
            '<span class="own-score"><span class="visually-hidden">Your score</span>'
            f'<span aria-hidden="true">You</span> {own.score}</span>'
        )
    elif prediction:  # a template makes an empty text of a missing one
        scores += f'<span class="predicted">{number_format(prediction, 1)} for you</span>'
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        f'<article class="card">{head}<p class="card__facts">{facts}</p>'
        f'<p class="card__scores">{scores}</p>{score_menu(anime, own) if menu else ""}</article>'
    )


@lru_cache(maxsize=16_384)
def _head(anime_id: int, title: str, genres: tuple[str, ...], type: str) -> str:
    drawing = cover_of(title=title, genres=genres, type=type)
    return (
        f'<a class="card__link" href="/anime/{anime_id}/">{drawing}'
        f'<span class="card__title">{escape(title)}</span></a>'
    )


def _facts(anime: Anime, own: Rating | None) -> str:
    kind = anime.get_type_display() or "Unknown type"
    if not anime.episodes:
        return kind
    if own and own.episodes_watched:
        return f"{kind} · {own.episodes_watched} of {anime.episodes} episodes"
    return f"{kind} · {n_episodes(anime.episodes)}"


@lru_cache(maxsize=4096)
def _community(score: float, language: str) -> str:
    """The community's score, in the language's way to write numbers."""
    return (
        f'<span class="community">{icon("star")}'
        f'<span class="visually-hidden">Community score</span> {number_format(score, 2)}</span>'
    )
