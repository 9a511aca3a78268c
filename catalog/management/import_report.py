"""What the import commands share: options, progress and the report of the result."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from tqdm import tqdm

from catalog.models import ImportJob
from catalog.services.csv_import import Progress, import_file
from catalog.services.import_errors import ImportFailed

SECONDS_BETWEEN_LINES = 5.0


def add_arguments(parser: ArgumentParser, *, file_name: str) -> None:
    """Declare the options of an import command."""
    parser.add_argument(
        "path",
        type=Path,
        help=f"{file_name}: .csv, .csv.gz, or a .zip with it; - reads standard input",
    )
    parser.add_argument(
        "--rejects", type=Path, metavar="FILE", help="write all refused rows to this CSV file"
    )
    parser.add_argument("--no-progress", action="store_true", help="show no progress")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run_import(kind: ImportJob.Kind, options: dict[str, Any], stderr: OutputWrapper) -> ImportJob:
    """Import as the options say, showing progress on stderr; CommandError when it fails."""
    shown: ProgressBar | ProgressLines | None = None
    if not options["no_progress"]:
        shown = ProgressBar() if stderr.isatty() else ProgressLines(stderr)
    progress: Progress | None = shown
    try:
        return import_file(
            kind=kind, path=options["path"], rejects=options["rejects"], progress=progress
        )
    except ImportFailed as error:
        raise CommandError(str(error)) from error
    finally:
        if shown:
            shown.close()


class ProgressBar:
    """A bar for each phase, with rows per second."""

    def __init__(self) -> None:
        self._phase = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, *, phase: str, rows: int, share: float) -> None:
        """Show how far the phase has come."""
        if phase != self._phase or self._bar is None:
            self.close()
            self._phase = phase
            self._bar = tqdm(desc=phase, unit=" rows", unit_scale=True, file=sys.stderr)
        # The number of rows is not known before the end of the file: it is estimated.
        self._bar.total = round(rows / share) if share else None
        self._bar.update(rows - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is, and the line below it free."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class ProgressLines:
    """A line now and then, for a log."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream
        self._phase = ""
        self._first_rows = 0
        self._begun = self._shown = time.monotonic()

    def __call__(self, *, phase: str, rows: int, share: float) -> None:
        """Print a line if the last one was a while ago."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._begun, self._first_rows = phase, now, 0
        if now - self._shown < SECONDS_BETWEEN_LINES:
            return
        self._shown = now
        seconds = now - self._begun
        speed = f", {(rows - self._first_rows) / seconds:,.0f} rows/s" if seconds else ""
        self._stream.write(f"{phase}: {rows:,} rows ({share:.0%}){speed}")

    def close(self) -> None:
        """Nothing is left open."""


def as_json(job: ImportJob) -> dict[str, Any]:
    """The result as the ``--json`` option prints it."""
    return {
        "job": job.pk,
        "kind": job.kind,
        "file": job.file_name,
        "read": job.rows_read,
        "created": job.rows_created,
        "updated": job.rows_updated,
        "unchanged": job.rows_unchanged,
        "rejected": job.rows_rejected,
        "rejects": job.rejects,
        "reject_samples": job.reject_samples,
        **job.summary,
    }


def as_text(job: ImportJob) -> list[str]:
    """The result for people: what was done, and what was refused and why."""
    done = (
        f"{job.file_name}: {job.rows_read:,} rows read: {job.rows_created:,} created, "
        f"{job.rows_updated:,} updated, {job.rows_unchanged:,} unchanged, "
        f"{job.rows_rejected:,} rejected"
    )
    lines = [done]
    for reason, count in sorted(job.rejects.items(), key=lambda item: (-item[1], item[0])):
        lines.append(f"  {count:,} × {reason}")
        samples = job.reject_samples.get(reason, [])
        lines += [f"    line {line:,}: {text}" for line, text in samples]
        if count > len(samples):
            lines.append(f"    … and {count - len(samples):,} more (--rejects FILE writes all)")
    return lines
