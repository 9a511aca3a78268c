"""One's own list in a real browser: lines, many titles at once, undo, filters, statistics."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from catalog.models import Rater, Rating, User
from tests.e2e.people import log_in
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Status = Rating.Status


@pytest.fixture
def mika() -> Rater:
    """Mika's list: an apple, a banana that is being watched, a cherry that is planned."""
    user: User = UserFactory.create(username="mika")
    rater: Rater = AccountRaterFactory.create(user=user)
    for pk, title, score, status, seen in (
        (1, "Apple", 8, Status.COMPLETED, None),
        (2, "Banana", None, Status.WATCHING, 11),
        (3, "Cherry", None, Status.PLAN_TO_WATCH, None),
    ):
        anime = AnimeFactory.create(id=pk, title=title, episodes=12)
        RatingFactory.create(
            rater=rater, anime=anime, score=score, status=status, episodes_watched=seen
        )
    return rater


def titles(page: Page) -> Locator:
    return page.locator(".entry__title > a")


def open_list(page: Page, query: str = "") -> None:
    log_in(page, "mika")
    page.goto(f"/my-list/{query}")


def save(page: Page) -> None:
    """Without JavaScript what was changed is saved by a button."""
    button = page.get_by_role("button", name="Save the changed lines")
    if button.count():
        button.click()


def show_results(page: Page) -> None:
    """Without JavaScript a filter is used by a button."""
    button = page.get_by_role("button", name="Show", exact=True)
    if button.count():
        button.click()


def open_bar(page: Page) -> None:
    """The bar for many titles opens by itself once a title is ticked, with JavaScript."""
    bar = page.locator("#chosen details")
    if bar.get_attribute("open") is None:
        bar.locator("summary").click()


def entry(rater: Rater, anime_id: int) -> tuple[int, int | None, int | None]:
    row = rater.ratings.get(anime_id=anime_id)
    return row.status, row.score, row.episodes_watched


def test_a_line_is_edited_and_put_back(any_page: Page, mika: Rater) -> None:
    page = any_page
    open_list(page)
    page.get_by_label("Your score for Apple").select_option("3")
    save(page)
    expect(page.get_by_role("status").get_by_text("You scored Apple 3 out of 10.")).to_be_visible()
    expect(page.get_by_label("Your score for Apple")).to_have_value("3")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").get_by_text("1 title is as before.")).to_be_visible()
    expect(page.get_by_label("Your score for Apple")).to_have_value("8")
    assert entry(mika, 1) == (Status.COMPLETED, 8, None)


def test_the_last_episode_completes_a_title(any_page: Page, mika: Rater) -> None:
    page = any_page
    open_list(page)
    page.get_by_role("button", name="+1 episode of Banana").click()
    expect(page.get_by_text("Banana is on your list as “Completed”.")).to_be_visible()
    expect(page.get_by_label("Status of Banana")).to_have_value("completed")
    expect(page.get_by_role("button", name="+1 episode of Banana")).to_have_count(0)
    assert entry(mika, 2) == (Status.COMPLETED, None, 12)


def test_episodes_are_typed_and_saved_by_enter(any_page: Page, mika: Rater) -> None:
    page = any_page
    open_list(page)
    field = page.get_by_label("Episodes of Banana that you have seen")
    field.fill("5")
    field.press("Enter")
    expect(page.get_by_text("Banana: 5 of 12 episodes seen.")).to_be_visible()
    assert entry(mika, 2) == (Status.WATCHING, None, 5)


def test_many_titles_are_changed_and_put_back(any_page: Page, mika: Rater) -> None:
    page = any_page
    open_list(page)
    page.get_by_label("Choose Apple").check()
    page.get_by_label("Choose Banana").check()
    open_bar(page)
    page.locator("#chosen-status").select_option("dropped")
    page.get_by_role("button", name="Set status").click()
    expect(page.get_by_text("2 titles are now “Dropped”.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(r"^Dropped"))).to_contain_text("2")
    assert entry(mika, 1) == (Status.DROPPED, 8, None)
    assert entry(mika, 2) == (Status.DROPPED, None, 11)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 titles are as before.")).to_be_visible()
    expect(page.get_by_label("Status of Apple")).to_have_value("completed")
    assert entry(mika, 2) == (Status.WATCHING, None, 11)


def test_all_that_a_filter_finds_is_removed_and_put_back(any_page: Page, mika: Rater) -> None:
    page = any_page
    open_list(page, "?scored=no&sort=title")
    expect(titles(page)).to_have_text(["Banana", "Cherry"])
    open_bar(page)
    page.locator("#chosen-which").select_option("found")
    page.get_by_role("button", name="Remove from my list", exact=True).click()
    expect(page.get_by_text("2 titles are off your list.")).to_be_visible()
    expect(page.get_by_text("No title of your list fits these filters.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(titles(page)).to_have_text(["Banana", "Cherry"])
    assert mika.ratings.count() == 3


def test_all_lines_are_ticked_at_once(page: Page, mika: Rater) -> None:
    open_list(page)
    page.get_by_label("Choose Apple").check()
    expect(page.get_by_text("1 ticked")).to_be_visible()
    page.get_by_label("Tick all on this page").check()
    expect(page.get_by_text("3 ticked")).to_be_visible()
    page.locator("#chosen-score").select_option("6")
    page.get_by_role("button", name="Set score").click()
    expect(page.get_by_text("You scored 3 titles 6 out of 10.")).to_be_visible()
    assert set(mika.ratings.values_list("score", flat=True)) == {6}


@pytest.mark.usefixtures("mika")
def test_the_list_is_filtered_and_sorted(any_page: Page) -> None:
    page = any_page
    open_list(page)
    page.get_by_label("Search", exact=True).fill("cher")
    show_results(page)
    expect(titles(page)).to_have_text(["Cherry"])
    page.get_by_label("Search", exact=True).fill("")
    show_results(page)
    expect(titles(page)).to_have_count(3)
    page.get_by_label("Sort by").select_option("title")
    show_results(page)
    expect(titles(page)).to_have_text(["Apple", "Banana", "Cherry"])
    page.get_by_label("Direction").select_option("reversed")
    show_results(page)
    expect(titles(page)).to_have_text(["Cherry", "Banana", "Apple"])
    page.get_by_role("link", name=re.compile("^Watching")).click()
    expect(titles(page)).to_have_text(["Banana"])
    expect(page.get_by_label("Sort by")).to_have_value("title")


@pytest.mark.usefixtures("mika")
def test_a_line_is_edited_by_keyboard_and_keeps_the_place(page: Page) -> None:
    open_list(page, "?sort=title")
    page.get_by_label("Your score for Apple").focus()
    page.keyboard.press("1")
    page.keyboard.press("Tab")
    expect(page.get_by_text(re.compile(r"You scored Apple 10? out of 10\."))).to_be_visible()
    expect(page.get_by_role("button", name="Remove Apple from my list")).to_be_focused()


@pytest.mark.usefixtures("mika")
def test_statistics_are_one_link_away(any_page: Page) -> None:
    page = any_page
    open_list(page)
    page.get_by_role("link", name="Statistics").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Statistics of my list")
    expect(page.get_by_role("img", name=re.compile("scores from 1 to 10"))).to_be_visible()
    page.get_by_text("The numbers").click()
    expect(page.get_by_role("row", name=re.compile(r"^8 100\.0 %"))).to_be_visible()
