"""Charts of one's own list. Inline SVG, without style attributes, each beside its numbers."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_COLUMN, _HEIGHT = 32, 110
# A deviation of so many points fills its half of the bar.
_WIDEST = 1.5
_HALF = 50


@register.inclusion_tag("catalog/_score_shares.html")
def score_shares(own: Sequence[float], community: Sequence[float]) -> dict[str, Any]:
    """The shares of the scores 1 to 10, the person's beside the community's, on one scale."""
    most = max([*own, *community], default=0.0) or 1.0
    columns = []
    for index in range(10):
        mine, theirs = ((each[index] if each else 0.0) for each in (own, community))
        heights = [round(_HEIGHT * share / most) for share in (mine, theirs)]
        columns.append(
            {
                "score": index + 1,
                "own": 100 * mine,
                "community": 100 * theirs,
                "x": index * _COLUMN,
                "x_community": index * _COLUMN + 14,
                "x_label": index * _COLUMN + 14,
                "height": heights[0],
                "height_community": heights[1],
                "y": _HEIGHT + 6 - heights[0],
                "y_community": _HEIGHT + 6 - heights[1],
            }
        )
    return {"columns": columns}


@register.simple_tag
def deviation_bar(deviation: float) -> SafeString:
    """A bar to the right for above, to the left for below; decorative, the number is beside it."""
    width = round(_HALF * min(abs(deviation) / _WIDEST, 1.0), 1)
    return format_html(
        '<svg class="deviation deviation--{}" viewBox="0 0 100 10" aria-hidden="true" '
        'focusable="false" preserveAspectRatio="none"><rect x="{}" y="0" width="{}" height="10"/>'
        '<path d="M50 0v10"/></svg>',
        "above" if deviation > 0 else "below",
        _HALF if deviation > 0 else _HALF - width,
        width,
    )


@register.filter
def signed(value: float) -> str:
    """``+0.4``, ``−0.4``, or ``0.0`` for what rounds to nothing."""
    rounded = round(value, 1)
    if not rounded:
        return "0.0"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.1f}"
