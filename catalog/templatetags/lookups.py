"""What templates cannot say themselves: a value by the title that it belongs to, undo buttons."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.contrib.sessions.backends.base import SessionBase
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from catalog.forms.rating import STATUS_CHOICES
from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Rating
from catalog.pages import PageRequest
from catalog.services.visitor_scores import scores_of

register = template.Library()


@register.filter
def of(values: Mapping[int, Any] | None, anime: Anime) -> Any:
    """``ratings|of:anime``: the entry under the title's id, or None."""
    return (values or {}).get(anime.pk)


@register.filter
def has_scores(session: SessionBase | str) -> bool:
    """Whether a visitor has scored titles, so that there is a list for them."""
    # Pages of an error may have no session; a template makes an empty text of it.
    return isinstance(session, SessionBase) and bool(scores_of(session))


@register.simple_tag(takes_context=True)
def here(context: Context) -> str:
    """The address of the page in the browser, for a form's ``next``; also in a fragment of it."""
    request: PageRequest = context["request"]
    if request.htmx and request.method == "POST":
        return request.htmx.current_url_abs_path or "/"
    return request.get_full_path()


@register.simple_tag
def score_options(own: int | None = None) -> SafeString:
    """The options of a select of scores, the best first, and one for none."""
    return _options([("", "No score"), *_SCORE_CHOICES], str(own or ""))


@register.simple_tag
def status_options(own: int | None = None) -> SafeString:
    """The options of a select of statuses, with one for "none" where there is none yet."""
    if not own:  # what a template makes of a missing rating is an empty text
        return _options([("", "Not on my list"), *STATUS_CHOICES], "")
    return _options(STATUS_CHOICES, Rating.Status(own).slug)


_SCORE_CHOICES = [(str(score), str(score)) for score in range(MAX_SCORE, MIN_SCORE - 1, -1)]


def _options(choices: Sequence[tuple[str, str]], chosen: str) -> SafeString:
    return mark_safe(  # noqa: S308 - numbers and words of ours
        "".join(
            f'<option value="{value}"{" selected" if value == chosen else ""}>{label}</option>'
            for value, label in choices
        )
    )


@register.filter
def undo(message: Message) -> dict[str, Any] | None:
    """What takes the change back that a message tells of: ``{"url", "fields"}``, or None."""
    if not (message.extra_tags or "").startswith("{"):
        return None
    found: dict[str, Any] = json.loads(message.extra_tags or "")
    return found
