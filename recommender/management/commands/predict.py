"""``manage.py predict``: a prediction for every pair of a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.services import bulk
from recommender.services.errors import RecommenderError


class Command(BaseCommand):
    """Reads user_id,anime_id and writes user_id,anime_id,prediction."""

    help = "Predict the score of every (user_id, anime_id) pair of a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("pairs", type=Path, metavar="PAIRS.csv")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        try:
            n_rows = bulk.predict_file(pairs=options["pairs"], output=options["output"])
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{n_rows:,} predictions written to {options['output']}.")
