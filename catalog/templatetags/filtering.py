"""The fields of the catalogue's filters.

Written here and not in templates, since there are two boxes for each of some forty genres.
"""

from collections.abc import Iterable
from functools import lru_cache

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from catalog.forms.browse import LIST_CHOICES, BrowseForm

register = template.Library()

_CHECKED, _SELECTED = SafeString(" checked"), SafeString(" selected")


@register.simple_tag
def checks(form: BrowseForm, name: str) -> SafeString:
    """A box to tick for each choice of a field of several choices."""
    labels, chosen = form.choices_of(name)
    return _boxes(name, tuple(labels), tuple(chosen))


@register.simple_tag
def sort_options(form: BrowseForm) -> SafeString:
    """The options of the select of orders."""
    return _options(form.sort_choices, form.filters.order)


@register.simple_tag
def mine_options(form: BrowseForm) -> SafeString:
    """The options of the select of titles on or off one's list."""
    return _options([("", "All titles"), *LIST_CHOICES], form.values["mine"])


@lru_cache(maxsize=256)
def _boxes(name: str, labels: tuple[tuple[str, str], ...], chosen: tuple[str, ...]) -> SafeString:
    return format_html_join(
        "",
        '<label class="check"><input type="checkbox" name="{}" value="{}"{}>'
        "<span>{}</span></label>",
        ((name, value, _CHECKED if value in chosen else "", label) for value, label in labels),
    )


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, _SELECTED if value == chosen else "", label) for value, label in choices),
    )
