"""What a list of recommendations draws often: a filter's boxes, and what moved a title."""

from collections.abc import Collection, Iterable

from django import template
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe

from recommender.services.lists import Influence, Reason

register = template.Library()

_CHECKED = SafeString(" checked")
_BAR_LENGTH = 100


@register.simple_tag
def boxes(name: str, choices: Iterable[tuple[str, str]], chosen: Collection[str]) -> SafeString:
    """A box to tick for each choice, (value, label)."""
    return format_html_join(
        "",
        '<label class="tick"><input type="checkbox" name="{}" value="{}"{}><span>{}</span></label>',
        ((name, value, _CHECKED if value in chosen else "", label) for value, label in choices),
    )


@register.filter
def range_of(ends: tuple[float, float]) -> str:
    """A range of whole scores: "7–9", or "8" where both ends are the same."""
    lowest, highest = (f"{end:.0f}" for end in ends)
    return lowest if lowest == highest else f"{lowest}–{highest}"


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
    return (
        f'<li class="moved moved--{way}"><span class="moved__title"><span lang="ja-Latn">'
        f'{escape(title.title)}</span> <span class="moved__own">({own})</span></span>'
        f'<svg class="moved__bar" viewBox="0 0 {_BAR_LENGTH} 6" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false"><rect width="{width}" height="6" rx="3"/></svg>'
        f'<span class="moved__size">{sign}{abs(title.contribution):.2f}'
        f'<span class="visually-hidden">: speaks {way} it</span></span></li>'
    )
