"""How many queries each list of the API costs, in one place, so that one too many is seen.

``api_query_counts.json`` has the number for every address with GET that answers a page. Each holds
for a page of two entries as for one of twenty.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.api.filters import LimitQuery
from catalog.models import Dismissal, Group, ImportJob, Membership, User
from catalog.services import ratings, tokens
from catalog.services.tokens import Scope
from config import api_urls
from recommender.models import ModelVersion, TrainingRun
from tests.api import ROOT, client_with
from tests.config.test_api_matrix import patterns
from tests.factories import AnimeFactory, UserFactory

pytestmark = pytest.mark.django_db

COMMITTED: dict[str, int] = json.loads(
    Path(__file__).with_name("api_query_counts.json").read_text()
)
N_ROWS = 20
# Without a trained model it is empty; tests/recommender/api/test_group_recommendations.py has it.
NEEDS_A_MODEL = "api-group-recommendation-list"


def list_addresses() -> dict[str, str]:
    """The address of each list that has a ``limit``, by the name of its pattern."""
    found = {}
    for pattern in patterns(api_urls.urlpatterns):
        view: Any = getattr(pattern.callback, "cls", None)
        if pattern.name == NEEDS_A_MODEL:
            continue
        if hasattr(view, "get") and issubclass(getattr(view, "query_serializer", type), LimitQuery):
            found[str(pattern.name)] = re.sub("<id:([a-z_]+)>", r"{\1}", str(pattern.pattern))
    return found


def test_every_list_has_its_number() -> None:
    assert list(list_addresses()) == list(COMMITTED)


@pytest.fixture
def admin() -> User:
    """An administrator with twenty of everything that is listed."""
    user = UserFactory.create(username="ada", password=None, is_staff=True)
    rater = ratings.rater_for(user=user)
    host = UserFactory.create()
    for pk in range(1, N_ROWS + 1):
        anime = AnimeFactory.create(id=pk, genres=["Drama", f"Genre {pk}"])
        ratings.rate(rater=rater, anime=anime, score=1 + pk % 10)
        AnimeFactory.create(id=100 + pk, genres=["Drama"])
        Dismissal.objects.create(rater=rater, anime=AnimeFactory.create(id=200 + pk))
        tokens.issue(user=user, name=str(pk))
        for owner, state in (
            (user, Membership.State.JOINED),
            (host, Membership.State.INVITED),
        ):
            group = Group.objects.create(name=f"Group {pk}", owner=owner)
            joined_at = timezone.now() if owner == user else None
            Membership.objects.create(group=group, user=user, state=state, joined_at=joined_at)
        TrainingRun.objects.create(requested_by=user, state=TrainingRun.State.SUCCEEDED)
        ModelVersion.objects.create(artifact=f"a{pk}")
        for kind in (ImportJob.Kind.MAL, ImportJob.Kind.RATINGS):
            ImportJob.objects.create(kind=kind, requested_by=user, state=ImportJob.State.SUCCEEDED)
    return user


@pytest.mark.parametrize("limit", [2, N_ROWS])
def test_the_number_does_not_grow_with_the_page(admin: User, limit: int) -> None:
    _, text = tokens.issue(user=admin, scopes=Scope)
    client = client_with(text)

    found = {
        name: counted(client, path.format(anime_id=1), limit)
        for name, path in list_addresses().items()
    }

    assert found == COMMITTED


def counted(client: APIClient, path: str, limit: int) -> int:
    """The queries of a page that has been read before: what a process keeps is kept."""
    address = f"{ROOT}{path}?limit={limit}"
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    assert len(answer.json()["results"]) == limit, address
    return len(queries)
