"""The administrator's pages, and who must not see them."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from catalog.models import User
from recommender.models import ModelVersion, TrainingRun
from recommender.services import runs
from tests.factories import ImportedRaterFactory, RatingFactory, UserFactory
from tests.pages import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory.create(username="root", is_staff=True, is_superuser=True))
    return client


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


PAGES = ["dashboard", "dashboard-run"]
ACTIONS = ["dashboard-train", "dashboard-run-cancel", "dashboard-activate"]


def address(name: str) -> str:
    return reverse(name, args=[] if name in ("dashboard", "dashboard-train") else [1])


@pytest.mark.parametrize("name", PAGES + ACTIONS)
def test_a_visitor_is_sent_to_the_login(name: str, client: Client) -> None:
    response = client.post(address(name)) if name in ACTIONS else client.get(address(name))
    assert response.status_code == 302
    assert "login" in response["Location"]


@pytest.mark.parametrize("name", PAGES + ACTIONS)
def test_an_ordinary_user_is_refused(name: str) -> None:
    charlie = client_of(UserFactory.create(username="charlie"))
    response = charlie.post(address(name)) if name in ACTIONS else charlie.get(address(name))
    assert response.status_code == 302
    assert "login" in response["Location"]
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("name", ACTIONS)
def test_staff_who_may_only_look_cannot_act(name: str, version: ModelVersion) -> None:
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    looking = client_of(staff)
    assert looking.get(reverse("dashboard")).status_code == 200
    n_runs = TrainingRun.objects.count()
    assert looking.post(address(name)).status_code == 403
    assert TrainingRun.objects.count() == n_runs


def test_the_overview_says_that_nothing_is_served_and_nobody_works(admin: Client) -> None:
    text = admin.get(reverse("dashboard")).content.decode()
    assert "No model has been trained yet." in text
    assert "No training worker is running" in text


def cells_of(page: Answer, first: str) -> list[str]:
    """The cells of the table row whose first cell says so."""
    rows = re.findall(r"<tr.*?</tr>", page.content.decode(), re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    (found,) = [row for row in cells if row and row[0].strip() == first]
    return found


def test_the_overview_shows_every_model_with_a_dash_for_what_it_does_not_do(
    admin: Client, version: ModelVersion
) -> None:
    page = admin.get(reverse("dashboard"))
    measured = dict(version.measured_rows)
    balanced, for_you = cells_of(page, "best (balanced)"), cells_of(page, "for-you")
    assert balanced[1] == f"{measured['best (balanced)']['rmse']:.3f}"
    assert balanced[4:] == ["–", "–"]
    assert for_you[1:4] == ["–", "–", "–"]
    assert for_you[4] == f"{measured['for-you']['ndcg_at_10']:.3f}"
    assert "–" not in cells_of(page, "recommender-net")
    of_version = cells_of(page, str(version))
    assert of_version[3:5] == [f"{measured['best']['rmse']:.3f}", for_you[4]]


def test_figures_of_an_old_form_do_not_break_the_overview(
    admin: Client, version: ModelVersion
) -> None:
    ModelVersion.objects.update(metrics={"recommender-net": {"rmse": 1.5}})
    page = admin.get(reverse("dashboard"))
    assert "No figures that this release can show" in page.content.decode()
    assert cells_of(page, str(version))[3:5] == ["–", "–"]


def test_train_queues_a_run_and_shows_it(admin: Client) -> None:
    response = admin.post(reverse("dashboard-train"), {"n_epochs": "3", "device": "cpu"})
    run = TrainingRun.objects.get()
    assert response["Location"] == reverse("dashboard-run", args=[run.pk])
    assert run.state == TrainingRun.State.QUEUED
    assert (run.configuration["n_epochs"], run.configuration["device"]) == (3, "cpu")
    assert run.requested_by is not None
    assert run.requested_by.username == "root"


def test_a_wrong_number_of_epochs_is_explained(admin: Client) -> None:
    response = admin.post(reverse("dashboard-train"), {"n_epochs": "0"})
    assert response.status_code == 400
    assert "greater than or equal to 1" in response.content.decode()
    assert not TrainingRun.objects.exists()


def test_a_mixture_is_refused_beside_the_box_that_allows_it(admin: Client) -> None:
    RatingFactory.create(rater=ImportedRaterFactory.create(source="demo"))
    RatingFactory.create()
    response = admin.post(reverse("dashboard-train"), {"n_epochs": "3"})
    assert response.status_code == 400
    errors = response.context["form"].errors
    assert list(errors) == ["include_simulated"]
    assert "in the dashboard's form" in errors["include_simulated"][0]
    assert response.context["form"]["n_epochs"].value() == "3"
    assert not TrainingRun.objects.exists()
    admin.post(reverse("dashboard-train"), {"include_simulated": "on"})
    assert TrainingRun.objects.get().include_simulated


def test_the_page_of_a_run_asks_for_itself_until_the_run_has_ended(admin: Client) -> None:
    runs.create()
    run = runs.claim(worker="a")
    assert run is not None
    runs.append_log(run=run, line="Reading.")
    url = reverse("dashboard-run", args=[run.pk])
    page = admin.get(url).content.decode()
    assert f'hx-get="{url}"' in page
    assert "Reading." in page
    runs.finish(run=run, state=TrainingRun.State.FAILED, error="There are no ratings.")
    fragment = admin.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in fragment
    assert "There are no ratings." in fragment
    assert "<html" not in fragment


def test_a_waiting_run_can_be_cancelled_once(admin: Client) -> None:
    run = runs.create()
    url = reverse("dashboard-run-cancel", args=[run.pk])
    admin.post(url)
    run.refresh_from_db()
    assert run.state == TrainingRun.State.CANCELLED
    assert "has already ended (cancelled)" in admin.post(url, follow=True).content.decode()


def test_a_version_is_made_active(admin: Client, version: ModelVersion) -> None:
    ModelVersion.objects.update(is_active=False)
    admin.post(reverse("dashboard-activate", args=[version.pk]))
    version.refresh_from_db()
    assert version.is_active


def test_a_version_without_files_is_refused_with_the_reason(admin: Client) -> None:
    broken = ModelVersion.objects.create(artifact="gone")
    response = admin.post(reverse("dashboard-activate", args=[broken.pk]), follow=True)
    assert f"Version {broken.pk} cannot be served: There is no artifact" in (
        response.content.decode()
    )


@pytest.mark.parametrize(
    "model",
    [
        "catalog_anime",
        "catalog_genre",
        "catalog_rater",
        "catalog_rating",
        "catalog_dismissal",
        "catalog_importjob",
        "catalog_apitoken",
        "catalog_user",
        "recommender_trainingrun",
        "recommender_modelversion",
        "recommender_worker",
    ],
)
def test_every_list_of_the_admin_opens(admin: Client, model: str, version: ModelVersion) -> None:
    assert admin.get(reverse(f"admin:{model}_changelist")).status_code == 200
