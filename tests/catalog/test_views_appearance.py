"""Light or dark."""

import pytest
from django.test import Client

from catalog.models import Profile, Rater
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


def test_without_a_choice_the_device_decides(client: Client) -> None:
    page = ReadPage(client.get("/"))
    assert "data-theme" not in page.all("html")[0]
    pressed = page.all("button", name="theme", aria_pressed="true")
    assert [button["value"] for button in pressed] == ["system"]


def test_a_visitor_chooses(client: Client) -> None:
    answer = client.post("/appearance/", {"theme": "dark", "next": "/anime/"})
    assert answer.headers["Location"] == "/anime/"
    page = ReadPage(client.get("/anime/"))
    assert page.all("html")[0]["data-theme"] == "dark"
    pressed = page.all("button", name="theme", aria_pressed="true")
    assert [button["value"] for button in pressed] == ["dark"]
    client.post("/appearance/", {"theme": "system"})
    assert "data-theme" not in ReadPage(client.get("/anime/")).all("html")[0]


def test_a_members_choice_is_kept_in_the_account(alice: Rater, alice_client: Client) -> None:
    alice_client.post("/appearance/", {"theme": "light"})
    assert Profile.objects.get(user=alice.user).theme == "light"


def test_under_htmx_the_page_is_read_anew(client: Client) -> None:
    answer = client.post("/appearance/", {"theme": "dark"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    assert answer.cookies["theme"].value == "dark"


def test_an_unknown_theme_is_refused(client: Client) -> None:
    answer = client.post("/appearance/", {"theme": "sepia"})
    assert answer.status_code == 400
    assert answer.content == b"Choose system, light or dark."
    assert "theme" not in answer.cookies


def test_a_strange_cookie_is_no_theme(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in ReadPage(client.get("/")).all("html")[0]


def test_the_address_only_takes_posts(client: Client) -> None:
    assert client.get("/appearance/").status_code == 405


def test_it_does_not_lead_to_another_site(client: Client) -> None:
    answer = client.post("/appearance/", {"theme": "dark", "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"
