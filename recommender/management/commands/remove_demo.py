"""``manage.py remove_demo``: take away everything that is simulated."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.services.demo import remove_demo
from recommender.services import registry


class Command(BaseCommand):
    """Deletes simulated raters, their ratings, and the models that were trained on them."""

    help = "Delete simulated raters, their ratings and the models trained on them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, and say what is gone and what stays."""
        removed = remove_demo()
        n_versions = registry.delete_simulated()
        self.stdout.write(
            f"Deleted {removed.n_raters:,} simulated raters with {removed.n_ratings:,} ratings, "
            f"{removed.n_accounts:,} demo accounts and {n_versions:,} models trained on them. "
            "Titles are real and stay; so do other accounts."
        )
