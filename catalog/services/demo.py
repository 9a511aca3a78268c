"""Loads the demo set and takes it away again.

Its titles are real and come through the ordinary importer. Its raters are simulated: each has the
source ``demo``, so that none is ever taken for a real one.
"""

import hashlib
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

import numpy as np
from django.db import transaction

from catalog.demo.simulation import DEFAULT_RATERS, SimulatedRatings, demo_person, simulate
from catalog.demo.titles import load_titles, titles_path
from catalog.models import Anime, Dismissal, ImportJob, Rater, Rating, User
from catalog.services import imports
from catalog.services.csv_import import import_file
from catalog.services.csv_merge_ratings import merge_ratings
from catalog.services.csv_rating_rows import RatingRows
from catalog.services.csv_staged_ratings import Ints, StagedCounts, StagedRatings
from catalog.services.csv_staging import staging_database
from catalog.services.import_lock import import_lock
from catalog.signals import ratings_changed

DEFAULT_SEED: Final = 20
RATERS_A_BATCH: Final = 200


class DemoError(Exception):
    """A demo account cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class DemoSet:
    """What the demo set holds; ``is_new`` tells whether this call has written it."""

    n_titles: int
    n_raters: int
    n_ratings: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """What ``remove_demo`` has deleted."""

    n_raters: int
    n_ratings: int
    n_accounts: int


def load_demo(*, seed: int = DEFAULT_SEED, n_raters: int = DEFAULT_RATERS) -> DemoSet:
    """Import the bundled titles and write the ratings of ``n_raters`` simulated raters.

    One more rater, the last, has a taste that is plain to see: the demo account's. The same call
    again changes nothing; with another seed or number it replaces what was simulated before, demo
    accounts included. Raises ImportBusy while another import runs.
    """
    titles = load_titles()
    ids = [title.anime_id for title in titles]
    if Anime.objects.filter(pk__in=ids).count() < len(ids):
        with titles_path() as path:
            import_file(kind=ImportJob.Kind.ANIME, path=path)
    simulated = simulate(titles, n_raters=n_raters, rng=np.random.default_rng(seed))
    person = demo_person(titles, rng=np.random.default_rng([seed, 1]))
    rows, status = _rows(simulated, person, person_id=n_raters + 1)
    is_new = not _is_loaded(_fingerprint(rows, status), n_raters=n_raters + 1)
    if is_new:
        _write(rows, status, name=f"{n_raters:,} simulated raters (seed {seed})")
    return DemoSet(len(titles), n_raters + 1, len(rows), is_new)


def demo_account(*, username: str, password: str) -> User:
    """The account that owns the list of the simulated person, made at the first call.

    An account that is there keeps its password. ``remove_demo`` deletes it with its list. Raises
    DemoError when the demo set is not loaded or the name belongs to somebody else.
    """
    with transaction.atomic():
        person = Rater.objects.simulated().select_for_update().order_by("-source_id").first()
        if person is None:
            raise DemoError("The demo set is not loaded: there is no simulated rater.")
        if person.user is not None:
            return person.user
        if User.objects.filter(username=username).exists():
            raise DemoError(
                f"The name {username!r} is taken by an account that is no demo account."
            )
        user = User.objects.create_user(username=username, password=password)
        person.user = user
        person.save(update_fields=["user"])
    return user


def remove_demo() -> Removed:
    """Delete every simulated rater with all ratings, and the accounts of simulated raters.

    Titles stay: they are real. Raises ImportBusy while an import runs.
    """
    with import_lock():
        return _remove()


def _remove() -> Removed:
    n_raters = n_ratings = n_accounts = 0
    while batch := _next_raters():
        with transaction.atomic():
            raters = Rater.objects.filter(pk__in=batch)
            # The same order of locks as for everybody who writes ratings: the raters first.
            accounts = dict(raters.select_for_update().order_by("pk").values_list("pk", "user_id"))
            user_ids = [user_id for user_id in accounts.values() if user_id]
            n_ratings += Rating.objects.filter(rater__in=batch).delete()[0]
            Dismissal.objects.filter(rater__in=batch).delete()
            raters.delete()
            User.objects.filter(pk__in=user_ids).delete()
            announce = partial(ratings_changed.send, sender=Rater, rater_ids=batch)
            transaction.on_commit(announce, robust=True)
        n_raters += len(batch)
        n_accounts += len(user_ids)
    # A job that broke off must not be gone on with when its rows are gone.
    ImportJob.objects.filter(source=Rater.Source.DEMO).delete()
    return Removed(n_raters, n_ratings, n_accounts)


def _next_raters() -> list[int]:
    ids = Rater.objects.simulated().order_by("pk").values_list("pk", flat=True)
    return list(ids[:RATERS_A_BATCH])


def _rows(
    simulated: SimulatedRatings, person: SimulatedRatings, *, person_id: int
) -> tuple[RatingRows, Ints]:
    """Both as rows to stage, and their statuses."""
    rater = np.concatenate([simulated.rater, np.full(len(person), person_id)])
    rows = RatingRows(
        line=np.arange(1, len(rater) + 1),
        user_id=rater,
        anime_id=np.concatenate([simulated.anime_id, person.anime_id]),
        score=np.concatenate([simulated.score, person.score]),
    )
    return rows, np.concatenate([simulated.status, person.status])


def _fingerprint(rows: RatingRows, status: Ints) -> str:
    columns = (rows.user_id, rows.anime_id, rows.score, status)
    return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()


def _is_loaded(fingerprint: str, *, n_raters: int) -> bool:
    last = ImportJob.objects.filter(source=Rater.Source.DEMO).order_by("-pk").first()
    return (
        last is not None
        and last.state == ImportJob.State.SUCCEEDED
        and last.fingerprint == fingerprint
        and Rater.objects.simulated().count() == n_raters
    )


def _write(rows: RatingRows, status: Ints, *, name: str) -> StagedCounts:
    """Write the simulated ratings by the importer's second half."""
    fingerprint = _fingerprint(rows, status)
    with import_lock():
        broken = ImportJob.objects.filter(source=Rater.Source.DEMO, fingerprint=fingerprint)
        if not broken.exclude(state=ImportJob.State.SUCCEEDED).exists():
            _remove()
        job = imports.begin(
            job=None,
            kind=ImportJob.Kind.RATINGS,
            source=Rater.Source.DEMO,
            name=name,
            fingerprint=fingerprint,
        )
        with imports.outcome(job=job), staging_database() as database:
            staged = StagedRatings(database)
            staged.add(rows, status)
            counts = staged.finish()
            imports.note_rows(job=job, rows_read=len(rows), rejects={}, samples={})
            merge_ratings(job=job, staged=staged)
            imports.succeed(job=job, summary=asdict(counts))
    return counts
