"""What the catalogue does when somebody logs in: scores given without an account join the list."""

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY as AUTH_SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.http import HttpRequest

from catalog.models import User
from catalog.services.visitor_merge import merge_session, what_was_merged

logger = logging.getLogger(__name__)

NOT_MERGED = (
    "What you scored before you logged in could not be put on your list just now. Nothing is lost: "
    "open “Score titles” in this browser and try again there before you log out."
)


def connect() -> None:
    """Connect the receivers; called once, when the app is ready."""
    user_logged_in.connect(keep_visitor_scores, dispatch_uid="catalog.keep_visitor_scores")


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
