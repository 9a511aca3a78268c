"""Imports."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from catalog.models.lists import Rater


class ImportJob(models.Model):
    """One import of a file: how far it came, what it did, and what it refused."""

    class Kind(models.TextChoices):
        """What the file holds."""

        ANIME = "anime", "Titles (CSV)"
        RATINGS = "ratings", "Ratings (CSV)"
        MAL = "mal", "MyAnimeList export"

    class State(models.TextChoices):
        """The life of a job."""

        # A list whose owner has not yet said what to do with it.
        AWAITING = "awaiting", "Waiting for a decision"
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
