"""Titles and genres."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from catalog.querysets import AnimeQuerySet

ADULT_GENRE = "Hentai"


class Genre(models.Model):
    """One of the data set's genres."""

    name = models.CharField(max_length=50, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Anime(models.Model):
    """One title. The primary key is its MyAnimeList id."""

    class Type(models.TextChoices):
        """The data set's six types."""

        TV = "TV", "TV"
        OVA = "OVA", "OVA"
        MOVIE = "Movie", "Movie"
        SPECIAL = "Special", "Special"
        ONA = "ONA", "ONA"
        MUSIC = "Music", "Music"

    id = models.PositiveIntegerField("MyAnimeList id", primary_key=True)
    title = models.CharField(max_length=255)
    # Case-folded, without accents and punctuation: what the search compares with.
    search_title = models.CharField(max_length=255, editable=False, db_index=True)
    # The part of the title that its sequels and extras share.
    franchise_key = models.CharField(max_length=255, editable=False, db_index=True)
    type = models.CharField(max_length=10, choices=Type, null=True, blank=True)  # noqa: DJ001 - unknown is NULL, as for the other incomplete fields
    episodes = models.PositiveIntegerField(null=True, blank=True)
    mean_score = models.FloatField("community score", null=True, blank=True)
    members = models.PositiveIntegerField(default=0)
    is_adult = models.BooleanField(default=False)
    genres = models.ManyToManyField(Genre, blank=True, related_name="anime")

    objects = AnimeQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "anime"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(F("members").desc(), "id", name="anime_by_members"),
            models.Index("title", "id", name="anime_by_title"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The title's page."""
        return f"/anime/{self.pk}/"


class CatalogueState(models.Model):
    """One row that counts the changes of titles and genres.

    What a process has computed from the whole catalogue is out of date when the revision has
    moved on, whichever process changed it.
    """

    revision = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Revision {self.revision}"
