"""What pages draw: covers, icons, histograms. Inline SVG, without style attributes."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from catalog.covers import cover_of
from catalog.models import Anime

register = template.Library()

# Line drawings in a box of 24 by 24.
ICONS = {
    "home": "M4 11l8-7 8 7M6 9.5V20h4.5v-5.5h3V20H18V9.5",
    "browse": "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
    "star": "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z",
    "list": "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
    "search": "M10.5 17.5a7 7 0 100-14 7 7 0 000 14zM20.5 20.5l-5-5",
    "user": "M12 12a4 4 0 100-8 4 4 0 000 8zM4.5 20.5a7.5 7.5 0 0115 0",
    "people": "M9 11.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM2.5 20a6.5 6.5 0 0113 0"
    "M16 4.9a3.5 3.5 0 010 6.3M18 14.2a6.5 6.5 0 013.5 5.8",
    "plus": "M12 5v14M5 12h14",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "close": "M6 6l12 12M18 6L6 18",
    "hide": "M4 4l16 16M9.9 5.3A9.8 9.8 0 0112 5c5 0 8.5 4.5 9.5 7a13 13 0 01-3 4.2M6.6 6.9A13.4"
    " 13.4 0 002.5 12c1 2.5 4.5 7 9.5 7a9.5 9.5 0 004-.9M10 10a3 3 0 004.2 4.2",
    "info": "M12 21a9 9 0 100-18 9 9 0 000 18zM12 11v5.5M12 7.8h.01",
    "trash": "M4 7h16M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5",
    "down": "M6 9l6 6 6-6",
    "left": "M15 5l-7 7 7 7",
    "right": "M9 5l7 7-7 7",
    "settings": "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5z"
    "M9 19.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5z",
    "play": "M7 4.5v15l12-7.5z",
    "clock": "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5.5l3.5 2",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
}


@register.simple_tag
def cover(anime: Anime) -> SafeString:
    """The generated cover of a title whose genres are prefetched."""
    return cover_of(
        title=anime.title, genres=[genre.name for genre in anime.genres.all()], type=anime.type
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon in the colour of the text; KeyError for an unknown name."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        ICONS[name],
    )


@register.simple_tag
def histogram(counts: dict[int, int], own_score: int | None = None) -> SafeString:
    """The scores 1 to 10 as columns; ``own_score`` is marked.

    Written here and not in a template, which would format each of its eighty numbers.
    """
    most = max(counts.values(), default=0) or 1
    columns, spoken = [], []
    for place, (score, count) in enumerate(sorted(counts.items())):
        # A column of a single rating can still be seen.
        height = max(3, round(100 * count / most)) if count else 1
        own = " histogram__column--own" if score == own_score else ""
        columns.append(
            f'<g class="histogram__column{own}"><title>Score {score}: {count}</title>'
            f'<rect x="{place * 32}" y="{124 - height}" width="28" height="{height}" rx="3"/>'
            f'<text x="{place * 32 + 14}" y="142">{score}</text></g>'
        )
        spoken.append(f"{score}: {count}")
    return mark_safe(  # noqa: S308 - numbers and words of ours
        '<svg class="histogram" viewBox="0 0 316 146" role="img" '
        f'aria-label="How often each score was given: {", ".join(spoken)}">'
        f"{''.join(columns)}</svg>"
    )


@register.simple_tag
def scrim() -> SafeString:
    """The gradient under the lettering of all covers; once a page, in its body."""
    return mark_safe(
        '<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false">'
        '<linearGradient id="cover-scrim" x2="0" y2="1"><stop class="scrim-start"/>'
        '<stop class="scrim-end" offset="1"/></linearGradient></svg>'
    )
