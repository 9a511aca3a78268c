"""What a visitor has scored joins the list of the account that the visitor logs in to."""

from django.contrib.sessions.backends.base import SessionBase

from catalog.models import User
from catalog.services import visitor_scores
from catalog.services.ratings import MergedScores, merge_scores, rater_for


def merge_session(*, session: SessionBase, user: User) -> MergedScores | None:
    """Put the session's scores on the account's list, and take them out of the session.

    None when there is none. Skipped titles stay, so that they are not asked about again. When the
    database fails the scores are still in the session, and to try again does no harm: of what is
    merged already nothing changes.
    """
    scores = {
        anime_id: entry
        for anime_id, entry in visitor_scores.read(session).items()
        if entry.score is not None
    }
    if not scores:
        return None
    merged = merge_scores(
        rater=rater_for(user=user),
        scores={key: (entry.score or 0, entry.at) for key, entry in scores.items()},
    )
    visitor_scores.forget(session=session, entries=scores)
    return merged


def what_was_merged(merged: MergedScores) -> str:
    """A merge in a few sentences for the person whose list it is."""
    sentences = ["Your list stays as it was."]
    if merged.changed:
        sentences = [
            f"{_counted(merged.changed, 'score')} from before {_is(merged.changed)} on your list."
        ]
    if merged.replaced:
        sentences.append(f"{_counted(merged.replaced, 'older score')} of yours gave way.")
    if merged.kept:
        stays = "stays, since it is" if merged.kept == 1 else "stay, since they are"
        sentences.append(f"{_counted(merged.kept, 'score')} of your list {stays} newer.")
    if merged.same:
        sentences.append(f"{_counted(merged.same, 'score')} {_is(merged.same)} the same there.")
    if merged.gone:
        gone = f"{_counted(merged.gone, 'title')} that you scored {_is(merged.gone)}"
        sentences.append(f"{gone} no longer in the catalogue.")
    return " ".join(sentences)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
