"""The last bulk change of a list, kept in the session so that it can be undone.

Only the last one, and packed: a session is read at every request. A change of more entries than
MOST cannot be undone.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.utils.crypto import get_random_string

from catalog.services.bulk_ratings import Change, Entry

MOST = 5_000

_KEY = "list_change"
_SALT = "catalog.list_change"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def keep(session: SessionBase, change: Change) -> str:
    """Keep a change in place of an earlier one; its name, "" when it has too many entries."""
    session.pop(_KEY, None)
    if not change.before or len(change.before) > MOST:
        return ""
    name = get_random_string(12)
    packed = {
        "at": _ticks(change.at),
        "is_removal": change.is_removal,
        "before": [
            [pk, entry.status, entry.score, entry.episodes_watched, _ticks(entry.updated_at)]
            for pk, entry in change.before.items()
        ],
    }
    session[_KEY] = {"name": name, "change": signing.dumps(packed, salt=_SALT, compress=True)}
    return name


def take(session: SessionBase, name: str) -> Change | None:
    """The change of this name, which is not kept any longer; None when another has come since."""
    kept: dict[str, str] | None = session.get(_KEY)
    if kept is None or kept["name"] != name:
        return None
    del session[_KEY]
    packed: dict[str, Any] = signing.loads(kept["change"], salt=_SALT)
    return Change(
        at=_moment(packed["at"]),
        is_removal=packed["is_removal"],
        before={
            pk: Entry(status, score, episodes, _moment(ticks))
            for pk, status, score, episodes, ticks in packed["before"]
        },
    )


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(ticks: int) -> datetime:
    return _EPOCH + ticks * _MICROSECOND
