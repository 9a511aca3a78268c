"""Raters, and what they have done with titles."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models.titles import Anime
from catalog.querysets import RaterQuerySet, RatingQuerySet

MIN_SCORE, MAX_SCORE = 1, 10


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


class MalEntry(models.Model):
    """What a MyAnimeList file says of one title beyond status, score and episodes.

    Kept so that an export gives back what an import has brought: dates, tags, comments. The title
    is named by its id only, since it may be one that the catalogue does not have.
    """

    rater = models.ForeignKey(Rater, models.CASCADE, related_name="mal_entries", db_index=False)
    anime_id = models.PositiveBigIntegerField()
    # {element name: text}, as in the file; of a title that is not in the catalogue every element.
    fields = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "MAL entries"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rater", "anime_id"], name="mal_entry_pair_unique")
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} × {self.anime_id}"
