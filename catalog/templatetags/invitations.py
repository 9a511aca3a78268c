"""How many groups have asked somebody to join."""

from django import template
from django.contrib.auth.models import AnonymousUser

from catalog.models import User
from catalog.selectors.groups import n_open_invitations

register = template.Library()


@register.simple_tag
def open_invitations(user: User | AnonymousUser) -> int:
    """The number of invitations without an answer, in one query; 0 for a visitor, in none."""
    return n_open_invitations(user=user)
