"""Deleting an account, with everything that is known of its person.

What a row of another table says through a foreign key, the database's cascade takes along: the
profile, the rater with ratings, dismissals, rows of MyAnimeList files, lists and exposures, API
tokens, e-mail addresses. Here is what no foreign key knows of, or what somebody else still needs:
sessions, groups, uploaded files, counted scores, attempts to log in, the admin's log.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from allauth.account.models import EmailAddress
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import (
    ApiToken,
    Dismissal,
    ImportJob,
    MalEntry,
    Profile,
    Rater,
    Rating,
    User,
)
from catalog.services import groups, statistics
from catalog.signals import ratings_changed

# Entries of the admin's log point here when the administrator who made them has gone. Nobody can
# sign up with this name: it has characters that no name may have.
DELETED_ADMINISTRATOR = "(deleted administrator)"
GONE = "(deleted account)"
_BATCH = 500


class DeletionRefused(Exception):
    """The account cannot be deleted; the message says why and what to do."""


def why_not_deletable(*, user: User) -> str:
    """Why an account cannot be deleted, in words for its owner; empty when it can."""
    if user.get_username() == DELETED_ADMINISTRATOR:
        return "Entries of the administration's log belong to this account, and would go with it."
    if user.is_superuser and not _other_superusers(user).exists():
        return (
            "This is the only administrator with all rights: without it, nobody could run this "
            "site. Give these rights to another account first."
        )
    return ""


def delete_account(*, user: User) -> None:
    """Delete an account and all that is known of it; the name is free again afterwards.

    In one transaction, but for its uploaded files, which go after the commit. Raises
    DeletionRefused, and has changed nothing then.
    """
    sessions = _sessions_of(user)
    with transaction.atomic():
        # Whoever writes ratings locks the rater first, so this does as well.
        rater = Rater.objects.select_for_update().filter(user=user).first()
        # Locked together and in one order, so that of the last two only one can go.
        accounts = User.objects.filter(Q(is_superuser=True) | Q(pk=user.pk)).order_by("pk")
        list(accounts.select_for_update())
        if problem := why_not_deletable(user=user):
            raise DeletionRefused(problem)
        groups.leave_all(user=user)
        if rater is not None:
            statistics.forget_scores_of(rater=rater)
        _forget_in_admin_log(user, rater)
        _forget_imports(user)
        _forget_log_ins(user, sessions)
        user.delete()
        if rater is not None:
            announce = partial(ratings_changed.send, sender=Rater, rater_ids=[rater.pk])
            transaction.on_commit(announce, robust=True)


def _other_superusers(user: User) -> models.QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)


def _forget_imports(user: User) -> None:
    """Delete the imports of the person's own list; those of the catalogue only lose their name.

    The catalogue's say where its titles and ratings come from, and nothing of who asked.
    """
    own = _own_imports(user)
    uploads = [name for name in own.values_list("upload", flat=True) if name]
    own.delete()
    for name in uploads:
        transaction.on_commit(partial(default_storage.delete, name), robust=True)


def _own_imports(user: User) -> models.QuerySet[ImportJob]:
    return ImportJob.objects.filter(requested_by=user, kind=ImportJob.Kind.MAL)


def _sessions_of(user: User) -> list[str]:
    """The keys of the account's sessions, on all devices.

    A session's owner stands inside of it, so all of them have to be read. That is done ahead of
    the transaction, which would keep others waiting; a session that begins in between belongs to
    nobody as soon as the account is gone.
    """
    current = Session.objects.filter(expire_date__gt=timezone.now())
    return [
        session.session_key
        for session in current.iterator(chunk_size=_BATCH)
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]


def _forget_log_ins(user: User, sessions: Sequence[str]) -> None:
    for start in range(0, len(sessions), _BATCH):
        Session.objects.filter(session_key__in=sessions[start : start + _BATCH]).delete()
    for attempts in (AccessAttempt, AccessFailureLog, AccessLog):
        attempts.objects.filter(username__iexact=user.get_username()).delete()


def _forget_in_admin_log(user: User, rater: Rater | None) -> None:
    """Take the person out of the admin's log, which stays.

    What others have done to the account keeps its time and its kind, not its name. What the
    account itself has done there goes to a placeholder that cannot log in: otherwise it would be
    deleted with it, and an administrator could do something and leave no trace.
    """
    about = _entries_about(User, [user.pk])
    of_user = {"user": user}
    for model, rows in (
        (Profile, Profile.objects.filter(**of_user)),
        (ApiToken, ApiToken.objects.filter(**of_user)),
        (EmailAddress, EmailAddress.objects.filter(**of_user)),
        (ImportJob, _own_imports(user)),
    ):
        about |= _entries_about(model, rows.values_list("pk", flat=True))
    if rater is not None:
        about |= _entries_about(Rater, [rater.pk])
        kinds = ContentType.objects.get_for_models(Rating, Dismissal, MalEntry).values()
        # A list can be long; that is how all of its rows are named.
        about |= Q(content_type__in=list(kinds), object_repr__startswith=f"{rater.pk} × ")
    LogEntry.objects.filter(about).update(object_repr=GONE, object_id=None, change_message="")
    own = LogEntry.objects.filter(user=user)
    if own.exists():
        placeholder, _ = User.objects.get_or_create(
            username=DELETED_ADMINISTRATOR, defaults={"is_active": False, "password": "!"}
        )
        own.update(user=placeholder)


def _entries_about(model: type[models.Model], keys: Iterable[object]) -> Q:
    kind = ContentType.objects.get_for_model(model)
    return Q(content_type=kind, object_id__in=[str(key) for key in keys])
