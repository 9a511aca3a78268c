"""axe-core finds nothing on any page, light and dark, on a telephone and on a desk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.catalog.mal_files import anime, export
from tests.conftest import require
from tests.e2e.addresses import MEMBER_PAGES, VISITOR_PAGES
from tests.e2e.people import log_in
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(360, "light"), (1440, "dark")]
OTHER_LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(360, "dark"), (1440, "light")]


@pytest.fixture
def axe() -> str:
    """The source of axe-core."""
    require(AXE.exists(), "axe-core: npm ci --prefix tests/e2e")
    return AXE.read_text()


@pytest.fixture(params=[LOOKS, OTHER_LOOKS], ids=["looks", "other looks"])
def tabs(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer
) -> Iterator[list[Page]]:
    """An empty tab for each look."""
    contexts = [
        browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        for width, scheme in request.param
    ]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def violations(page: Page, axe: str) -> list[str]:
    """What is wrong with the page, and the first elements that are."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(results => results.violations)"
    )
    return [
        f"{page.url}: {each['id']}: {each['help']}: "
        + "; ".join(node["html"][:200] for node in each["nodes"][:3])
        for each in found
    ]


@pytest.mark.usefixtures("world")
def test_pages_of_a_visitor(tabs: list[Page], axe: str) -> None:
    found = []
    for page in tabs:
        for address in VISITOR_PAGES.values():
            page.goto(address.format(anime=5, user="mika"))
            found += violations(page, axe)
    assert found == []


@pytest.mark.usefixtures("world")
def test_pages_that_come_of_what_a_member_does(tabs: list[Page], axe: str, tmp_path: Path) -> None:
    file = tmp_path / "animelist.xml"
    rows = (anime(1, my_score=9), anime(2, my_score="lots"), anime(99, series_title="Elsewhere"))
    file.write_bytes(export(*rows))
    found = []
    for place, page in enumerate(tabs):
        name = UserFactory.create(username=f"mika{place}").username
        log_in(page, name)
        page.goto("/my-list/import/")
        page.get_by_label("Your exported list").set_input_files(file)
        page.get_by_role("button", name="Upload and compare").click()
        page.get_by_role("heading", name="Check the import").wait_for()
        found += violations(page, axe)
        page.get_by_role("button", name="Import", exact=True).click()
        page.get_by_role("heading", name="Your list is imported").wait_for()
        found += violations(page, axe)
        page.goto("/together/")
        page.get_by_label("Name of the group").fill("Sundays")
        page.get_by_role("button", name="Make the group").click()
        page.get_by_label("Username").wait_for()
        found += violations(page, axe)
        page.get_by_role("link", name="Sundays").click()
        page.get_by_role("heading", level=1, name="Sundays").wait_for()
        found += violations(page, axe)
        page.goto("/recommendations/")
        page.locator("summary", has_text="Filters and order").click()
        found += violations(page, axe)
        page.goto("/accounts/delete/")
        found += violations(page, axe)
    assert found == []


@pytest.mark.usefixtures("world")
def test_pages_of_a_member(tabs: list[Page], axe: str) -> None:
    UserFactory.create(username="mika")
    found = []
    for page in tabs:
        log_in(page, "mika")
        for anime_id, score in ((1, 9), (2, 10), (13, 2)):
            page.goto(f"/anime/{anime_id}/")
            page.get_by_role("button", name=f"{score} out of 10").click()
            page.get_by_role("heading", name=f"Your score: {score}").wait_for()
        for address in MEMBER_PAGES.values():
            page.goto(address.format(anime=5, user="mika"))
            found += violations(page, axe)
        page.goto("/anime/")
        page.locator("#menu-button-5").click()
        found += violations(page, axe)
    assert found == []
