"""Reads of runs, versions and workers."""

from recommender.models import ModelVersion, TrainingRun, Worker
from recommender.querysets import ModelVersionQuerySet, TrainingRunQuerySet


def active_version() -> ModelVersion | None:
    """The version that is served."""
    return ModelVersion.objects.active().select_related("run").first()


def versions() -> ModelVersionQuerySet:
    """Every version, newest first, with its run."""
    return ModelVersion.objects.select_related("run").order_by("-created_at", "-pk")


def training_runs() -> TrainingRunQuerySet:
    """Every run, newest first, with who asked for it."""
    return TrainingRun.objects.select_related("requested_by").order_by("-created_at", "-pk")


def workers() -> list[Worker]:
    """The workers that have said something lately, and those that fell silent."""
    return list(Worker.objects.order_by("name"))
