"""``manage.py import_anime PATH``: import the titles."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog.management import import_report
from catalog.models import ImportJob


class Command(BaseCommand):
    """Parses the options, calls the importer, prints what it did."""

    help = "Imports titles from anime.csv. The same file twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        import_report.add_arguments(parser, file_name="anime.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import."""
        job = import_report.run_import(ImportJob.Kind.ANIME, options, self.stderr)
        if options["json"]:
            self.stdout.write(json.dumps(import_report.as_json(job), indent=2))
            return
        for line in import_report.as_text(job):
            self.stdout.write(line)
        figures = job.summary
        self.stdout.write(
            f"{figures['titles']:,} titles, {figures['complete']:,} of them complete, "
            f"{figures['genres']:,} genres"
        )
