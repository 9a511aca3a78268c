"""``manage.py evaluate``: the held-out figures of the active model beside its baselines."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.selectors import active_version
from recommender.services.evaluation import table_of


class Command(BaseCommand):
    """Prints what was measured when the active version was trained."""

    help = "Print the evaluation of the active model version."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the tables."""
        version = active_version()
        if version is None:
            raise CommandError("There is no active model. Train one with manage.py train.")
        if options["json"]:
            report = {"version": version.pk, "is_simulated": version.is_simulated}
            self.stdout.write(json.dumps(report | version.metrics, indent=2))
            return
        if version.is_simulated:
            self.stdout.write("Trained on simulated raters: these figures say nothing of people.")
        self.stdout.write(table_of(version=version))
