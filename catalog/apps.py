"""The catalogue: what is known about titles and about who watched what."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Anime, genres, raters, ratings, imports and exports, accounts."""

    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        """Connect the receivers of Django's signals."""
        from catalog import receivers

        receivers.connect()
