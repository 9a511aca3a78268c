"""A web process serves every main page without the libraries of the training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from catalog.models import Anime
from recommender.models import ModelVersion
from recommender.services import runs, training
from tests.factories import (
    AccountRaterFactory,
    AnimeFactory,
    ImportedRaterFactory,
    RatingFactory,
    UserFactory,
)

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "matplotlib", "wordcloud", "numba")
PROGRAM = """
import json, sys
from config.wsgi import application
from django.contrib.auth import get_user_model
from django.test import Client

client = Client(raise_request_exception=True)
client.force_login(get_user_model().objects.get(username="somebody"))
pages = {path: client.get(path, headers={"host": "localhost"}) for path in sys.argv[1:]}
statuses = {path: page.status_code for path, page in pages.items()}
answer = client.get("/api/v1/me/recommendations/", headers={"host": "localhost"}).json()
source = answer["source"]
print(json.dumps({"statuses": statuses, "source": source, "modules": sorted(sys.modules)}))
"""


@pytest.fixture
def trained(transactional_db: None, settings: Settings) -> ModelVersion:
    """All models and their report, trained on somebody with an account among others."""
    settings.RECOMMENDER_FULL_REPORT = True
    AnimeFactory.create(genres=["Comedy"])  # nobody has rated it
    titles = AnimeFactory.create_batch(24, genres=["Drama"])
    user = UserFactory.create(username="somebody", is_staff=True, is_superuser=True)
    raters = [AccountRaterFactory.create(user=user), *ImportedRaterFactory.create_batch(29)]
    for place, rater in enumerate(raters):
        for step in range(12):
            anime = titles[(place + step) % len(titles)]
            RatingFactory.create(rater=rater, anime=anime, score=1 + (place + step) % 10)
    run = runs.create(configuration={"n_epochs": 1})
    training.work_off_queue(worker="test")
    return ModelVersion.objects.get(run=run)


def test_no_page_loads_torch_or_a_figure_library(trained: ModelVersion) -> None:
    anime = Anime.objects.first()
    assert anime is not None
    paths = [
        "/",
        "/anime/",
        f"/anime/{anime.pk}/",
        "/recommendations/",
        "/recommendations/?method=collaborative",
        "/recommendations/?method=recommender-net",
        "/recommendations/?method=content",
        "/my-list/",
        "/accounts/settings/",
        "/admin/",
        "/admin/dashboard/",
        "/api/v1/anime/",
        "/api/v1/me/recommendations/",
        "/api/v1/training-runs/",
        "/api/v1/schema/",
        "/healthz",
        "/readyz",
    ]
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *paths],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout.splitlines()[-1])
    assert report["statuses"] == dict.fromkeys(paths, 200)
    assert report["source"] == "for-you"
    assert set(HEAVY).isdisjoint(report["modules"])


def _environment() -> dict[str, str]:
    """The environment in which another process sees the database of this test."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        user = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
        url = f"postgres://{user}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return os.environ | {
        "DATABASE_URL": url,
        "RECOMMENDER_ARTIFACT_ROOT": str(settings.RECOMMENDER_ARTIFACT_ROOT),
        "RECOMMENDER_VAR_DIR": str(settings.VAR_DIR),
    }
