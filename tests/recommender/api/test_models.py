import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from recommender.models import ModelVersion, TrainingRun
from tests.api import ROOT, problem

ADDRESS = f"{ROOT}models/"


def test_versions_come_newest_first(admin_client: APIClient) -> None:
    run = TrainingRun.objects.create()
    older = ModelVersion.objects.create(artifact="a", run=run, is_active=True, n_ratings=3)
    newer = ModelVersion.objects.create(artifact="b", metrics={"recommender-net": {"rmse": 1.5}})

    results = admin_client.get(ADDRESS).json()["results"]

    assert [version["id"] for version in results] == [newer.pk, older.pk]
    assert [version["is_active"] for version in results] == [False, True]
    assert [version["run"] for version in results] == [None, run.pk]
    assert results[0] == admin_client.get(f"{ADDRESS}{newer.pk}/").json()
    assert results[0]["metrics"] == {"recommender-net": {"rmse": 1.5}}


def test_a_version_is_promoted(admin_client: APIClient, version: ModelVersion) -> None:
    other = ModelVersion.objects.create(artifact="none")
    ModelVersion.objects.update(is_active=False, activated_at=None)
    ModelVersion.objects.filter(pk=other.pk).update(is_active=True, activated_at=timezone.now())

    answer = admin_client.post(f"{ADDRESS}{version.pk}/promote/").json()

    assert (answer["id"], answer["is_active"]) == (version.pk, True)
    assert answer["activated_at"] is not None
    assert ModelVersion.objects.active().get() == version


def test_a_version_without_its_files_is_not_promoted(admin_client: APIClient) -> None:
    active = ModelVersion.objects.create(artifact="a", is_active=True)
    broken = ModelVersion.objects.create(artifact="missing")

    response = admin_client.post(f"{ADDRESS}{broken.pk}/promote/")

    body = problem(response, 409, "model_unusable")
    assert body["detail"].startswith(f"Version {broken.pk} cannot be served: ")
    assert ModelVersion.objects.active().get() == active


def test_an_unknown_version_is_404(admin_client: APIClient) -> None:
    problem(admin_client.get(f"{ADDRESS}5/"), 404, "not_found")
    problem(admin_client.post(f"{ADDRESS}5/promote/"), 404, "not_found")


@pytest.mark.parametrize("limit", [2, 10])
def test_the_number_of_queries_does_not_grow(
    admin_client: APIClient, django_assert_num_queries: DjangoAssertNumQueries, limit: int
) -> None:
    for number in range(10):
        run = TrainingRun.objects.create()
        ModelVersion.objects.create(run=run, artifact=str(number))

    with django_assert_num_queries(2):  # token, versions
        assert len(admin_client.get(ADDRESS, {"limit": limit}).json()["results"]) == limit
