"""Imports ``anime.csv`` and ``rating.csv``: read, check and stage the whole file, then merge it.

Nothing is written before the file has been read to its end. The same file twice changes nothing;
a newer file updates; what the newer file does not name stays. An import that is broken off, even
by ``kill -9``, is completed by a repeat: the job's row holds the position of the last commit.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

import numpy as np
from django.db import connection

from catalog.models import Anime, Genre, ImportJob, Rater, Rating
from catalog.services import csv_rating_rows, csv_title_rows, imports
from catalog.services.csv_files import CsvSource, open_csv, work_folder
from catalog.services.csv_merge_ratings import merge_ratings
from catalog.services.csv_merge_titles import STAGE_ROWS, StagedTitles, merge_titles
from catalog.services.csv_rejects import Reject
from catalog.services.csv_staged_ratings import Ints, StagedRatings
from catalog.services.csv_staging import StagingDatabase, staging_database
from catalog.services.import_errors import ImportBusy, ImportFailed
from catalog.services.import_lock import import_lock
from catalog.signals import titles_imported

logger = logging.getLogger(__name__)

Kind = ImportJob.Kind
_MEMBERS = {Kind.ANIME: ("anime.csv",), Kind.RATINGS: ("rating.csv", "ratings.csv")}
_COLUMNS = {Kind.ANIME: csv_title_rows.COLUMNS, Kind.RATINGS: csv_rating_rows.COLUMNS}


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file whose header is right; the fingerprint also covers the titles it is checked with."""

    source: CsvSource
    title_ids: Ints
    fingerprint: str


class Progress(Protocol):
    """Is told how far an import has come."""

    def __call__(self, *, phase: str, rows: int, share: float) -> None:
        """``phase`` is "reading" or "writing", ``rows`` its rows so far, ``share`` 0 to 1."""


def import_file(
    *,
    kind: ImportJob.Kind,
    path: Path,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportJob:
    """Import a file (``-`` is standard input) and return its finished job.

    ``rejects`` is where all refused rows are written. Raises ImportFailed, whose message is for
    people, when the file cannot be imported; then nothing was written, or, if the job was
    stopped in its middle, what was written is completed by a repeat.
    """
    with import_lock(), open_csv(path, members=_MEMBERS[kind]) as source:
        opened = _check(kind, source)
        job = imports.begin(
            job=None,
            kind=kind,
            source=Rater.Source.IMPORT,
            name=source.name,
            fingerprint=opened.fingerprint,
        )
        with imports.outcome(job=job):
            _run(job, opened, rejects, progress or _silent)
    job.refresh_from_db()
    return job


def run_waiting() -> list[ImportJob]:
    """Run the uploaded jobs that wait, the oldest first, and return them.

    Nothing is raised for a job that fails: its row says why. While another process imports, this
    returns at once; whoever holds the lock looks for work again when it has finished a job.
    """
    done = []
    try:
        with import_lock():
            while job := imports.claim():
                _run_upload(job)
                done.append(job)
    except ImportBusy:
        logger.info("Another import is running; waiting jobs are looked for again later.")
    return done


def _check(kind: ImportJob.Kind, source: CsvSource) -> _Opened:
    """Check what can be checked before the first row."""
    source.check_header(_COLUMNS[kind])
    title_ids: Ints = np.zeros(0, dtype=np.int64)
    if kind == Kind.RATINGS:
        known = Anime.objects.order_by("pk").values_list("pk", flat=True)
        title_ids = np.fromiter(known.iterator(), dtype=np.int64)
        if not len(title_ids):
            raise ImportFailed("There are no titles yet. Import anime.csv first, then the ratings.")
    # Other titles accept other rows, and then a position in the accepted rows means nothing.
    digest = hashlib.sha256(source.fingerprint.encode() + title_ids.tobytes())
    return _Opened(source, title_ids, digest.hexdigest())


def _run_upload(job: ImportJob) -> None:
    try:
        with imports.outcome(job=job), _local_copy(job) as path:
            kind = Kind(job.kind)
            with open_csv(path, members=_MEMBERS[kind]) as source:
                source.name = job.file_name
                opened = _check(kind, source)
                begun = imports.begin(
                    job=job,
                    kind=kind,
                    source=job.source,
                    name=job.file_name,
                    fingerprint=opened.fingerprint,
                )
                _run(begun, opened, None, _silent)
    except ImportFailed as error:
        logger.warning("Import %s failed: %s", job.pk, error)
    except Exception:
        logger.exception("Import %s broke off", job.pk)
    imports.drop_upload(job=job)


@contextmanager
def _local_copy(job: ImportJob) -> Iterator[Path]:
    """The uploaded file as a local one, wherever the storage keeps it."""
    try:
        yield Path(job.upload.path)
    except NotImplementedError:
        with job.upload.open("rb") as upload, NamedTemporaryFile(dir=work_folder()) as copy:
            shutil.copyfileobj(upload, copy)
            copy.flush()
            yield Path(copy.name)


def _run(job: ImportJob, opened: _Opened, rejects: Path | None, progress: Progress) -> None:
    with staging_database() as database:
        if job.kind == Kind.ANIME:
            _import_titles(job, opened, database, rejects, progress)
            summary = _catalogue_figures()
        else:
            summary = _import_ratings(job, opened, database, rejects, progress)
        imports.succeed(job=job, summary=summary)
    _tell_planner()
    if job.kind == Kind.ANIME:
        titles_imported.send_robust(sender=ImportJob)


def _import_titles(
    job: ImportJob,
    opened: _Opened,
    database: StagingDatabase,
    rejects: Path | None,
    progress: Progress,
) -> None:
    staged = StagedTitles(database)
    parsed = csv_title_rows.parse_titles(opened.source.blocks())
    rows_read = 0
    while some := list(islice(parsed, STAGE_ROWS)):
        staged.add(row for row in some if not isinstance(row, Reject))
        database.add_rejects(row for row in some if isinstance(row, Reject))
        rows_read += len(some)
        imports.beat(job=job, rows_read=rows_read)
        progress(phase="reading", rows=rows_read, share=opened.source.share_read)
    _report_rejects(job, database, rejects, rows_read)
    total = staged.count()
    merge_titles(job=job, staged=staged, on_batch=_writing(job, total, progress))


def _import_ratings(
    job: ImportJob,
    opened: _Opened,
    database: StagingDatabase,
    rejects: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    staged = StagedRatings(database)
    parser = csv_rating_rows.RatingParser(opened.title_ids)
    rows_read = 0
    for block in opened.source.blocks():
        rows, refused = parser.parse(block)
        staged.add(rows)
        database.add_rejects(refused)
        rows_read += len(rows) + len(refused)
        imports.beat(job=job, rows_read=rows_read)
        progress(phase="reading", rows=rows_read, share=opened.source.share_read)
    counts = staged.finish()
    _report_rejects(job, database, rejects, rows_read)
    merge_ratings(job=job, staged=staged, on_batch=_writing(job, counts.rows, progress))
    return asdict(counts)


def _report_rejects(
    job: ImportJob, database: StagingDatabase, rejects: Path | None, rows_read: int
) -> None:
    if rejects:
        database.write_rejects(rejects)
    imports.note_rows(
        job=job,
        rows_read=rows_read,
        rejects=database.reject_counts(),
        samples=database.reject_samples(),
    )


def _writing(job: ImportJob, total: int, progress: Progress) -> Callable[[], None]:
    def report() -> None:
        position = imports.position(job=job)
        progress(phase="writing", rows=position, share=position / total)

    return report


def _tell_planner() -> None:
    """Let PostgreSQL count the tables anew.

    It does so by itself a while after many rows have come; until then its plans are for the empty
    tables of before, and a training that follows the import reads at half the speed.
    """
    if connection.vendor == "postgresql":
        tables = (Anime, Anime.genres.through, Rater, Rating)
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table._meta.db_table)}")  # noqa: SLF001 - documented


def _catalogue_figures() -> dict[str, int]:
    return {
        "titles": Anime.objects.count(),
        "complete": Anime.objects.complete().count(),
        "genres": Genre.objects.count(),
    }


def _silent(*, phase: str, rows: int, share: float) -> None:
    """Nobody is watching."""
