"""Requests that are carried out once, however often they are sent (``Idempotency-Key``).

A row says that a request is under way; it is committed before the work begins, so that a repeat
that comes meanwhile is told so. The answer is then committed in one transaction with what the work
writes: whoever repeats a request whose answer was lost gets the answer, and nothing happens twice.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import IdempotentRequest, User

KEPT = timedelta(hours=24)
# After so long without an answer, the process that took a request up counts as gone. If it is not,
# its lock on the row still lets only one of the two write.
CLAIM = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: the status, the JSON text, and the header ``Location``, if any."""

    status: int
    text: str
    location: str = ""


class KeyReused(Exception):
    """The key belongs to another request."""


class RequestUnderWay(Exception):
    """The same request is being carried out; its answer can be had soon."""


def carry_out(
    *, user: User, key: str, operation: str, body_hash: str, work: Callable[[], Answer]
) -> Answer:
    """The answer of ``work``, which is only called if the key has no answer yet.

    ``work`` runs in a transaction. When it raises, nothing is written, and the key is free again.
    Raises KeyReused and RequestUnderWay.
    """
    claim = _claim(user=user, key=key, operation=operation, body_hash=body_hash)
    if claim.answer_status is not None:
        return Answer(claim.answer_status, claim.answer, claim.location)
    mine = IdempotentRequest.objects.filter(
        pk=claim.pk, claimed_at=claim.claimed_at, answer_status=None
    )
    try:
        with transaction.atomic():
            _lock(mine)
            answer = work()
            mine.update(answer_status=answer.status, answer=answer.text, location=answer.location)
    except BaseException:
        # Where the database is out of reach, the claim runs out by itself.
        with suppress(DatabaseError):
            mine.delete()
        raise
    return answer


def forget_old() -> int:
    """Delete the keys that are older than KEPT; how many there were."""
    deleted, _ = IdempotentRequest.objects.filter(created_at__lte=timezone.now() - KEPT).delete()
    return deleted


def _lock(mine: QuerySet[IdempotentRequest]) -> None:
    """Lock the row of a claim. Raises RequestUnderWay if another one has taken it over."""
    if mine.select_for_update().first() is None:
        raise RequestUnderWay


def _claim(*, user: User, key: str, operation: str, body_hash: str) -> IdempotentRequest:
    """The row of a key: with its answer, or without one and ours to carry out."""
    now = timezone.now()
    IdempotentRequest.objects.filter(user=user, key=key, created_at__lte=now - KEPT).delete()
    try:
        row, created = IdempotentRequest.objects.get_or_create(
            user=user,
            key=key,
            defaults={
                "operation": operation,
                "body_hash": body_hash,
                "created_at": now,
                "claimed_at": now,
            },
        )
    except IntegrityError as error:  # there was a row, which has gone since
        raise RequestUnderWay from error
    if created:
        return row
    if (row.operation, row.body_hash) != (operation, body_hash):
        raise KeyReused
    if row.answer_status is None:
        _take_over(row)
    return row


def _take_over(row: IdempotentRequest) -> None:
    """Claim a row whose claim has run out. Raises RequestUnderWay."""
    now, found = timezone.now(), row.claimed_at
    unanswered = IdempotentRequest.objects.filter(pk=row.pk, answer_status=None, claimed_at=found)
    if found > now - CLAIM or not unanswered.update(claimed_at=now):
        raise RequestUnderWay
    row.claimed_at = now
