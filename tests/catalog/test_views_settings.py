"""The settings page."""

import pytest
from django.test import Client

from catalog.models import Profile, Rater
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    response = client.get("/accounts/settings/")
    assert response["Location"] == "/accounts/login/?next=/accounts/settings/"


def test_adult_titles_are_off_at_first(alice_client: Client) -> None:
    page = ReadPage(alice_client.get("/accounts/settings/"))
    assert ["checked" in box for box in page.all("input", name="show_adult")] == [False]


def test_saving_says_so_and_is_kept(alice_client: Client) -> None:
    response = alice_client.post("/accounts/settings/", {"show_adult": "on"}, follow=True)
    page = ReadPage(response)
    assert "Your settings are saved." in page.text
    assert ["checked" in box for box in page.all("input", name="show_adult")] == [True]


def test_they_can_be_taken_back(alice: Rater, alice_client: Client) -> None:
    assert alice.user is not None
    Profile.objects.create(user=alice.user, show_adult=True)
    alice_client.post("/accounts/settings/", {})
    assert Profile.objects.get(user=alice.user).show_adult is False


def test_charlie_changes_only_the_own_settings(alice: Rater, charlie_client: Client) -> None:
    assert alice.user is not None
    Profile.objects.create(user=alice.user, show_adult=False)
    charlie_client.post("/accounts/settings/", {"show_adult": "on", "user": str(alice.user_id)})
    assert Profile.objects.get(user=alice.user).show_adult is False
