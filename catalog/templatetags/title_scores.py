"""The scores that a title got here, on its page and anew after a change."""

from typing import Any

from django import template

from catalog import selectors
from catalog.models import Anime

register = template.Library()


@register.inclusion_tag("catalog/_scores_here.html")
def scores_here(anime: Anime, own_score: int | None = None, *, oob: bool = False) -> dict[str, Any]:
    """How often each score was given, how many there are, and their mean; one's own is marked."""
    counts = selectors.score_histogram(anime_id=anime.pk)
    total = sum(counts.values())
    mean = sum(score * count for score, count in counts.items()) / total if total else None
    return {
        "counts": counts,
        "total": total,
        "mean": mean,
        "own_score": own_score or None,
        "oob": oob,
    }
