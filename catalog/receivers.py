"""What happens when somebody logs in: scores given without an account join the list, for one."""

import logging
from typing import Any

from allauth.account.signals import user_logged_in as site_logged_in
from django.contrib import messages
from django.contrib.auth import SESSION_KEY as AUTH_SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from catalog.models import Profile, User
from catalog.pages import remember_theme
from catalog.selectors import profile_of
from catalog.services.visitor_merge import merge_session, what_was_merged

logger = logging.getLogger(__name__)

NOT_MERGED = (
    "What you scored before you logged in could not be put on your list just now. Nothing is lost: "
    "open “Score titles” in this browser and try again there before you log out."
)


def connect() -> None:
    """Connect the receivers; called once, when the app is ready."""
    user_logged_in.connect(keep_visitor_scores, dispatch_uid="catalog.keep_visitor_scores")
    site_logged_in.connect(show_own_theme, dispatch_uid="catalog.show_own_theme")


def keep_visitor_scores(
    sender: object, *, request: HttpRequest | None, user: User, **kwargs: Any
) -> None:
    """Merge what the session has into the list of who logs in, and say what happened.

    A sign-up logs in as well. A failure of the database does not keep anybody from logging in.
    """
    session = getattr(request, "session", None)
    # A program that asks for a token sends this signal too, and logs nobody in.
    if request is None or session is None or session.get(AUTH_SESSION_KEY) != str(user.pk):
        return
    try:
        merged = merge_session(session=session, user=user)
    except DatabaseError:
        logger.exception("The scores of a visitor could not be merged at the log-in.")
        messages.error(request, NOT_MERGED, fail_silently=True)
        return
    if merged is not None:
        messages.success(request, what_was_merged(merged), fail_silently=True)


def show_own_theme(
    sender: object, *, user: User, response: HttpResponse | None = None, **kwargs: Any
) -> None:
    """Give this browser the appearance that the account has chosen, if it has chosen one."""
    theme = profile_of(user).theme
    if response is not None and theme != Profile.Theme.SYSTEM:
        remember_theme(response, theme)
