"""Versions: what can be served is, what cannot be is refused and reported."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from recommender.models import ModelVersion
from recommender.services import registry, serving
from recommender.services.errors import ActivationRefused
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db


def folder(version: ModelVersion) -> Path:
    return Path(settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact)


def copy_of(version: ModelVersion, name: str) -> ModelVersion:
    shutil.copytree(folder(version), settings.RECOMMENDER_ARTIFACT_ROOT / name)
    return ModelVersion.objects.create(artifact=name)


def damage(version: ModelVersion) -> None:
    path = folder(version) / "recommender_net.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    registry.forget_loaded()


def test_activation_replaces_the_active_version(version: ModelVersion) -> None:
    other = copy_of(version, "other")
    registry.activate(version=other)
    version.refresh_from_db()
    assert (version.is_active, other.is_active) == (False, True)
    model = registry.active_model().model
    assert model is not None
    assert model.version_id == other.pk


def test_a_damaged_version_is_refused_and_the_old_one_stays(version: ModelVersion) -> None:
    other = copy_of(version, "other")
    damage(other)
    with pytest.raises(ActivationRefused, match="not as it was written"):
        registry.activate(version=other)
    version.refresh_from_db()
    assert version.is_active


def test_a_damaged_active_model_means_popular_lists_that_say_so(
    world: World, version: ModelVersion
) -> None:
    damage(version)
    result = serving.recommend(rater=world.raters[0], n=3)
    assert result.source == "popular"
    assert result.model_version is None
    assert result.fallback == "Personal lists are not available at the moment."
    problem = registry.active_model().problem
    assert problem.startswith(f"The active model (version {version.pk}) cannot be loaded:")


def test_a_missing_active_model_means_popular_lists_too(
    world: World, version: ModelVersion
) -> None:
    shutil.rmtree(folder(version))
    registry.forget_loaded()
    assert serving.recommend(rater=world.raters[0], n=3).source == "popular"


def test_a_model_is_loaded_once_a_process(
    version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registry.active_model().model
    monkeypatch.setattr(registry, "verify_artifact", lambda path: pytest.fail("loaded again"))
    assert registry.active_model().model is first


def test_the_disk_is_not_asked_again_at_once_after_a_failure(
    version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(version)
    problem = registry.active_model().problem
    monkeypatch.setattr(registry, "verify_artifact", lambda path: pytest.fail("asked again"))
    assert registry.active_model().problem == problem != ""


def test_versions_of_simulated_raters_are_deleted_with_their_files(version: ModelVersion) -> None:
    real = copy_of(version, "real")
    ModelVersion.objects.filter(pk=version.pk).update(is_simulated=True)
    assert registry.delete_simulated() == 1
    assert list(ModelVersion.objects.all()) == [real]
    assert not folder(version).exists()
    assert folder(real).exists()
