"""An imported list, from the upload to the result: ``upload`` → ``preview`` → ``apply``.

A file is read once, when it comes. What could be used of it waits as a job of its owner, and
nothing is written to the list before the owner has seen what would change. The decision is carried
out in one transaction under the rater's lock, by the rules of the preview, on the list as it is
then: either all of it happens or nothing, and the job waits on.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from catalog.models import ImportJob, MalEntry, Profile, Rater, Rating, User
from catalog.services import imports, ratings
from catalog.services.import_errors import IllegalMove, ImportFailed
from catalog.services.mal_compare import Change, Comparison, Kind, compare
from catalog.services.mal_elements import TOTALS
from catalog.services.mal_files import MAX_UPLOAD_BYTES, read_list, too_large
from catalog.services.mal_rows import ListFile, dump, load
from catalog.services.mal_words import differences, standing_in_words

# Of a person's files that wait for a decision the oldest gives way.
MAX_WAITING = 3
KEPT_FOR = timedelta(days=1)
SHOWN_IN_RESULT = 100
_COUNTED = {"user_export_type", "user_total_anime", *TOTALS}
_EXPIRED = "Nobody decided on it for a day. Upload the file again to see what it would change."


class Choice(StrEnum):
    """What counts for a title that is on the list and in the file, and differs."""

    MINE = "mine"
    THEIRS = "theirs"


def upload(*, user: User, file: "File[bytes]") -> ImportJob:
    """Read an uploaded list, and keep what it says until its owner decides.

    Raises ImportFailed, with a sentence for people, for what is no list; then nothing is stored.
    """
    if file.size is None or file.size > MAX_UPLOAD_BYTES:
        raise too_large(file.size)
    read = read_list(file)
    with transaction.atomic():
        job = imports.await_decision(
            kind=ImportJob.Kind.MAL,
            upload=ContentFile(dump(read), name="list.json"),
            requested_by=user,
            file_name=(file.name or "upload")[-255:],
            rows_read=read.rows_read,
            rows_rejected=read.rows_rejected,
            rejects=read.rejects,
            reject_samples=read.reject_samples,
            summary={"cut_at": read.cut_at, "place": read.place},
        )
    job.upload.close()
    for old in _waiting().filter(requested_by=user).order_by("-pk")[MAX_WAITING:]:
        _cancel(old, "Newer files took its place.")
    return job


def preview(*, job: ImportJob) -> Comparison:
    """What the waiting file would change now; ImportFailed when it does not wait any more."""
    rater = Rater.objects.filter(user=job.requested_by_id).first()
    return compare(rater=rater, file=_stored(job))


def apply(*, job: ImportJob, choice: Choice, otherwise: Collection[int] = frozenset()) -> ImportJob:
    """Write the waiting file to its owner's list.

    ``choice`` is for the titles that differ; for those whose ids are in ``otherwise`` it is the
    other one. Raises IllegalMove when the job does not wait any more.
    """
    user = job.requested_by
    if user is None:
        raise ImportFailed("The account of this import is gone.")
    rater = ratings.rater_for(user=user)
    with transaction.atomic():
        imports.accept(job=job)
        rater = Rater.objects.select_for_update().get(pk=rater.pk)
        file = _stored(job)
        found = compare(rater=rater, file=file)
        taken = _taken(found[Kind.CHANGED], choice, set(otherwise))
        _write_ratings(rater, found, taken)
        _write_entries(rater, found, taken)
        _write_info(user, file)
        summary = _summary(job, found, taken, choice)
        imports.succeed(job=job, summary=summary, **_rows(found, taken))
    imports.drop_upload(job=job)
    return job


def discard(*, job: ImportJob) -> None:
    """Forget a waiting file; IllegalMove when it does not wait any more."""
    imports.cancel(job=job)


def discard_old(*, now: datetime | None = None) -> int:
    """Forget the files on which nobody has decided for KEPT_FOR; how many there were."""
    old = _waiting().filter(created_at__lt=(now or timezone.now()) - KEPT_FOR)
    return sum(_cancel(job, _EXPIRED) for job in old)


def _waiting() -> Any:
    return ImportJob.objects.filter(kind=ImportJob.Kind.MAL, state=ImportJob.State.AWAITING)


def _cancel(job: ImportJob, reason: str) -> bool:
    try:
        imports.cancel(job=job, reason=reason)
    except IllegalMove:  # Its owner has decided in this very moment.
        return False
    return True


def _stored(job: ImportJob) -> ListFile:
    try:
        with job.upload.open("rb") as file:
            return load(file.read())
    except (OSError, ValueError) as error:
        raise ImportFailed("The file is gone. Upload it again.") from error


def _taken(changes: Iterable[Change], choice: Choice, otherwise: set[int]) -> set[int]:
    """The titles of which the file's word counts, of those that differ."""
    theirs = choice is Choice.THEIRS
    return {change.anime_id for change in changes if theirs != (change.anime_id in otherwise)}


def _write_ratings(rater: Rater, found: Comparison, taken: set[int]) -> None:
    now = timezone.now()
    rows = [
        Rating(
            rater=rater,
            anime_id=change.anime_id,
            status=change.after.status,
            score=change.after.score,
            episodes_watched=change.after.episodes,
            updated_at=now,
        )
        for change in (*found[Kind.NEW], *found[Kind.CHANGED])
        if change.before is None or (change.anime_id in taken and change.before != change.after)
    ]
    if rows or found.dismissals:
        ratings.write_many(rater=rater, rows=rows, dismissed=found.dismissals)


def _write_entries(rater: Rater, found: Comparison, taken: set[int]) -> None:
    """Keep what ratings cannot hold."""
    stored = set(MalEntry.objects.filter(rater=rater).values_list("anime_id", flat=True))
    rows, emptied = [], []
    for change in found:
        is_theirs = change.before is None or change.anime_id in taken
        fields = change.fields_theirs if is_theirs else change.fields_mine
        if fields == change.kept and (fields or change.before is not None):
            continue
        if fields:
            rows.append(MalEntry(rater=rater, anime_id=change.anime_id, fields=fields))
        elif change.anime_id in stored:
            emptied.append(change.anime_id)
    MalEntry.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["rater", "anime_id"],
        update_fields=["fields"],
    )
    if emptied:
        MalEntry.objects.filter(rater=rater, anime_id__in=emptied).delete()


def _write_info(user: User, file: ListFile) -> None:
    """Keep who the file says it is of, for the next export."""
    info = {name: text for name, text in file.info.items() if name not in _COUNTED}
    if info.get("user_id") in ("", "0"):
        del info["user_id"]
    if info.get("user_name") in ("", user.get_username()):
        del info["user_name"]
    if info:
        Profile.objects.update_or_create(user=user, defaults={"mal_info": info})


def _rows(found: Comparison, taken: set[int]) -> dict[str, int]:
    updated = len(taken) + len(found[Kind.DETAILS])
    known = sum(len(found[kind]) for kind in Kind if kind is not Kind.UNKNOWN)
    created = len(found[Kind.NEW])
    return {
        "rows_created": created,
        "rows_updated": updated,
        "rows_unchanged": known - created - updated,
    }


def _summary(job: ImportJob, found: Comparison, taken: set[int], choice: Choice) -> dict[str, Any]:
    """What was really done, for the page of the result."""
    changed = found[Kind.CHANGED]
    replaced = [change for change in changed if change.anime_id in taken]
    new = found[Kind.NEW]
    return {
        **job.summary,
        "choice": choice.value,
        "created": len(new),
        "replaced": len(replaced),
        "kept_mine": len(changed) - len(replaced),
        "details": len(found[Kind.DETAILS]),
        "same": len(found[Kind.SAME]),
        "unknown": len(found[Kind.UNKNOWN]),
        "dismissed": len(found.dismissals),
        "created_titles": [_line(change) for change in new[:SHOWN_IN_RESULT]],
        "replaced_titles": [_line(change) for change in replaced[:SHOWN_IN_RESULT]],
    }


def _line(change: Change) -> dict[str, Any]:
    return {
        "anime_id": change.anime_id,
        "name": change.name,
        "is_adult": change.is_adult,
        "standing": standing_in_words(change.after),
        "differences": [asdict(difference) for difference in differences(change)],
    }
