"""The titles that somebody is asked to score at the moment: kept in the session.

They stay where they are while they are scored, with or without JavaScript, until the person asks
for more; the next ones are then chosen by what has been scored up to now.
"""

from django.contrib.sessions.backends.base import SessionBase

from catalog.services import visitor_scores
from recommender.services.history import History
from recommender.services.onboarding import titles_to_score

SESSION_KEY = "titles_to_score"
TITLES_A_ROUND = 24


def current_round(*, session: SessionBase, history: History | None) -> list[int]:
    """The ids of the titles that are asked about; the first ones where there are none yet."""
    return _stored(session) or _begun(session, history)


def next_round(*, session: SessionBase, history: History | None) -> list[int]:
    """The ids of other titles; those that were neither scored nor skipped count as skipped."""
    listed = set() if history is None else set(history.listed.tolist())
    unknown = [anime_id for anime_id in _stored(session) if anime_id not in listed]
    visitor_scores.skip(session=session, anime_ids=unknown)
    return _begun(session, history)


def _begun(session: SessionBase, history: History | None) -> list[int]:
    asked = visitor_scores.skipped_in(session)
    found = titles_to_score(history=history, asked=asked, n=TITLES_A_ROUND)
    if found or SESSION_KEY in session:  # nothing to ask is nothing to store at every visit
        session[SESSION_KEY] = found
    return found


def _stored(session: SessionBase) -> list[int]:
    stored = session.get(SESSION_KEY)
    if not isinstance(stored, list) or not all(type(each) is int for each in stored):
        return []
    return stored
