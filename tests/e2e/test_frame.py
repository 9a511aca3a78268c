"""What holds for every page on a small screen: its width, its steadiness, whom it asks."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from catalog.services.catalogue import catalogue_changed
from tests.e2e.addresses import MEMBER_PAGES, VISITOR_PAGES
from tests.e2e.people import log_in
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

# What has moved without the person's doing since the page began, a sum of shares of the window.
LAYOUT_SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
WIDER_THAN_WINDOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Whether what has the focus shows it by an outline that can be seen.
SHOWS_FOCUS = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return true;
  const style = getComputedStyle(focused);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
TABS = 25


@pytest.fixture
def telephone(browser: Browser, live_server: LiveServer) -> Page:
    """An empty tab of 360 pixels."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 740}, has_touch=True
    )
    return context.new_page()


def problems(page: Page, address: str) -> list[str]:
    """What is wrong with the frame of a page."""
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
    answer = page.goto(address)
    expected = 404 if address == MEMBER_PAGES["missing"] else 200
    assert answer is not None
    assert answer.status == expected, f"{address} answers {answer.status}"
    found = []
    if page.evaluate(WIDER_THAN_WINDOW):
        found.append(f"{address} is wider than the window")
    if (shift := page.evaluate(LAYOUT_SHIFT)) > 0.01:
        found.append(f"{address} moves by {shift:.3f}")
    if strangers := hosts - {"localhost", "127.0.0.1", ""}:
        found.append(f"{address} asks {strangers}")
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if not page.evaluate(SHOWS_FOCUS):
            element = page.evaluate("document.activeElement.outerHTML.slice(0, 150)")
            found.append(f"{address} does not show the focus on {element}")
    return found


@pytest.mark.usefixtures("world")
def test_pages_of_a_visitor(telephone: Page) -> None:
    found = [
        problem
        for address in VISITOR_PAGES.values()
        for problem in problems(telephone, address.format(anime=5, user="mika"))
    ]
    assert found == []


@pytest.mark.usefixtures("world")
def test_pages_of_a_member(telephone: Page) -> None:
    mika = AccountRaterFactory.create(user=UserFactory.create(username="mika"))
    for place in range(12):  # enough of a genre with a long name to have a line in the statistics
        anime = AnimeFactory.create(id=500 + place, genres=["Psychological", "Slice of Life"])
        RatingFactory.create(rater=mika, anime=anime, score=1 + place % 10)
    catalogue_changed()
    log_in(telephone, "mika")
    found = [
        problem
        for address in MEMBER_PAGES.values()
        for problem in problems(telephone, address.format(anime=5, user="mika"))
    ]
    assert found == []
