"""The way of a person through the site, in a real browser, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from catalog.models import Rating, User
from tests.e2e.people import PASSWORD, sign_up
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def lines(page: Page) -> Locator:
    """The titles of the list."""
    return page.locator(".item h2")


def line(page: Page, title: str) -> Locator:
    """A title's line in the list."""
    return page.locator(".item").filter(has=page.get_by_role("heading", name=title, exact=True))


def score(page: Page, title: str, value: int) -> None:
    """Score a title in the list on the page, which then goes out of the list.

    With JavaScript in a menu in the list, without it on the title's page.
    """
    address = page.url
    line(page, title).get_by_role("link", name=re.compile("^Score")).click()
    page.get_by_role("button", name=re.compile(rf"^{value} out of 10")).click()
    expect(page.get_by_role("status").get_by_text(f"You scored {title} {value}")).to_be_visible()
    if page.url != address:
        page.goto(address)
    expect(lines(page).get_by_text(title, exact=True)).to_have_count(0)


def score_first(page: Page, value: int) -> str:
    """Score whatever is first in the list; returns its title."""
    title = lines(page).first.inner_text()
    score(page, title, value)
    return title


@pytest.mark.usefixtures("world")
def test_register_score_three_titles_and_the_list_changes(any_page: Page) -> None:
    page = any_page
    sign_up(page)
    page.goto("/recommendations/")
    expect(page.get_by_text("Score a title or two, and this list becomes yours.")).to_be_visible()
    expect(page.get_by_text("predicted score")).to_have_count(0)
    before = lines(page).all_inner_texts()
    assert before[:3] == ["Drama Number 1", "Drama Number 2", "Drama Number 3"]
    scored = [(score_first(page, value), value) for value in (2, 9, 3)]
    expect(page.get_by_text("this list becomes yours")).to_have_count(0)
    expect(page.get_by_text("predicted score").first).to_be_visible()
    after = lines(page).all_inner_texts()
    assert after != [title for title in before if title not in dict(scored)]
    ratings = Rating.objects.filter(rater__user__username="mika").order_by("updated_at")
    assert list(ratings.values_list("anime__title", "score")) == scored


@pytest.mark.usefixtures("world")
def test_the_list_by_genre_follows_the_scores(any_page: Page) -> None:
    page = any_page
    sign_up(page)
    page.goto("/recommendations/?method=content")
    score(page, "Drama Number 1", 2)
    score(page, "Comedy Number 13", 10)
    expect(lines(page).first).to_have_text("Comedy Number 14")
    expect(page.get_by_role("link", name="By genre and type")).to_have_attribute(
        "aria-current", "page"
    )


@pytest.mark.usefixtures("world")
def test_scoring_does_not_reload_the_page(page: Page) -> None:
    sign_up(page)
    page.goto("/recommendations/")
    page.evaluate("window.sameDocument = true")
    score(page, "Drama Number 1", 9)
    assert page.evaluate("window.sameDocument") is True
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Drama Number 1 is off your list.")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    assert not Rating.objects.filter(rater__user__username="mika").exists()


@pytest.mark.usefixtures("world")
def test_not_interested_and_undo(any_page: Page) -> None:
    page = any_page
    sign_up(page)
    page.goto("/recommendations/")
    line(page, "Drama Number 1").get_by_role("button", name="Not interested").click()
    expect(page.get_by_text("Drama Number 1 will not be recommended")).to_be_visible()
    expect(lines(page).get_by_text("Drama Number 1", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(lines(page).first).to_have_text("Drama Number 1")


@pytest.mark.usefixtures("world")
def test_the_title_page_takes_score_status_and_removal(any_page: Page) -> None:
    page = any_page
    sign_up(page)
    page.goto("/anime/5/")
    page.get_by_role("button", name="8 out of 10: very good").click()
    expect(page.get_by_role("heading", name="Your score: 8")).to_be_visible()
    page.get_by_label("Status of").select_option("dropped")
    save = page.get_by_role("button", name="Save")
    if save.count():
        save.click()
    expect(page.get_by_role("status").get_by_text("is on your list as “Dropped”")).to_be_visible()
    page.get_by_role("button", name="Remove from my list").click()
    expect(page.get_by_role("heading", name="Have you seen it?")).to_be_visible()
    assert not Rating.objects.filter(rater__user__username="mika").exists()


@pytest.mark.usefixtures("world")
def test_the_list_is_edited_in_its_lines(any_page: Page) -> None:
    page = any_page
    sign_up(page)
    page.goto("/anime/5/")
    page.get_by_role("button", name="8 out of 10: very good").click()
    expect(page.get_by_role("heading", name="Your score: 8")).to_be_visible()
    page.goto("/my-list/")
    page.get_by_label("Your score for Drama Number 5").select_option("3")
    save = page.get_by_role("button", name="Save")
    if save.count():
        save.click()
    expect(page.get_by_text("You scored Drama Number 5 3 out of 10.")).to_be_visible()
    expect(page.get_by_label("Your score for Drama Number 5")).to_have_value("3")
    page.get_by_role("button", name="Remove Drama Number 5 from my list").click()
    expect(page.get_by_role("heading", name="Your list is empty")).to_be_visible()


@pytest.mark.usefixtures("world")
def test_searching_while_typing_keeps_the_address(page: Page) -> None:
    page.goto("/anime/")
    expect(page.locator(".card__title").first).to_have_text("Drama Number 1")
    page.get_by_label("Search", exact=True).press_sequentially("comedy number 24")
    expect(page.locator(".card__title").first).to_have_text("Comedy Number 24")
    expect(page).to_have_url(re.compile(r"q=comedy\+number\+24|q=comedy%20number%2024"))
    page.go_back()
    expect(page.locator(".card__title").first).to_have_text("Drama Number 1")


@pytest.mark.usefixtures("world")
def test_scoring_by_keyboard_keeps_the_place(page: Page) -> None:
    sign_up(page)
    page.goto("/anime/")
    page.locator("#menu-button-1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="1 out of 10: awful")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#menu-button-1")).to_contain_text("Scored 2")
    expect(page.locator("#menu-button-1")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("0")
    expect(page.locator("#menu-button-1")).to_contain_text("Scored 10")
    expect(page.locator("#menu-button-1")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#menu-button-1")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_log_in_and_out(any_page: Page) -> None:
    page = any_page
    UserFactory.create(username="mika")
    page.goto("/my-list/")
    page.get_by_label("Login").fill("mika")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My list")
    page.locator("summary", has_text="mika").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Sign up").first).to_be_visible()
    page.goto("/my-list/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_taken_name_is_said_in_the_form(any_page: Page) -> None:
    page = any_page
    UserFactory.create(username="mika")
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("mika")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_text("A user with that username already exists.")).to_be_visible()
    assert User.objects.count() == 1
