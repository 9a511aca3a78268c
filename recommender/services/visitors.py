"""The list of somebody without an account, from what the session holds."""

from django.contrib.sessions.backends.base import SessionBase

from catalog.services.visitor_scores import scores_of
from recommender.services.history import History


def history_of_visitor(session: SessionBase) -> History | None:
    """The visitor's scores as :func:`recommend` takes them; None before the first score."""
    scores = scores_of(session)
    return History.of_scores(scores) if scores else None
