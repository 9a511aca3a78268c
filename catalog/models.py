"""What is known: titles, people, and who watched what."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from knox.models import AbstractAuthToken

from catalog.querysets import AnimeQuerySet, RaterQuerySet, RatingQuerySet

MIN_SCORE, MAX_SCORE = 1, 10
ADULT_GENRE = "Hentai"


class User(AbstractUser):
    """An account. The e-mail address is optional: it only serves to reset a password."""


class Profile(models.Model):
    """How an account wants the site to be."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    show_adult = models.BooleanField("show adult titles", default=False)
    is_public = models.BooleanField("public profile", default=False)
    list_filters = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"Profile of {self.user_id}"


class ApiToken(AbstractAuthToken):
    """A named API token; only its hash is stored."""

    name = models.CharField(max_length=100, default="API")
    scopes = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key})"


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


class Rater(models.Model):
    """Somebody whose ratings we know.

    A rater who came with data has a source and a source_id and no account, so that 73,515
    imported people do not need 73,515 accounts; a rater with an account has a user.
    """

    class Source(models.TextChoices):
        """Where a rater without an account comes from."""

        IMPORT = "import", "Imported data set"
        DEMO = "demo", "Simulated"
        ACCOUNT = "account", "Account"

    source = models.CharField(max_length=10, choices=Source, default=Source.ACCOUNT)
    source_id = models.PositiveBigIntegerField(null=True, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="rater"
    )
    # Grows with every change of the rater's list: what was computed from an older revision is
    # out of date, whichever process computed it and whatever the clocks say.
    revision = models.PositiveBigIntegerField(default=0)

    objects = RaterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "source_id"], name="rater_source_id_unique"),
            models.CheckConstraint(
                name="rater_has_an_identity",
                condition=Q(source="account", source_id__isnull=True, user__isnull=False)
                | (~Q(source="account") & Q(source_id__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id or self.user_id}"


class Rating(models.Model):
    """What one rater has done with one title. The score may be missing, the row not doubled."""

    class Status(models.IntegerChoices):
        """MyAnimeList's statuses and their numbers."""

        WATCHING = 1, "Watching"
        COMPLETED = 2, "Completed"
        ON_HOLD = 3, "On hold"
        DROPPED = 4, "Dropped"
        PLAN_TO_WATCH = 6, "Plan to watch"

        @property
        def slug(self) -> str:
            """The status in the API and in URLs: ``plan-to-watch``."""
            return self.name.lower().replace("_", "-")

        @classmethod
        def from_slug(cls, slug: str) -> "Rating.Status":
            """The status of a slug; ValueError for any other text."""
            for status in cls:
                if status.slug == slug:
                    return status
            raise ValueError(slug)

    # The unique constraint's index begins with the rater: a second one would only cost.
    rater = models.ForeignKey(Rater, models.CASCADE, related_name="ratings", db_index=False)
    anime = models.ForeignKey(Anime, models.CASCADE, related_name="ratings")
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.COMPLETED)
    score = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_SCORE), MaxValueValidator(MAX_SCORE)],
    )
    episodes_watched = models.PositiveIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField()

    objects = RatingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rater", "anime"], name="rating_pair_unique"),
            models.CheckConstraint(
                name="rating_score_range",
                condition=Q(score__isnull=True) | Q(score__gte=MIN_SCORE, score__lte=MAX_SCORE),
            ),
            models.CheckConstraint(
                name="rating_status_known", condition=Q(status__in=[1, 2, 3, 4, 6])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} × {self.anime_id}: {self.score or self.get_status_display()}"


class Dismissal(models.Model):
    """Not interested: left out of every list, and never taken for a low score."""

    rater = models.ForeignKey(Rater, models.CASCADE, related_name="dismissals", db_index=False)
    anime = models.ForeignKey(Anime, models.CASCADE, related_name="dismissals")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rater", "anime"], name="dismissal_pair_unique")
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} × {self.anime_id}"


class ImportJob(models.Model):
    """One import of a file: how far it came, what it did, and what it refused."""

    class Kind(models.TextChoices):
        """What the file holds."""

        ANIME = "anime", "Titles (CSV)"
        RATINGS = "ratings", "Ratings (CSV)"
        MAL = "mal", "MyAnimeList export"

    class State(models.TextChoices):
        """The life of a job."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        ERRORED = "errored", "Errored"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    source = models.CharField(max_length=10, choices=Rater.Source, default=Rater.Source.IMPORT)
    file_name = models.CharField(max_length=255)
    # Where an uploaded file waits for its worker, relative to MEDIA_ROOT; empty for a command.
    upload = models.FileField(upload_to="imports/", blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    # Accepted rows already merged: a repeat of the same file goes on behind them.
    position = models.PositiveBigIntegerField(default=0)
    rows_read = models.PositiveBigIntegerField(default=0)
    rows_created = models.PositiveBigIntegerField(default=0)
    rows_updated = models.PositiveBigIntegerField(default=0)
    rows_unchanged = models.PositiveBigIntegerField(default=0)
    rows_rejected = models.PositiveBigIntegerField(default=0)
    # {reason: count} and {reason: [[line number, text], ...]}, the first rows of each reason.
    rejects = models.JSONField(default=dict, blank=True)
    reject_samples = models.JSONField(default=dict, blank=True)
    # Figures of the result, such as the number of complete titles.
    summary: Any = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.file_name}"
