"""The evaluation of a version as it was stored at its training: its figures and its pictures."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from ml.artifacts import read_manifest, read_text
from ml.errors import ArtifactError
from recommender.models import ModelVersion

_SVG = ".svg"
_NAME = re.compile(r"[a-z0-9-_]{1,100}")


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure; ``low`` and ``high`` are its 95 % interval, None where there is none."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one model; ``decoding`` is empty for lists."""

    model: str
    decoding: str
    measures: tuple[Measure, ...]


def measured_scores(version: ModelVersion) -> list[Measured]:
    """How well scores are predicted, by model and decoding, in the order to show."""
    scores = version.ordered_metrics.get("scores", {})
    return [
        Measured(model, decoding, tuple(_measures(values)))
        for model, decodings in scores.items()
        for decoding, values in decodings.items()
    ]


def measured_lists(version: ModelVersion) -> list[Measured]:
    """How good the lists are, by model, in the order to show."""
    lists = version.ordered_metrics.get("lists", {})
    return [Measured(model, "", tuple(_measures(values))) for model, values in lists.items()]


def figure_names(version: ModelVersion) -> list[str]:
    """The names of the pictures of a version, without the ending; none when its files are gone."""
    path = settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact
    try:
        files = read_manifest(path)["files"]
    except ArtifactError:
        return []
    return sorted(name.removesuffix(_SVG) for name in files if name.endswith(_SVG))


def figure(version: ModelVersion, name: str) -> str | None:
    """A picture as SVG; None when the version has none of this name."""
    if not _NAME.fullmatch(name) or name not in figure_names(version):
        return None
    try:
        return read_text(settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact, f"{name}{_SVG}")
    except ArtifactError:
        return None


def _measures(values: Mapping[str, Any]) -> Iterator[Measure]:
    """The plain figures; breakdowns and matrices are left out."""
    for name, value in values.items():
        if isinstance(value, Mapping) and isinstance(value.get("value"), int | float):
            yield Measure(name, float(value["value"]), value.get("low"), value.get("high"))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield Measure(name, float(value), None, None)
