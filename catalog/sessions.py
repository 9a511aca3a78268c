"""Sessions of which two requests can write at once.

Django writes a session as a whole, as the request has read it: whatever another request has written
meanwhile is gone. A visitor who scores three titles in a second sends three requests at once, and
each leaves a message in the session. So a request writes the keys that it has changed itself, into
the row as it is then, under its lock.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import transaction


class SessionStore(DatabaseStore):
    """The session in the database; the name is the one that Django looks for."""

    # The row's text as it was read: what differs from it has been changed by this request.
    _as_read = ""

    def save(self, must_create: bool = False) -> None:
        """Write what has been changed; UpdateError for a session that has been deleted since."""
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        with transaction.atomic():
            row = self._locked()
            if row is None:
                raise UpdateError
            if row.session_data != self._as_read:
                self._session_cache = self._merged(self.decode(row.session_data))
            self.create_model_instance(dict(self.items())).save(force_update=True)

    def change(self, key: str, change: Callable[[Any], Any]) -> None:
        """Replace one value, None where there is none, by what is made of the stored one, at once.

        A session that is not stored yet is written by the middleware, which sends its cookie.
        """
        was_modified = self.modified
        with transaction.atomic():
            row = self._locked()
            if row is None:
                self[key] = change(self.get(key))
                return
            stored = self.decode(row.session_data)
            stored[key] = change(stored.get(key))
            Session.objects.filter(pk=row.pk).update(session_data=self.encode(stored))
        self[key] = stored[key]
        self._as_read = self.encode({**self._before(), key: stored[key]})
        # It is in the database: the middleware need not write the session as well.
        self.modified = was_modified

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # not in the stubs
        self._as_read = row.session_data if row is not None else ""
        return row

    def _locked(self) -> Session | None:
        return Session.objects.select_for_update().filter(pk=self.session_key).first()

    def _before(self) -> dict[str, Any]:
        """What was read; nothing of a session that this request has made."""
        return self.decode(self._as_read) if self._as_read else {}

    def _merged(self, stored: dict[str, Any]) -> dict[str, Any]:
        """What is stored, with what this request has changed."""
        mine, before = dict(self.items()), self._before()
        merged = dict(stored)
        for key in before.keys() | mine.keys():
            if key not in mine:
                merged.pop(key, None)
            elif key not in before or mine[key] != before[key]:
                merged[key] = mine[key]
        return merged


def change_at_once(session: SessionBase, key: str, change: Callable[[Any], Any]) -> None:
    """:meth:`SessionStore.change` of a request's session."""
    assert isinstance(session, SessionStore)  # noqa: S101 - SESSION_ENGINE says so
    session.change(key, change)
