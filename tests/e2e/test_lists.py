"""Lists of recommendations in a real browser: filters, ten pages, and taking things back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from catalog.models import Anime, Rating, User
from catalog.services import ratings
from catalog.services.catalogue import catalogue_changed
from tests.e2e.people import log_in
from tests.factories import AnimeFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def titles(page: Page) -> list[str]:
    """The titles of the list on the page."""
    return page.locator(".item h2").all_inner_texts()


def line(page: Page, title: str) -> Locator:
    """A title's line in the list."""
    return page.locator(".item").filter(has=page.get_by_role("heading", name=title, exact=True))


@pytest.fixture
def mika(world: None) -> User:
    """A member who has scored two dramas and a comedy, and dropped one, among 230 titles."""
    for number in range(100, 306):
        name = chr(ord("A") + number % 26) * 3 + f" {number}"
        AnimeFactory.create(id=number, title=name, genres=["Action"], members=500 - number)
    catalogue_changed()
    user = UserFactory.create(username="mika")
    rater = ratings.rater_for(user=user)
    for anime_id, score, status in ((1, 10, 2), (2, 9, 2), (13, 2, 2), (14, None, 4)):
        RatingFactory.create(rater=rater, anime=None, anime_id=anime_id, score=score, status=status)
    return user


def open_filters(page: Page) -> None:
    """Unfold the panel of the filters."""
    page.locator("summary", has_text="Filters and order").click()


def test_ten_pages_have_no_repeats_and_nothing_seen(any_page: Page, mika: User) -> None:
    page = any_page
    log_in(page, "mika")
    page.goto("/recommendations/")
    rater = ratings.rater_for(user=mika)
    found: list[str] = []
    for number in range(10):
        on_page = titles(page)
        assert len(on_page) == 20
        assert not set(on_page) & set(found)
        found += on_page
        if number == 9:
            break
        # Between two pages something of the rest of the list is seen, planned or turned down.
        rest = Anime.objects.exclude(title__in=found).exclude(ratings__rater=rater)
        first, second, third = rest.order_by("-pk")[:3]
        ratings.rate(rater=rater, anime=first, score=7)
        ratings.rate(rater=rater, anime=second, status=Rating.Status.PLAN_TO_WATCH)
        ratings.dismiss(rater=rater, anime=third)
        page.get_by_role("link", name="Next").click()
        # The page that was asked for is there, when its first title is none of the page before.
        expect(page.locator(".item h2").first).not_to_have_text(on_page[0])
    known = Rating.objects.filter(rater=rater).exclude(anime__title__in=found)
    assert known.count() == Rating.objects.filter(rater=rater).count()
    assert not rater.dismissals.filter(anime__title__in=found).exists()
    page.get_by_role("link", name="Previous").click()
    expect(page.locator(".item h2").first).not_to_have_text(found[180])
    assert titles(page) == found[160:180]


def test_filters_narrow_the_list_and_stay_on_its_pages(
    any_page: Page, mika: User, request: pytest.FixtureRequest
) -> None:
    page = any_page
    log_in(page, "mika")
    page.goto("/recommendations/?method=popular")
    open_filters(page)
    page.locator("summary", has_text="Only with all of these genres").click()
    page.locator("label.tick", has_text="Action").first.click()
    if "no javascript" in request.node.name:  # else they send themselves
        page.get_by_role("button", name="Show the list").click()
    expect(page.get_by_text("Filtered: Action.")).to_be_visible()
    expect(page).to_have_url(re.compile("genre=action"))
    assert {title[:1] == title[1:2] for title in titles(page)} == {True}
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Places 21 to 40 of 206")).to_be_visible()
    expect(page.get_by_text("Filtered: Action.")).to_be_visible()
    page.get_by_role("link", name="By genre and type").click()
    expect(page.get_by_text("Filtered: Action.")).to_be_visible()
    page.get_by_role("link", name="Clear", exact=True).click()
    expect(page.get_by_text("Filtered:")).to_have_count(0)


def test_kept_filters_are_there_the_next_time(any_page: Page, mika: User) -> None:
    page = any_page
    log_in(page, "mika")
    page.goto("/recommendations/?filters=on&genre=drama")
    page.get_by_role("button", name="Keep these filters").click()
    expect(page.get_by_text("These filters are kept.")).to_be_visible()
    page.goto("/recommendations/")
    expect(page.get_by_text("Filtered as you have kept it: Drama.")).to_be_visible()
    page.get_by_role("button", name="Keep no filters").click()
    expect(page.get_by_text("No filters are kept any more.")).to_be_visible()
    page.goto("/recommendations/")
    expect(page.get_by_text("Filtered")).to_have_count(0)


def test_not_interested_is_taken_back_on_the_second_page(any_page: Page, mika: User) -> None:
    page = any_page
    log_in(page, "mika")
    page.goto("/recommendations/?method=popular")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Places 21 to 40")).to_be_visible()
    before = titles(page)
    line(page, before[3]).get_by_role("button", name="Not interested").click()
    expect(page.get_by_text(f"{before[3]} will not be recommended")).to_be_visible()
    expect(page.get_by_text("Places 21 to 41")).to_be_visible()
    assert titles(page)[:19] == [*before[:3], *before[4:]]
    assert len(titles(page)) == 20
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Places 21 to 40")).to_be_visible()
    assert titles(page) == before


def test_filters_work_while_they_are_chosen(page: Page, mika: User) -> None:
    """With JavaScript: no button, the page stays, and the tabs follow."""
    log_in(page, "mika")
    page.goto("/recommendations/?method=popular")
    page.evaluate("window.sameDocument = true")
    open_filters(page)
    page.get_by_label("Variety").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Filtered: variety 10.")).to_be_visible()
    page.locator("label.tick", has_text="Movie").click()
    expect(page.get_by_role("heading", name="Your filters leave nothing over")).to_be_visible()
    expect(page.get_by_text("There would be titles without the chosen types.")).to_be_visible()
    expect(page.get_by_role("link", name="People like you")).to_have_attribute(
        "href", re.compile("variety=10")
    )
    assert page.evaluate("window.sameDocument") is True
    page.go_back()
    expect(page.get_by_text("Filtered: variety 10.")).to_be_visible()


def test_what_moved_a_title_opens_by_keyboard(page: Page, mika: User) -> None:
    log_in(page, "mika")
    page.goto("/recommendations/")
    summary = page.locator(".why > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".moved--for").first).to_be_visible()
    expect(page.locator(".moved__size").first).to_contain_text("+")
