"""``manage.py export_recommendations``: the lists of all imported raters as a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.services import bulk_lists
from recommender.services.errors import RecommenderError
from recommender.services.lists import DEFAULT_METHOD, METHODS


class Command(BaseCommand):
    """Writes user_id,rank,anime_id,relevance,prediction."""

    help = "Write the first titles of every imported rater's list to a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("--method", default=DEFAULT_METHOD, choices=list(METHODS))
        parser.add_argument("-n", type=int, default=50, help="titles a rater")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        if options["n"] < 1:
            raise CommandError(f"-n must be 1 or more, not {options['n']}.")
        try:
            n_raters = bulk_lists.export_recommendations(
                method=options["method"], n=options["n"], output=options["output"]
            )
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The lists of {n_raters:,} raters written to {options['output']}.")
