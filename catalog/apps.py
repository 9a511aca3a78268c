"""The catalogue: what is known about titles and about who watched what."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Anime, genres, raters, ratings, imports and exports, accounts."""

    name = "catalog"
    verbose_name = "Catalogue"
