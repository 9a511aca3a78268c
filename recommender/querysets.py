"""The queries that have a name of their own."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

if TYPE_CHECKING:
    from recommender.models import ModelVersion, TrainingRun  # noqa: F401 - used in annotations


class TrainingRunQuerySet(QuerySet["TrainingRun"]):
    """Training runs."""

    def queued(self) -> Self:
        """Waiting runs, oldest first."""
        return self.filter(state="queued").order_by("created_at", "pk")

    def unfinished(self) -> Self:
        """In progress or waiting: the running one first, then the oldest."""
        return self.filter(state__in=["queued", "running"]).order_by("-state", "created_at", "pk")

    def running(self) -> Self:
        """The run in progress (none or one)."""
        return self.filter(state="running")

    def stale(self) -> Self:
        """Running, but without a heartbeat for too long: its worker is gone."""
        return self.running().filter(
            heartbeat_at__lt=timezone.now() - settings.RECOMMENDER_STALE_AFTER
        )


class ModelVersionQuerySet(QuerySet["ModelVersion"]):
    """Model versions."""

    def active(self) -> Self:
        """The version that is served (none or one)."""
        return self.filter(is_active=True)
