"""The lines of a list of recommendations, and the boxes of its filters.

Written here and not in templates, since a page has twenty lines, and a hundred boxes. What does not
depend on who reads it is kept.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from catalog.covers import cover_of
from catalog.templatetags.actions import act, score_menu
from catalog.titles import n_episodes
from recommender.services.lists import Influence, Reason, Recommendation

register = template.Library()

_CHECKED = SafeString(" checked")
_BAR_LENGTH = 100
_EXACT = (
    "By so much the relevance would be lower without the title, or higher where it speaks "
    "against it."
)
_APPROXIMATE = (
    "About so much lower the relevance would be without the title, or higher where it speaks "
    "against it."
)


@register.simple_tag
def boxes(name: str, choices: Iterable[tuple[str, str]], chosen: Collection[str]) -> SafeString:
    """A box to tick for each choice, (value, label)."""
    return format_html_join(
        "",
        '<label class="tick"><input type="checkbox" name="{}" value="{}"{}><span>{}</span></label>',
        ((name, value, _CHECKED if value in chosen else "", label) for value, label in choices),
    )


@register.simple_tag
def list_items(
    items: Iterable[Recommendation], *, buttons: bool, is_visitor: bool = False
) -> SafeString:
    """The lines of a list; ``buttons`` for somebody with a list of their own.

    A visitor can score there; to plan and to turn down takes an account.
    """
    language, made = get_language() or "", _visitors_buttons if is_visitor else _buttons
    lines = (_line(item, language, made(item) if buttons else "") for item in items)
    return mark_safe("".join(lines))  # noqa: S308 - see _line


def _line(item: Recommendation, language: str, buttons: str) -> str:
    """A line of a list; everything that is not ours is escaped."""
    anime = item.anime
    genres = tuple(genre.name for genre in anime.genres.all())
    kind = anime.get_type_display() or "Unknown type"
    head = _head(anime.pk, anime.title, genres, anime.type or "")
    facts = _facts(kind, anime.episodes, anime.mean_score, language)
    planned = ' · <span class="item__planned">on your plan</span>' if item.is_planned else ""
    reasons = "".join(f'<p class="reason">{escape(each.text)}</p>' for each in item.reasons)
    return (
        f'<li class="item" id="item-{anime.pk}">'
        f'<span class="item__rank" aria-hidden="true">{item.rank}</span>{head}'
        f'<p class="facts">{facts}{planned}</p>'
        f'<p class="facts item__genres">{escape(", ".join(genres))}</p>{reasons}'
        f"{_why(item)}</div>{_expectation(item)}{buttons}</li>"
    )


@lru_cache(maxsize=16_384)
def _head(anime_id: int, title: str, genres: tuple[str, ...], type: str) -> str:
    """Cover and title, and the begin of the element that the rest of the text goes into."""
    drawing = cover_of(title=title, genres=genres, type=type)
    return (
        f'<a class="item__cover" href="/anime/{anime_id}/" tabindex="-1" aria-hidden="true">'
        f'{drawing}</a><div class="item__text"><h2><a href="/anime/{anime_id}/">'
        f"{escape(title)}</a></h2>"
    )


@lru_cache(maxsize=4096)
def _facts(kind: str, episodes: int | None, score: float | None, language: str) -> str:
    """A title's facts, numbers in the language's way to write them."""
    facts = [kind]
    if episodes:
        facts.append(n_episodes(episodes))
    if score:
        facts.append(f"community score {number_format(score, 2)}")
    return " · ".join(facts)


def _why(item: Recommendation) -> str:
    """What moved the title, folded away: by how much each of the person's titles, with a bar."""
    lines = contributions(item.reasons)
    if not lines:
        return ""
    is_exact = any(reason.is_exact for reason in item.reasons if reason.titles)
    return (
        '<details class="why"><summary>Why?<span class="visually-hidden"> What moved '
        f"{escape(item.anime.title)}</span></summary><ul>{lines}</ul>"
        f'<p class="facts">{_EXACT if is_exact else _APPROXIMATE}</p></details>'
    )


@register.simple_tag
def contributions(reasons: Iterable[Reason]) -> SafeString:
    """By how much each of the person's titles moved a listed one: with sign, size and a bar."""
    moved = [title for reason in reasons for title in reason.titles]
    most = max((abs(title.contribution) for title in moved), default=0.0) or 1.0
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        "".join(_contribution(title, abs(title.contribution) / most) for title in moved)
    )


def _contribution(title: Influence, share: float) -> str:
    way = "for" if title.contribution > 0 else "against"
    own = f"your {title.score:.0f}" if title.score else "no score"
    width = max(2, round(share * _BAR_LENGTH))
    sign = "+" if title.contribution > 0 else "−"
    size = number_format(abs(title.contribution), 2)
    return (
        f'<li class="moved moved--{way}"><span class="moved__title"><span>'
        f'{escape(title.title)}</span> <span class="moved__own">({own})</span></span>'
        f'<svg class="moved__bar" viewBox="0 0 {_BAR_LENGTH} 6" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false"><rect width="{width}" height="6" rx="3"/></svg>'
        f'<span class="moved__size">{sign}{size}'
        f'<span class="visually-hidden">: speaks {way} it</span></span></li>'
    )


def _expectation(item: Recommendation) -> str:
    """The predicted score with its range, or the similarity where there is none."""
    if item.prediction is not None:
        value, label = number_format(item.prediction, 1), "predicted score"
    elif item.sim is not None:
        value, label = number_format(item.sim, 2), "similarity"
    else:
        return ""
    likely = ""
    if item.prediction_range is not None:
        ends = range_of(item.prediction_range)
        likely = f'<span class="expectation__range">likely {ends}</span>'
    return (
        f'<p class="expectation item__prediction"><span class="expectation__value">{value}</span>'
        f' <span class="expectation__label">{label}</span> {likely}</p>'
    )


@register.filter
def range_of(ends: tuple[float, float]) -> str:
    """A range of whole scores: "7–9", or "8" where both ends are the same."""
    lowest, highest = (f"{end:.0f}" for end in ends)
    return lowest if lowest == highest else f"{lowest}–{highest}"


def _buttons(item: Recommendation) -> str:
    anime = item.anime
    rate, dismiss = (reverse(name, args=[anime.pk]) for name in ("anime-rate", "anime-dismiss"))
    plan = ""
    if not item.is_planned:
        plan = act(
            rate, "Plan to watch", "plus", about=anime.title, name="status", value="plan-to-watch"
        )
    return (
        f'<div class="item__actions">{score_menu(anime, with_plan=False)}{plan}'
        f"{act(dismiss, 'Not interested', 'hide', about=anime.title)}</div>"
    )


def _visitors_buttons(item: Recommendation) -> str:
    return f'<div class="item__actions">{score_menu(item.anime, with_plan=False)}</div>'
