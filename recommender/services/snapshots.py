"""Lists as they were when their first page was shown, so that their other pages go with it.

A row is found by a hash of all that the list was made from. Whoever asks the same again gets the
same row, and nothing is written. A cursor names the row and a place in it.
"""

import json
import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import Rater
from recommender.models import ListSnapshot
from recommender.services.errors import RecommenderError
from recommender.services.rankings import Ranking

# Changes with what is stored, so that no row of an earlier release is read.
_FORMAT: Final = 1
_COLUMNS: Final = {
    "anime_ids": np.int32,
    "relevance": np.float64,
    "prediction": np.float32,
    "ranges": np.int8,
    "is_exploration": np.bool_,
}
_FACTS: Final = ("source", "model_version", "is_simulated", "fallback")
# The least compression: the arrays are mostly noise, and more takes four times as long for nothing.
_COMPRESSION: Final = 1
# A row that is read when half of its time is over gets the whole of it again.
_RENEWED_AFTER: Final = 0.5

# The newest of one rater's rows that are kept, and of those of nobody in particular: each takes
# about a hundred and fifty kilobytes, and every change of a list or a filter makes another.
_MOST_OF_A_RATER: Final = 20
_MOST_OF_NOBODY: Final = 500

_NOT_STORED: Final = 0

logger = logging.getLogger(__name__)
_signer = Signer(salt="recommender.services.snapshots")


class UnknownCursor(RecommenderError):
    """The cursor is none of ours, of another list or somebody else's, or its time is over."""

    def __init__(self) -> None:
        super().__init__("This place in the list is no longer known. Begin again with the list.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a stored list.

    Attributes:
        snapshot: the row's id.
        question: a hash of method and filters, so that it is good for them only.
        place: where the page begins; for a page before it, where that page ends.
        backwards: whether the page before the place is meant.
    """

    snapshot: int
    question: str
    place: int
    backwards: bool = False

    def encode(self) -> str:
        """The cursor as a text that only this server can have made."""
        return _signer.sign_object([self.snapshot, self.question, self.place, int(self.backwards)])

    @classmethod
    def decode(cls, text: str, *, question: str) -> "Cursor":
        """The cursor of a text. Raises UnknownCursor, also for one of another question."""
        try:
            snapshot, asked, place, backwards = _signer.unsign_object(text)
        except (BadSignature, ValueError, TypeError) as error:
            raise UnknownCursor from error
        if asked != question:
            raise UnknownCursor
        return cls(snapshot, asked, place, bool(backwards))


def hashed(*parts: Any) -> str:
    """A hash of values that have a faithful ``repr``; 64 hexadecimal digits."""
    return sha256(repr(parts).encode()).hexdigest()


def stored(
    *, key: str, rater: Rater | None, method: str, make: Callable[[], Ranking]
) -> tuple[int, Ranking]:
    """The row's id and the list under a key, which is made and stored where there is none yet.

    The id is 0, which no cursor can be followed to, when the list could not be stored.
    """
    key = hashed(_FORMAT, key)
    row = ListSnapshot.objects.filter(key=key).first()
    if row is not None:
        _renew(row)
        return row.pk, _decoded(row.content)
    ranking = make()
    row = ListSnapshot(
        rater=rater, key=key, method=method, content=_encoded(ranking), created_at=timezone.now()
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _drop_oldest(rater)
    except IntegrityError:
        # Somebody asked the same at the same moment.
        row = ListSnapshot.objects.get(key=key)
    except DatabaseError:
        # A page must not fail because nothing can be written just now.
        logger.warning("A list could not be stored; it has no second page.", exc_info=True)
        return _NOT_STORED, ranking
    return row.pk, ranking


def found(*, cursor: Cursor, rater: Rater | None) -> Ranking:
    """The list that a cursor is of. Raises UnknownCursor.

    A list of nobody in particular is good for everybody: who scores their first title while on the
    way through it goes on in it.
    """
    owner = Q(rater=None) | Q(rater=rater) if rater is not None else Q(rater=None)
    row = ListSnapshot.objects.filter(owner, pk=cursor.snapshot).first()
    if row is None or row.created_at < timezone.now() - _lifetime():
        raise UnknownCursor
    _renew(row)
    return _decoded(row.content)


def delete_expired() -> int:
    """Delete the rows whose time is over; how many it were."""
    expired = ListSnapshot.objects.filter(created_at__lt=timezone.now() - _lifetime())
    return expired.delete()[0]


def _lifetime() -> timedelta:
    """How old a row may be: any page that was shown can be gone on from for the time promised."""
    return timedelta(seconds=settings.RECOMMENDER_SNAPSHOT_SECONDS * (1 + _RENEWED_AFTER))


def _drop_oldest(rater: Rater | None) -> None:
    """Delete the rows of a rater, or of nobody, beyond the most that are kept."""
    most = _MOST_OF_NOBODY if rater is None else _MOST_OF_A_RATER
    rows = ListSnapshot.objects.filter(rater=rater).order_by("-created_at", "-pk")
    too_many = list(rows.values_list("pk", flat=True)[most:])
    if too_many:
        ListSnapshot.objects.filter(pk__in=too_many).delete()


def _renew(row: ListSnapshot) -> None:
    now = timezone.now()
    age = (now - row.created_at).total_seconds()
    if age <= settings.RECOMMENDER_SNAPSHOT_SECONDS * _RENEWED_AFTER:
        return
    try:
        with transaction.atomic():
            ListSnapshot.objects.filter(pk=row.pk).update(created_at=now)
    except DatabaseError:
        # A page must not fail because nothing can be written just now; the list only ends earlier.
        logger.warning("The list %s is not kept longer.", row.pk, exc_info=True)


def _encoded(ranking: Ranking) -> bytes:
    facts = {name: getattr(ranking, name) for name in _FACTS}
    head = json.dumps({"n": len(ranking), **facts}).encode()
    arrays = [
        np.ascontiguousarray(getattr(ranking, name), dtype=dtype).tobytes()
        for name, dtype in _COLUMNS.items()
    ]
    return zlib.compress(b"".join([head, b"\n", *arrays]), _COMPRESSION)


def _decoded(content: bytes | memoryview) -> Ranking:
    raw = zlib.decompress(content)
    head, _, _ = raw.partition(b"\n")
    facts = json.loads(head)
    n, offset = facts.pop("n"), len(head) + 1
    arrays: dict[str, Any] = {}
    for name, dtype in _COLUMNS.items():
        count = 2 * n if name == "ranges" else n
        arrays[name] = np.frombuffer(raw, dtype=dtype, count=count, offset=offset)
        offset += arrays[name].nbytes
    return Ranking(
        **facts,
        anime_ids=arrays["anime_ids"].astype(np.int64),
        relevance=arrays["relevance"],
        prediction=arrays["prediction"].astype(np.float64),
        ranges=arrays["ranges"].reshape(n, 2),
        is_exploration=arrays["is_exploration"],
    )
