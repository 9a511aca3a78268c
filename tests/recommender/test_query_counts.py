"""How many queries each page costs, in one place, so that a query too many is seen in review.

``query_counts.json`` has the number for every page of ``tests.e2e.addresses``. Each holds for a
site of a few titles and a short list as for many titles and a long one.
"""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Rater
from catalog.services.catalogue import catalogue_changed
from recommender.models import ModelVersion
from tests.e2e.addresses import MEMBER_PAGES, VISITOR_PAGES
from tests.factories import AnimeFactory, RatingFactory

pytestmark = pytest.mark.django_db

COMMITTED: dict[str, dict[str, int]] = json.loads(
    Path(__file__).with_name("query_counts.json").read_text()
)
FEW, MANY = 5, 70


def site_of(n_titles: int, rater: Rater) -> None:
    """Titles beyond those of the small world, and a list with half of them in every status."""
    for place in range(n_titles):
        # No numbers: two of them would be one series.
        name = "".join(chr(ord("a") + int(digit)) for digit in str(place))
        anime = AnimeFactory.create(id=1_000 + place, title=f"Q{name}")
        if place % 2:
            status = (1, 2, 3, 4, 6)[place // 2 % 5]
            score = None if status == 6 else 1 + place % 10
            RatingFactory.create(rater=rater, anime=anime, status=status, score=score)
    catalogue_changed()
    for anime_id, score in ((1, 9), (2, 10), (13, 2)):
        RatingFactory.create(rater=rater, anime=None, anime_id=anime_id, score=score)


def counted(client: Client, address: str) -> int:
    """The queries of a page that has been read before: what a process keeps is kept."""
    client.get(address)
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == (404 if address == MEMBER_PAGES["missing"] else 200)
    return len(queries)


@pytest.mark.parametrize("n_titles", [FEW, MANY])
def test_pages_of_a_visitor(
    version: ModelVersion, alice: Rater, client: Client, n_titles: int
) -> None:
    site_of(n_titles, alice)
    found = {
        name: counted(client, page.format(anime=5, user="alice"))
        for name, page in VISITOR_PAGES.items()
    }
    assert found == COMMITTED["visitor"]


@pytest.mark.parametrize("n_titles", [FEW, MANY])
def test_pages_of_a_member(
    version: ModelVersion, alice: Rater, alice_client: Client, n_titles: int
) -> None:
    site_of(n_titles, alice)
    found = {
        name: counted(alice_client, page.format(anime=5, user="alice"))
        for name, page in MEMBER_PAGES.items()
    }
    assert found == COMMITTED["member"]
