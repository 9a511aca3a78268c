"""``manage.py import_ratings PATH``: import the ratings."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog.management import import_report
from catalog.models import ImportJob


class Command(BaseCommand):
    """Parses the options, calls the importer, prints what it did."""

    help = "Imports ratings from rating.csv. The same file twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        import_report.add_arguments(parser, file_name="rating.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import."""
        job = import_report.run_import(ImportJob.Kind.RATINGS, options, self.stderr)
        if options["json"]:
            self.stdout.write(json.dumps(import_report.as_json(job), indent=2))
            return
        for line in import_report.as_text(job):
            self.stdout.write(line)
        figures = job.summary
        self.stdout.write(
            f"{figures['rows']:,} rows, {figures['raters']:,} raters, "
            f"{figures['not_scored']:,} of them not scored, {job.rows_rejected:,} rejected"
        )
