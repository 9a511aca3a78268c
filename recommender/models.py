"""What is computed: training runs, the model versions that came out, the workers."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from recommender.querysets import ModelVersionQuerySet, TrainingRunQuerySet


class TrainingRun(models.Model):
    """One training. The row is the state; messages to workers only mean "look for work"."""

    class State(models.TextChoices):
        """FAILED is expected (too little data, diverged); ERRORED is a bug."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        ERRORED = "errored", "Errored"
        CANCELLED = "cancelled", "Cancelled"

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Empty: all that the default list needs.
    model = models.CharField(max_length=40, blank=True)
    configuration = models.JSONField(default=dict, blank=True)
    # Whether simulated raters may be mixed with real ones.
    include_simulated = models.BooleanField(default=False)
    device = models.CharField(max_length=20, blank=True)
    data_fingerprint = models.CharField(max_length=64, blank=True)
    n_ratings = models.PositiveBigIntegerField(null=True, blank=True)
    # What is being done now, in words, and how much of the whole is done, 0 to 1.
    step = models.CharField(max_length=100, blank=True)
    progress = models.FloatField(default=0.0)
    # One entry an epoch: {"epoch", "train_rmse", "validation_rmse", "seconds", ...}.
    epochs = models.JSONField(default=list, blank=True)
    log = models.TextField(blank=True)
    error = models.TextField(blank=True)
    worker = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="training_one_running"
            )
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} ({self.get_state_display().lower()})"

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end, whichever."""
        return self.state not in (self.State.QUEUED, self.State.RUNNING)

    @property
    def is_stale(self) -> bool:
        """Running, but its worker has not been heard of: computed when read."""
        return (
            self.state == self.State.RUNNING
            and self.heartbeat_at is not None
            and self.heartbeat_at < timezone.now() - settings.RECOMMENDER_STALE_AFTER
        )


class ModelVersion(models.Model):
    """One trained set of models on disk, which can be made active."""

    run = models.OneToOneField(
        TrainingRun, models.SET_NULL, null=True, blank=True, related_name="version"
    )
    # The folder's name under RECOMMENDER_ARTIFACT_ROOT.
    artifact = models.CharField(max_length=100, unique=True)
    is_active = models.BooleanField(default=False, editable=False)
    # Trained on simulated raters, wholly or in part.
    is_simulated = models.BooleanField(default=False)
    metrics = models.JSONField(default=dict, blank=True)
    n_ratings = models.PositiveBigIntegerField(default=0)
    n_raters = models.PositiveBigIntegerField(default=0)
    n_titles = models.PositiveBigIntegerField(default=0)
    data_fingerprint = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="model_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.pk}"

    @property
    def measured(self) -> dict[str, Any]:
        """The held-out figures of what is served: the best predictor's and the default list's."""
        rows = dict(self.measured_rows)
        scores = rows.get("best") or rows.get("recommender-net") or {}
        lists = rows.get("for-you") or rows.get("collaborative") or rows.get("recommender-net")
        return {**(lists or {}), **scores}

    @property
    def measured_rows(self) -> list[tuple[str, dict[str, Any]]]:
        """The figures of every model and baseline, one number a measure, in the order to show."""
        rows: dict[str, dict[str, Any]] = {}
        metrics = self.ordered_metrics
        for name, decodings in metrics.get("scores", {}).items():
            for decoding, measures in decodings.items():
                row = name if decoding == "default" else f"{name} ({decoding})"
                rows.setdefault(row, {}).update(_plain(measures))
        for name, measures in metrics.get("lists", {}).items():
            rows.setdefault(name, {}).update(_plain(measures))
        return list(rows.items())

    @property
    def ordered_metrics(self) -> dict[str, Any]:
        """The metrics with the models in the order that they were measured in.

        Not every database keeps the order of an object's keys, so ``order`` names them.
        """
        order = self.metrics.get("order", {})
        ordered = {
            part: {name: self.metrics[part][name] for name in names}
            for part, names in order.items()
        }
        scores = {
            name: dict(sorted(decodings.items(), key=lambda each: each[0] != "default"))
            for name, decodings in ordered.get("scores", {}).items()
        }
        return {**self.metrics, **ordered, **({"scores": scores} if scores else {})}


def _plain(measures: dict[str, Any]) -> dict[str, Any]:
    """The measures that are one number, without their intervals."""
    return {
        name: measure["value"] if isinstance(measure, dict) else measure
        for name, measure in measures.items()
        if isinstance(measure, int | float) or (isinstance(measure, dict) and "value" in measure)
    }


class Worker(models.Model):
    """A Celery worker process, alive as long as its heartbeat is recent.

    A row rather than Celery's ``inspect``: a solo worker in the middle of a training does not
    answer, and is very much alive.
    """

    name = models.CharField(max_length=200, unique=True)
    queues = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_alive(self) -> bool:
        """Whether the last heartbeat is recent."""
        return self.heartbeat_at >= timezone.now() - settings.RECOMMENDER_STALE_AFTER


class ListSnapshot(models.Model):
    """A list as it was when its first page was shown, so that its other pages go with it.

    New scores and models make another list; who is on the way through this one neither misses a
    title nor sees one twice. Kept for RECOMMENDER_SNAPSHOT_SECONDS.
    """

    rater = models.ForeignKey(
        "catalog.Rater", models.CASCADE, null=True, blank=True, related_name="+"
    )
    # A hash of all that the list was made from: whoever asks for the same gets the same row.
    key = models.CharField(max_length=64, unique=True)
    method = models.CharField(max_length=20)
    # Compressed arrays, see recommender.services.snapshots.
    content = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.method} of {self.rater_id} at {self.created_at:%Y-%m-%d %H:%M}"


class Exposure(models.Model):
    """How often one rater was shown one title in a list, and whether they opened its page."""

    rater = models.ForeignKey("catalog.Rater", models.CASCADE, related_name="+", db_index=False)
    anime = models.ForeignKey("catalog.Anime", models.CASCADE, related_name="+")
    times_shown = models.PositiveIntegerField(default=0)
    last_shown_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rater", "anime"], name="exposure_pair_unique")
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} × {self.anime_id}: {self.times_shown}"
