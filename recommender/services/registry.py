"""Model versions: registered, verified, activated, loaded.

A missing or damaged artifact is a normal state: whoever asks for the active model gets None and
a reason, lists fall back to popularity, and the dashboard says why.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ml.artifacts import load_arrays, remove_artifact, verify_artifact
from ml.data import IdMap
from ml.errors import ArtifactError, MlError
from ml.suite import Suite
from recommender.models import ModelVersion, TrainingRun
from recommender.services.errors import ActivationRefused, NothingBefore

logger = logging.getLogger(__name__)

# After a failure to load, the disk is asked again no sooner than this.
RETRY_SECONDS = 15.0


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A version in memory: its arrays are mapped, not copied.

    ``user_revisions`` says up to which change of a rater's list the training knew it,
    ``feature_names`` what the columns are that its guesses of unrated titles start from.
    """

    version_id: int
    is_simulated: bool
    suite: Suite
    users: IdMap
    items: IdMap
    user_revisions: npt.NDArray[np.int64]
    feature_names: tuple[str, ...]


@dataclass(frozen=True)
class ModelState:
    """The active model, or why there is none: for administrators, and for everybody."""

    model: LoadedModel | None
    problem: str = ""
    notice: str = ""


NO_MODEL = "No model has been trained yet."
NOT_AVAILABLE = "Personal lists are not available at the moment."

_lock = threading.Lock()
_loaded: LoadedModel | None = None
_failed: tuple[int, float, str] | None = None  # version id, when, why


def register(
    *,
    run: TrainingRun | None,
    artifact: str,
    metrics: dict[str, Any],
    counts: dict[str, int],
    data_fingerprint: str,
    is_simulated: bool,
) -> ModelVersion:
    """Record a written artifact as a version; with no usable model it becomes active at once."""
    with transaction.atomic():
        version = ModelVersion.objects.create(
            run=run,
            artifact=artifact,
            metrics=metrics,
            data_fingerprint=data_fingerprint,
            is_simulated=is_simulated,
            **counts,
        )
    if active_model().model is None:
        try:
            activate(version=version)
        except ActivationRefused as error:
            logger.error("The first version is not usable: %s", error)  # noqa: TRY400 - expected
    return version


def activate(*, version: ModelVersion) -> None:
    """Serve this version from now on. Raises ActivationRefused when its artifact is unusable."""
    try:
        _load(version)
    except MlError as error:
        raise ActivationRefused(f"Version {version.pk} cannot be served: {error}") from error
    with transaction.atomic():
        # The row lock lets simultaneous activations follow each other.
        list(ModelVersion.objects.active().select_for_update())
        ModelVersion.objects.active().exclude(pk=version.pk).update(is_active=False)
        ModelVersion.objects.filter(pk=version.pk).update(
            is_active=True, activated_at=timezone.now()
        )
    version.refresh_from_db()


def roll_back() -> ModelVersion:
    """Serve the version that was active before. Raises NothingBefore and ActivationRefused."""
    before = ModelVersion.objects.filter(is_active=False, activated_at__isnull=False)
    version = before.order_by("-activated_at", "-pk").first()
    if version is None:
        raise NothingBefore("No other version has been active before.")
    activate(version=version)
    return version


def active_model() -> ModelState:
    """The model to serve with, loaded at first use in this process."""
    global _loaded, _failed  # noqa: PLW0603 - one model a process is the point
    # Without its metrics: they are long, and every page asks.
    version = ModelVersion.objects.active().only("artifact", "is_simulated").first()
    if version is None:
        return ModelState(None, NO_MODEL, NO_MODEL)
    if _loaded is not None and _loaded.version_id == version.pk:
        return ModelState(_loaded)
    with _lock:
        if _loaded is not None and _loaded.version_id == version.pk:
            return ModelState(_loaded)
        if _failed is not None and _failed[0] == version.pk:
            _, when, why = _failed
            if time.monotonic() - when < RETRY_SECONDS:
                return ModelState(None, why, NOT_AVAILABLE)
        try:
            _loaded, _failed = _load(version), None
        except MlError as error:
            why = f"The active model (version {version.pk}) cannot be loaded: {error}"
            logger.error(why)  # noqa: TRY400 - an expected state, told on the dashboard
            _failed = (version.pk, time.monotonic(), why)
            return ModelState(None, why, NOT_AVAILABLE)
        return ModelState(_loaded)


def forget_loaded() -> None:
    """Drop what this process has loaded (for tests, and after an artifact was repaired)."""
    global _loaded, _failed  # noqa: PLW0603 - see active_model
    with _lock:
        _loaded = _failed = None


def delete_simulated() -> int:
    """Delete the versions that simulated raters went into, with their files; how many it were."""
    versions = list(ModelVersion.objects.filter(is_simulated=True))
    for version in versions:
        version.delete()
        remove_artifact(settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact)
    forget_loaded()
    return len(versions)


def _load(version: ModelVersion) -> LoadedModel:
    path = settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact
    manifest = verify_artifact(path)
    ids = load_arrays(path, "ids")
    if "models" not in manifest:
        raise ArtifactError(f"{path} is not a model version.")
    return LoadedModel(
        version_id=version.pk,
        is_simulated=version.is_simulated,
        suite=Suite.load(path),
        users=IdMap(ids["user_ids"]),
        items=IdMap(ids["item_ids"]),
        user_revisions=ids["user_revisions"],
        feature_names=tuple(manifest.get("feature_names", ())),
    )
