"""A browser that reads an address which only takes forms."""

import pytest
from django.test import Client

from catalog.models import Rater
from tests.factories import AnimeFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


def test_the_page_says_so_and_leads_on(alice: Rater, alice_client: Client) -> None:
    AnimeFactory.create(id=1)
    answer = alice_client.get("/anime/1/rate/")
    page = ReadPage(answer)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "This address only takes forms" in page.text
    assert page.all("a", class_="button", href="/anime/")


def test_the_api_keeps_its_own_answer(alice_client: Client) -> None:
    answer = alice_client.delete("/api/v1/anime/")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
