"""What templates cannot say themselves: a value by the title that it belongs to, undo buttons."""

import json
from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.template import Context

from catalog.forms import STATUS_CHOICES
from catalog.models import MIN_SCORE, Anime, Rating
from catalog.pages import PageRequest

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


@register.filter
def of(values: Mapping[int, Any] | None, anime: Anime) -> Any:
    """``ratings|of:anime``: the entry under the title's id, or None."""
    return (values or {}).get(anime.pk)


@register.simple_tag(takes_context=True)
def here(context: Context) -> str:
    """The address of the page in the browser, for a form's ``next``; also in a fragment of it."""
    request: PageRequest = context["request"]
    if request.htmx and request.method == "POST":
        return request.htmx.current_url_abs_path or "/"
    return request.get_full_path()


@register.simple_tag
def score_scale() -> list[tuple[int, str]]:
    """The scores and what each one says."""
    return list(enumerate(SCORE_WORDS, start=MIN_SCORE))


@register.simple_tag
def statuses() -> list[tuple[str, str]]:
    """The statuses as they are sent, and as people read them."""
    return STATUS_CHOICES


@register.filter
def slug(status: int) -> str:
    """``rating.status|slug``: the status as it is sent in forms and addresses."""
    return Rating.Status(status).slug


@register.filter
def undo(message: Message) -> dict[str, Any] | None:
    """What takes the change back that a message tells of: ``{"url", "fields"}``, or None."""
    if not (message.extra_tags or "").startswith("{"):
        return None
    found: dict[str, Any] = json.loads(message.extra_tags or "")
    return found
