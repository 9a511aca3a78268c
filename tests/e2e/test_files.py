"""Somebody brings a list along and takes it away again, with JavaScript and without."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Rating
from tests.catalog.mal_files import anime, export
from tests.e2e.people import log_in
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mika(db: None) -> None:
    """Mika, whose list has one title that the file scores differently."""
    for n in (1, 2, 3):
        AnimeFactory.create(id=n, title=f"Title {n}", episodes=12)
    rater = AccountRaterFactory.create(user=UserFactory.create(username="mika"))
    RatingFactory.create(rater=rater, anime_id=2, score=4, episodes_watched=12)


def listed(anime_id: int, **said: Any) -> str:
    """A row about a title of the catalogue."""
    return anime(anime_id, series_title=f"Title {anime_id}", my_watched_episodes=12, **said)


def upload(page: Page, path: Path) -> None:
    """Choose a file and have it compared."""
    page.goto("/my-list/import/")
    page.get_by_label("Your exported list").set_input_files(path)
    page.get_by_role("button", name="Upload and compare").click()


def figures(page: Page) -> dict[str, int]:
    """The numbers of the preview or of the result."""
    words = page.locator(".files-figures > div").all_inner_texts()
    return {name: int(number) for name, number in (text.split("\n")[:2] for text in words)}


@pytest.mark.usefixtures("mika")
def test_import_preview_apply_export_and_import_again(any_page: Page, tmp_path: Path) -> None:
    page = any_page
    log_in(page, "mika")
    first = tmp_path / "animelist.xml"
    first.write_bytes(
        export(
            listed(1, my_score=9, my_tags="with mum"),
            listed(2, my_score=7),
            listed(3, my_score="lots"),
            anime(99, series_title="Elsewhere"),
        )
    )
    upload(page, first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the import")
    assert figures(page) == {
        "New": 1,
        "Different": 1,
        "Details to add": 0,
        "The same": 0,
        "Unknown here": 1,
        "Left out": 1,
    }
    expect(page.get_by_text("Score: 4 → 7")).to_be_visible()
    expect(page.get_by_text("Title 3 (id 3): “lots”")).to_be_visible()
    assert Rating.objects.count() == 1
    page.get_by_label("Take theirs").check()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your list is imported")
    assert figures(page)["Added"] == figures(page)["Replaced by theirs"] == 1
    scores = Rating.objects.order_by("anime_id").values_list("anime_id", "score")
    assert list(scores) == [(1, 9), (2, 7)]

    for number, button in enumerate(("Download .xml", "Download .xml.gz", "Download .json")):
        page.goto("/my-list/export/")
        with page.expect_download() as download:
            page.get_by_role("link", name=button, exact=True).click()
        copy = tmp_path / f"copy{number}"
        download.value.save_as(copy)
        upload(page, copy)
        assert figures(page) == {
            "New": 0,
            "Different": 0,
            "Details to add": 0,
            "The same": 2,
            "Unknown here": 1,
            "Left out": 0,
        }
        expect(page.get_by_text("there is nothing to import")).to_be_visible()
        expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
        page.get_by_role("button", name="Do not import").click()
        expect(page.get_by_text("was not imported. Your list is as it was.")).to_be_visible()


@pytest.mark.usefixtures("mika")
def test_single_titles_go_the_other_way(any_page: Page, tmp_path: Path) -> None:
    page = any_page
    log_in(page, "mika")
    RatingFactory.create(rater=Rating.objects.get().rater, anime_id=1, score=5)
    path = tmp_path / "animelist.xml"
    path.write_bytes(export(listed(1, my_score=9), listed(2, my_score=7)))
    upload(page, path)
    page.get_by_label("The other way for Title 2").check()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your list is imported")
    scores = Rating.objects.order_by("anime_id").values_list("anime_id", "score")
    assert list(scores) == [(1, 5), (2, 7)]


@pytest.mark.usefixtures("mika")
def test_a_wrong_file_is_refused_where_it_was_chosen(any_page: Page, tmp_path: Path) -> None:
    page = any_page
    log_in(page, "mika")
    path = tmp_path / "animelist.xml"
    path.write_text("<!DOCTYPE html><html><body>My list</body></html>")
    upload(page, path)
    expect(page.get_by_text("This is a web page, not an export.")).to_be_visible()
    expect(page.get_by_label("Your exported list")).to_be_visible()
