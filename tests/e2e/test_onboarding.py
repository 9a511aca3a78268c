"""From the first visit to a list that is kept: scoring without an account, then signing up."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from catalog.models import Rating
from recommender.services import rounds
from tests.e2e.conftest import train
from tests.e2e.people import PASSWORD
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAMES = (
    "Rain",
    "Snow",
    "Fog",
    "Hail",
    "Thaw",
    "Gale",
    "Apples",
    "Pears",
    "Plums",
    "Figs",
    "Dates",
    "Limes",
)


@pytest.fixture
def world(db: None) -> None:
    """Six dramas and six comedies, raters of two tastes, and a small model of them."""
    titles = [
        AnimeFactory.create(
            id=n, title=name, genres=["Drama" if n <= 6 else "Comedy"], members=100_000 - n
        )
        for n, name in enumerate(NAMES, start=1)
    ]
    for person in range(20):
        rater = ImportedRaterFactory.create()
        for anime in titles:
            if (anime.pk + person) % 3:
                loved = (anime.pk <= 6) == (person % 2 == 0)
                RatingFactory.create(rater=rater, anime=anime, score=9 if loved else 3)
    train()


def begin(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start without an account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which of these do you know?")


def press(page: Page, title: str, score: int) -> None:
    """Score a title by its button."""
    group = page.get_by_role("group", name=f"Your score for {title}", exact=True)
    group.get_by_role("button", name=re.compile(rf"^{score} out of 10")).click()
    expect(group.get_by_role("button", name=re.compile(rf"^{score} out of 10"))).to_have_attribute(
        "aria-pressed", "true"
    )


def listed(page: Page) -> list[str]:
    """The titles of the list at the side."""
    return page.locator(".start-list__title a").all_inner_texts()


@pytest.mark.usefixtures("world")
def test_score_as_a_visitor_sign_up_and_find_the_list(any_page: Page) -> None:
    page = any_page
    begin(page)
    press(page, "Rain", 10)
    expect(page.locator(".start-list__count")).to_contain_text("1 title scored")
    before = listed(page)
    press(page, "Apples", 10)
    expect(page.locator(".start-list__count")).to_contain_text("2 titles scored")
    press(page, "Snow", 1)
    expect(page.locator(".start-list__count")).to_contain_text("3 titles scored")
    assert listed(page) != before
    assert not {"Rain", "Apples", "Snow"} & set(listed(page))
    expect(page.locator(".start-list__items")).to_contain_text("Because of")

    page.get_by_role("link", name="Keep this list: create an account").click()
    page.get_by_label("Username").fill("mika")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_text("3 scores from before are on your list.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/recommendations/$"))
    expect(page.locator(".item h2").first).to_be_visible()
    ratings = Rating.objects.filter(rater__user__username="mika")
    assert dict(ratings.values_list("anime__title", "score")) == {
        "Rain": 10,
        "Apples": 10,
        "Snow": 1,
    }
    page.goto("/")
    expect(page.get_by_text("From your 3 scores, best first.")).to_be_visible()


@pytest.mark.usefixtures("world")
def test_by_keyboard_alone(page: Page) -> None:
    begin(page)
    tiles = page.locator("[data-tile]")
    first, second, third, fourth = (tiles.nth(place) for place in range(4))
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(first).to_be_focused()
    # Without waiting for the answers: they are sent one after the other.
    for key in ("9", "0", "s"):
        page.keyboard.press(key)
    expect(fourth).to_be_focused()
    expect(page.locator(".start-list__count")).to_contain_text("2 titles scored")
    expect(first).to_have_attribute("data-score", "9")
    expect(second).to_have_attribute("data-score", "10")
    expect(third).to_contain_text("Not seen.")
    expect(fourth).to_be_focused()
    second.focus()
    page.keyboard.press("Delete")
    expect(page.locator(".start-list__count")).to_contain_text("1 title scored")
    expect(second).not_to_have_attribute("data-score", "10")


@pytest.mark.usefixtures("world")
def test_by_touch_on_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    begin(page)
    press(page, "Rain", 9)
    expect(page.locator(".start-bar")).to_contain_text("1 scored")
    page.locator(".start-bar").get_by_role("link", name="Your list").click()
    expect(page.locator("#start-list")).to_be_in_viewport()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


@pytest.mark.usefixtures("world")
def test_other_titles_are_gone_on_with_by_keyboard(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "TITLES_A_ROUND", 4)
    begin(page)
    expect(page.locator("[data-tile]")).to_have_count(4)
    page.locator("#start-more").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-tile]").first).to_be_focused()
    page.keyboard.press("9")
    expect(page.locator(".start-list__count")).to_contain_text("1 title scored")


@pytest.mark.usefixtures("world")
def test_other_titles_and_a_reload(any_page: Page) -> None:
    page = any_page
    begin(page)
    press(page, "Rain", 9)
    page.reload()
    expect(page.get_by_text("You scored it 9.")).to_be_visible()
    page.get_by_role("button", name="Show other titles").click()
    expect(page.get_by_text("There is nothing left to ask")).to_be_visible()
    expect(page.locator(".start-list__count")).to_contain_text("1 title scored")


@pytest.mark.usefixtures("world")
def test_log_in_merges_and_another_browser_sees_nothing(page: Page) -> None:
    UserFactory.create(username="mika")
    begin(page)
    press(page, "Rain", 9)
    other: BrowserContext = page.context.browser.new_context(base_url=page.url)  # type: ignore[union-attr]
    charlie = other.new_page()
    charlie.goto("/start/")
    expect(charlie.get_by_text("0 titles scored")).to_be_visible()
    other.close()
    page.locator("#start-list").get_by_role("link", name="Log in").click()
    page.get_by_label("Login").fill("mika")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("1 score from before is on your list.")).to_be_visible()
