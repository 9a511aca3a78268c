"""The evaluation of a version, its pictures, and the way back."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from ml.artifacts import write_artifact
from recommender.models import ModelVersion
from tests.api import ROOT, problem

ADDRESS = f"{ROOT}models/"


def test_a_report_has_every_model_with_its_figures(
    admin_client: APIClient, version: ModelVersion
) -> None:
    body = admin_client.get(f"{ADDRESS}{version.pk}/report/").json()

    metrics = version.metrics
    assert (body["version"], body["part"]) == (version.pk, "test")
    assert body["n_test_ratings"] == metrics["n_test_ratings"] > 0
    assert [each["model"] for each in body["lists"]] == metrics["order"]["lists"]
    assert (
        list(dict.fromkeys(each["model"] for each in body["scores"]))
        == (metrics["order"]["scores"])
    )
    measures = {each["name"]: each for each in body["scores"][0]["measures"]}
    first = metrics["order"]["scores"][0]
    decoding = body["scores"][0]["decoding"]
    assert measures["rmse"] == {"name": "rmse", **metrics["scores"][first][decoding]["rmse"]}
    assert measures["calibration_error"]["low"] is None
    assert "confusion_matrix" not in measures


def test_a_figure_is_a_picture(admin_client: APIClient) -> None:
    version = ModelVersion.objects.create(artifact="drawn")
    texts = {f"{name}.svg": f"<svg>{name}</svg>" for name in ("learning-curve", "calibration")}
    root = Path(settings.RECOMMENDER_ARTIFACT_ROOT)
    folder = write_artifact(root, "drawn", arrays={}, manifest={}, texts=texts)

    figures = admin_client.get(f"{ADDRESS}{version.pk}/report/").json()["figures"]
    answer = admin_client.get(figures[0])

    assert figures == [
        f"http://testserver{ADDRESS}{version.pk}/figures/{name}.svg"
        for name in ("calibration", "learning-curve")
    ]
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert answer.content == b"<svg>calibration</svg>"
    (folder / "calibration.svg").write_text("<svg>another</svg>")
    problem(admin_client.get(figures[0]), 404, "not_found")
    problem(admin_client.get(f"{ADDRESS}{version.pk}/figures/no-such.svg"), 404, "not_found")
    problem(admin_client.get(f"{ADDRESS}{version.pk}/figures/manifest.svg"), 404, "not_found")


def test_a_version_of_an_earlier_release_has_what_it_has(admin_client: APIClient) -> None:
    old = ModelVersion.objects.create(artifact="gone")

    body = admin_client.get(f"{ADDRESS}{old.pk}/report/").json()

    assert body == {
        "version": old.pk,
        "part": "",
        "n_train_ratings": None,
        "n_test_ratings": None,
        "n_test_raters": None,
        "n_ranked_raters": None,
        "n_titles": None,
        "scores": [],
        "lists": [],
        "figures": [],
    }


def test_rolling_back_goes_to_the_version_before(
    admin_client: APIClient, version: ModelVersion
) -> None:
    hour = timedelta(hours=1)
    ModelVersion.objects.update(is_active=False, activated_at=timezone.now() - hour)
    ModelVersion.objects.create(artifact="older", activated_at=timezone.now() - 2 * hour)
    ModelVersion.objects.create(artifact="never")
    newest = ModelVersion.objects.create(
        artifact="newest", is_active=True, activated_at=timezone.now()
    )

    body = admin_client.post(f"{ADDRESS}rollback/").json()

    assert (body["id"], body["is_active"]) == (version.pk, True)
    assert ModelVersion.objects.active().get() == version
    newest.refresh_from_db()
    assert not newest.is_active


def test_without_a_version_before_or_its_files_nothing_changes(admin_client: APIClient) -> None:
    active = ModelVersion.objects.create(artifact="a", is_active=True, activated_at=timezone.now())
    body = problem(admin_client.post(f"{ADDRESS}rollback/"), 409, "wrong_state")
    assert body["detail"] == "No other version has been active before."

    ModelVersion.objects.create(artifact="gone", activated_at=timezone.now())
    problem(admin_client.post(f"{ADDRESS}rollback/"), 409, "model_unusable")
    assert ModelVersion.objects.active().get() == active


def test_charlie_is_refused(charlies_client: APIClient, admin_client: APIClient) -> None:
    version = ModelVersion.objects.create(artifact="a")
    for answer in (
        charlies_client.get(f"{ADDRESS}{version.pk}/report/"),
        charlies_client.get(f"{ADDRESS}{version.pk}/figures/calibration.svg"),
        charlies_client.post(f"{ADDRESS}rollback/"),
    ):
        problem(answer, 403, "permission_denied")
    problem(admin_client.get(f"{ADDRESS}999/report/"), 404, "not_found")


def test_a_report_costs_two_queries(
    admin_client: APIClient,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):  # token, version
        admin_client.get(f"{ADDRESS}{version.pk}/report/")
