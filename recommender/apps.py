"""The recommender: what is computed from the catalogue."""

from django.apps import AppConfig


class RecommenderConfig(AppConfig):
    """Training runs, model versions, serving."""

    name = "recommender"
    verbose_name = "Recommender"

    def ready(self) -> None:
        """Connect the receivers of the catalogue's signals."""
        from recommender import receivers

        receivers.connect()
