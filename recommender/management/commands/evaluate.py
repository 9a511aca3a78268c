"""``manage.py evaluate``: the held-out figures of the active model beside its baselines."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.selectors import active_version

_COLUMNS = (
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("macro_mae", "macro-MAE"),
    ("recall_low", "recall ≤ 4"),
    ("ndcg_at_10", "NDCG@10"),
)


class Command(BaseCommand):
    """Prints what was measured when the active version was trained."""

    help = "Print the evaluation of the active model version."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the table."""
        version = active_version()
        if version is None:
            raise CommandError("There is no active model. Train one with manage.py train.")
        if options["json"]:
            report = {"version": version.pk, "is_simulated": version.is_simulated}
            self.stdout.write(json.dumps(report | version.metrics, indent=2))
            return
        if version.is_simulated:
            self.stdout.write("Trained on simulated raters: these figures say nothing of people.")
        self.stdout.write(" ".join([f"{'':<16}", *(f"{title:>10}" for _, title in _COLUMNS)]))
        for name, measured in version.measured_rows:
            values = [measured.get(key) for key, _ in _COLUMNS]
            cells = [f"{'–' if value is None else f'{value:.3f}':>10}" for value in values]
            self.stdout.write(" ".join([f"{name:<16}", *cells]))
