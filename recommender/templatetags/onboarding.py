"""A title to score, as a tile.

Written here and not in a template, since a page has two dozen of them with twelve buttons each.
"""

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.models import Anime
from catalog.templatetags.actions import score_buttons
from catalog.templatetags.pictures import cover, icon
from catalog.titles import n_episodes

register = template.Library()


@register.simple_tag
def start_tile(
    anime: Anime, score: int | None, is_skipped: bool, *, oob: bool = False
) -> SafeString:
    """The tile of a title whose genres are prefetched; every button works without JavaScript."""
    url, title = reverse("start-score", args=[anime.pk]), escape(anime.title)
    state = f"You scored it {score}." if score else "Not seen." if is_skipped else ""
    name, label = ("take-back", "Take back") if state else ("skip", "Not seen")
    attributes = f' data-score="{score}"' if score else " data-skipped" if is_skipped else ""
    swap = ' hx-swap-oob="true"' if oob else ""
    return mark_safe(  # noqa: S308 - everything that is not ours is escaped
        f'<article class="tile" id="tile-{anime.pk}" aria-labelledby="tile-title-{anime.pk}" '
        f'aria-describedby="tile-state-{anime.pk}" data-tile{attributes}{swap}>'
        f'<div class="tile__cover">{cover(anime)}</div>'
        f'<h2 class="tile__title" id="tile-title-{anime.pk}">'
        f'<a href="{anime.get_absolute_url()}">{title}</a></h2>'
        f'<p class="tile__facts">{_facts(anime)}</p>'
        f'<div class="tile__scores" role="group" aria-label="Your score for {title}">'
        f"{score_buttons(anime, score, is_visitor=True)}</div>"
        f'<p class="tile__foot"><span id="tile-state-{anime.pk}">{state}</span>'
        f'<button class="button button--quiet tile__button" type="submit" form="act" '
        f'formaction="{url}" name="{name}" value="1" id="{name}-{anime.pk}">'
        f"{icon('close' if state else 'hide')}<span>{label}"
        f'<span class="visually-hidden">: {title}</span></span></button></p></article>'
    )


def _facts(anime: Anime) -> str:
    facts = [anime.get_type_display() or "Unknown type"]
    if anime.episodes:
        facts.append(n_episodes(anime.episodes))
    return " · ".join(facts)
