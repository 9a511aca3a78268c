"""Searching and browsing in a real browser, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.factories import AnimeFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def catalogue(db: None) -> None:
    """Forty dramas and comedies and two well-known titles."""
    AnimeFactory.create(id=1, title="Naruto", genres=["Action"], members=900_000)
    AnimeFactory.create(id=2, title="Naruto: Shippuuden", genres=["Action"], members=800_000)
    for number in range(3, 43):
        genre = "Drama" if number % 2 else "Comedy"
        title = f"{genre} Number {number}"
        AnimeFactory.create(id=number, title=title, genres=[genre], members=1_000 - number)


def first_titles(page: Page) -> list[str]:
    return page.locator("#results .card__title").all_inner_texts()


@pytest.mark.usefixtures("catalogue")
def test_typing_with_a_typo_suggests_and_the_keyboard_opens(page: Page) -> None:
    page.goto("/")
    box = page.get_by_role("combobox", name="Search titles")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("narutto")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("Naruto")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#site-search-status")).to_have_text("2 titles suggested")

    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-1")
    box.press("ArrowDown")
    box.press("ArrowDown")  # behind the last one the text itself
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile(".*"))
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Naruto: Shippuuden")


@pytest.mark.usefixtures("catalogue")
def test_escape_closes_the_suggestions_and_enter_searches(page: Page) -> None:
    page.goto("/")
    box = page.get_by_role("combobox", name="Search titles")
    box.press_sequentially("narut")
    expect(page.get_by_role("option")).to_have_count(2)
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("narut")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/anime/\?q=narut$"))
    expect(page.locator("#results .card__title")).to_have_text(["Naruto", "Naruto: Shippuuden"])


@pytest.mark.usefixtures("catalogue")
def test_filter_sort_page_and_back(page: Page) -> None:
    page.goto("/anime/")
    page.get_by_text("Genres and limits").click()
    page.get_by_role("group", name="Without these genres").get_by_role(
        "checkbox", name="Comedy"
    ).check()
    expect(page.get_by_role("status").get_by_text("22 titles.")).to_be_visible()
    page.get_by_role("group", name="With all of these genres").get_by_role(
        "checkbox", name="Drama"
    ).check()
    expect(page.get_by_role("status").get_by_text("20 titles.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/anime/\?genre=drama&without=comedy$"))
    page.get_by_role("link", name="Without the filter not Comedy").click()
    page.get_by_role("link", name="Without the filter Drama").click()
    expect(page.get_by_role("status").get_by_text("42 titles.")).to_be_visible()

    page.get_by_label("Sort by").select_option("title")
    expect(page.locator("#results .card__title").first).to_have_text("Comedy Number 10")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page.get_by_label("Sort by")).to_have_value("title")
    page.go_back()
    expect(page.locator("#results .card__title").first).to_have_text("Comedy Number 10")
    expect(page.get_by_label("Sort by")).to_have_value("title")


@pytest.mark.usefixtures("catalogue")
def test_a_search_offers_the_best_match_as_its_order(page: Page) -> None:
    page.goto("/anime/")
    expect(page.get_by_label("Sort by").locator("option").first).to_have_text("Most popular")
    page.get_by_label("Search", exact=True).press_sequentially("narutto")
    expect(page.get_by_label("Sort by").locator("option").first).to_have_text("Best match")
    expect(page.locator("#results .card__title")).to_have_text(["Naruto", "Naruto: Shippuuden"])
    expect(page).to_have_url(re.compile(r"/anime/\?q=narutto$"))


@pytest.mark.usefixtures("catalogue")
def test_a_random_order_keeps_its_pages_and_can_be_shuffled(any_page: Page) -> None:
    page = any_page
    page.goto("/anime/?sort=random")
    expect(page).to_have_url(re.compile(r"sort=random&seed=\d+"))
    first = first_titles(page)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    assert not set(first) & set(first_titles(page))
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    assert first_titles(page) == first
    page.get_by_role("link", name="Shuffle again").click()
    expect(page.locator("#results .card__title").first).to_be_visible()
    assert first_titles(page) != first


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("any_page", [False], indirect=True, ids=["no javascript"])
def test_the_form_works_without_javascript(any_page: Page) -> None:
    page = any_page
    page.goto("/anime/")
    page.get_by_label("Search", exact=True).fill("nruto")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#results .card__title")).to_have_text(["Naruto", "Naruto: Shippuuden"])
    page.get_by_role("link", name="Naruto", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Naruto")
