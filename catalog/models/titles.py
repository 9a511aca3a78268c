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


class TitleStatistics(models.Model):
    """The scores that raters here gave one title, counted ahead.

    A popular title has tens of thousands of ratings: too many to count for every reader of its
    page, or to order a catalogue by. A title without a row has not been counted yet.
    """

    anime = models.OneToOneField(Anime, models.CASCADE, primary_key=True, related_name="statistics")
    # How many raters gave each score. Columns and not one text, so that the database itself can
    # count one up while others do the same.
    scores_1 = models.IntegerField(default=0)
    scores_2 = models.IntegerField(default=0)
    scores_3 = models.IntegerField(default=0)
    scores_4 = models.IntegerField(default=0)
    scores_5 = models.IntegerField(default=0)
    scores_6 = models.IntegerField(default=0)
    scores_7 = models.IntegerField(default=0)
    scores_8 = models.IntegerField(default=0)
    scores_9 = models.IntegerField(default=0)
    scores_10 = models.IntegerField(default=0)
    # The standard deviation of the scores, shrunk to that of an average title.
    spread = models.FloatField()

    class Meta:
        verbose_name_plural = "title statistics"

    def __str__(self) -> str:
        return f"Scores of {self.anime_id}"

    @property
    def counts(self) -> dict[int, int]:
        """How many raters gave each score from 1 to 10."""
        return {score: getattr(self, f"scores_{score}") for score in range(1, 11)}


class CatalogueState(models.Model):
    """One row that counts the changes of titles and genres, and of their statistics.

    What a process has computed from the whole catalogue is out of date when the revision has
    moved on, whichever process changed it.
    """

    revision = models.PositiveBigIntegerField(default=0)
    statistics_revision = models.PositiveBigIntegerField(default=0)
    # Which lists the statistics are of: the number of raters and the sum of their revisions.
    statistics_of = models.CharField(max_length=60, default="", blank=True)

    def __str__(self) -> str:
        return f"Revision {self.revision}"
