"""A group of two, in a real browser, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Rater
from tests.e2e.conftest import train
from tests.e2e.test_account import log_in
from tests.factories import AccountRaterFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(two_tastes: None) -> None:
    """Two tastes, a member of each, mika and toru, and a small model of them."""
    for name, loved_ids in (("mika", (1, 2, 3)), ("toru", (13, 14, 15))):
        member = AccountRaterFactory.create(user=UserFactory.create(username=name))
        for anime_id in loved_ids:
            RatingFactory.create(rater=member, anime_id=anime_id, anime=None, score=9)
    train()


@pytest.mark.usefixtures("world")
def test_a_group_of_two(any_page: Page) -> None:
    page = any_page
    log_in(page, "mika")
    page.goto("/together/")
    page.get_by_label("Name of the group").fill("Sundays")
    page.get_by_role("button", name="Make the group").click()
    page.get_by_label("Username").fill("toru")
    page.get_by_role("button", name="Invite").click()
    expect(page.locator("#messages")).to_contain_text("toru is invited")

    # Before toru has agreed the list is mika's alone, and holds what toru has watched.
    page.get_by_role("link", name="Sundays").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sundays")
    expect(page.locator(".shares").first).not_to_contain_text("toru")
    expect(page.get_by_role("link", name="Comedy Number 13", exact=True)).to_be_visible()

    page.context.clear_cookies()
    log_in(page, "toru")
    page.goto("/together/")
    expect(page.get_by_role("heading", name="mika invites you to “Sundays”")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Join.*Sundays$")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sundays")
    shares = page.locator(".shares")
    expect(shares).to_have_count(18)
    for place in (0, 17):
        expect(shares.nth(place)).to_have_text(re.compile(r"mika\s+\d+\.\d\s+toru\s+\d+\.\d"))
    watched = re.compile(r"^(Drama Number [123]|Comedy Number 1[345])$")
    expect(page.locator(".shared h2").filter(has_text=watched)).to_have_count(0)

    average = page.locator(".shared h2").all_inner_texts()
    page.get_by_role("link", name="Most pleasure").click()
    expect(page.get_by_role("link", name="Most pleasure")).to_have_attribute("aria-current", "page")
    assert page.locator(".shared h2").all_inner_texts() != average

    page.get_by_role("link", name="Members and invitations").click()
    expect(page.get_by_text("too few shared titles (0)")).to_be_visible()
    page.get_by_role("button", name="Leave the group").click()
    expect(page.locator("#messages")).to_contain_text("You have left Sundays.")
    expect(page.get_by_text("You are in no group yet.")).to_be_visible()
    assert Rater.objects.filter(user__username="toru").exists()
