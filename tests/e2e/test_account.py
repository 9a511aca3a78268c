"""The end of an account, in a real browser, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from catalog.models import ApiToken, Rater, Rating, User
from tests.factories import AccountRaterFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery"


@pytest.fixture
def mika(db: None) -> Rater:
    rater: Rater = AccountRaterFactory.create(user=UserFactory.create(username="mika"))
    for _ in range(3):
        RatingFactory.create(rater=rater)
    return rater


def log_in(page: Page, name: str = "mika") -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Login").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.locator(".menu__name")).to_have_text(name)


def enter_password(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your password")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_delete_an_account(any_page: Page, mika: Rater) -> None:
    page = any_page
    log_in(page)
    page.goto("/accounts/settings/")
    page.get_by_role("link", name="delete your account").click()
    expect(page.get_by_text("Your list: 3 titles with scores")).to_be_visible()
    page.get_by_label("Your username, to be sure").fill("mika")
    page.get_by_role("button", name="Delete my account and all my data").click()
    enter_password(page)
    expect(page.locator("#messages")).to_contain_text(
        "The account mika and everything that was known of it are deleted."
    )
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    assert not User.objects.exists()
    assert not Rating.objects.exists()
    page.goto("/my-list/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_a_token_is_made_shown_once_and_revoked(any_page: Page, mika: Rater) -> None:
    page = any_page
    log_in(page)
    page.goto("/accounts/tokens/")
    page.get_by_label("Name", exact=True).fill("phone")
    page.get_by_role("button", name="Make the token").click()
    enter_password(page)
    secret = page.locator("#secret").inner_text()
    assert secret.startswith(ApiToken.objects.get().token_key)
    page.goto("/accounts/tokens/")
    expect(page.get_by_role("heading", name="phone")).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Revoke.*phone$")).click()
    expect(page.get_by_text("You have none.")).to_be_visible()
    assert not ApiToken.objects.exists()


def test_the_archive_is_downloaded(any_page: Page, mika: Rater) -> None:
    page = any_page
    log_in(page)
    page.goto("/accounts/settings/")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download all my data").click()
    assert re.fullmatch(r"osusume-mika-\d{4}-\d\d-\d\d\.zip", started.value.suggested_filename)


def test_the_chosen_appearance_comes_along(any_page: Page, mika: Rater) -> None:
    page = any_page
    log_in(page)
    page.goto("/accounts/settings/")
    page.get_by_role("combobox", name="Appearance").select_option("dark")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.context.clear_cookies()
    page.goto("/")
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    log_in(page)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
