"""Reads of runs, versions and workers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.models import Anime, Rater, Rating, User
from recommender.models import Exposure, ModelVersion, TrainingRun, Worker
from recommender.querysets import ModelVersionQuerySet, TrainingRunQuerySet


def active_version() -> ModelVersion | None:
    """The version that is served."""
    return ModelVersion.objects.active().select_related("run").first()


def versions() -> ModelVersionQuerySet:
    """Every version, newest first, with its run."""
    return ModelVersion.objects.select_related("run").order_by("-created_at", "-pk")


def training_runs() -> TrainingRunQuerySet:
    """Every run, newest first, with who asked for it and the version that came out."""
    runs = TrainingRun.objects.select_related("requested_by", "version")
    return runs.order_by("-created_at", "-pk")


def workers() -> list[Worker]:
    """The workers that have said something lately, and those that fell silent."""
    return list(Worker.objects.order_by("name"))


@dataclass(frozen=True, slots=True)
class DataFigures:
    """How much there is to learn from."""

    titles: int
    complete_titles: int
    raters: int
    simulated_raters: int
    ratings: int


def data_figures() -> DataFigures:
    """Count titles, raters and ratings."""
    return DataFigures(
        titles=Anime.objects.count(),
        complete_titles=Anime.objects.complete().count(),
        raters=Rater.objects.count(),
        simulated_raters=Rater.objects.simulated().count(),
        ratings=Rating.objects.count(),
    )


def is_simulated(*, version_id: int | None) -> bool:
    """Whether simulated raters went into a version; False for none."""
    if version_id is None:
        return False
    return ModelVersion.objects.filter(pk=version_id, is_simulated=True).exists()


def titles_shown(*, user: User) -> Iterable[Mapping[str, Any]]:
    """What the lists of an account have shown, by title id."""
    shown = Exposure.objects.filter(rater__user=user).order_by("anime_id")
    return shown.values("anime_id", "anime__title", "times_shown", "last_shown_at", "opened_at")
