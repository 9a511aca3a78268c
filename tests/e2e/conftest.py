"""A browser for tests, and people in it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from recommender.services import runs, training
from tests.conftest import require
from tests.e2e.browser import chromium, started_browser
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory
from tests.fits import fits_made_once

TIMEOUT_MS = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests.

    While it lives, playwright's loop runs in this thread and Django takes every test for an
    asynchronous one; so it is stopped before the tests of another module begin.
    """
    require(chromium() is not None, "chromium on the PATH")
    with pytest.MonkeyPatch.context() as patch, started_browser() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield started


@pytest.fixture(params=[True, False], ids=["javascript", "no javascript"])
def any_page(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer
) -> Iterator[Page]:
    """An empty tab of a new person, once with JavaScript and once without."""
    yield from _tab(browser, live_server, javascript=request.param)


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """An empty tab of a new person."""
    yield from _tab(browser, live_server, javascript=True)


def _tab(browser: Browser, live_server: LiveServer, *, javascript: bool) -> Iterator[Page]:
    """A tab that fails the test when the page has an error or breaks its own policy."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=javascript)
    context.set_default_timeout(TIMEOUT_MS)
    tab = context.new_page()
    problems: list[str] = []
    tab.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: problems.append(str(error)))
    yield tab
    context.close()
    assert problems == []


@pytest.fixture
def two_tastes(db: None) -> None:
    """Dramas 1–12 and comedies 13–24, and raters of two tastes."""
    titles = [
        AnimeFactory.create(id=n, title=f"{genre} Number {n}", genres=[genre], members=100_000 - n)
        for genre, ids in (("Drama", range(1, 13)), ("Comedy", range(13, 25)))
        for n in ids
    ]
    for person in range(20):
        rater = ImportedRaterFactory.create()
        for anime in titles:
            loved = (anime.pk <= 12) == (person % 2 == 0)
            if (anime.pk + person) % 3:
                RatingFactory.create(rater=rater, anime=anime, score=9 if loved else 3)


@pytest.fixture
def world(two_tastes: None) -> None:
    """Two tastes, and a small model of them."""
    train()


def train() -> None:
    """Make the active version of what is there, by a small model."""
    with fits_made_once():
        runs.create(configuration={"n_epochs": 3, "batch_size": 64, "seed": 1})
        training.work_off_queue(worker="test")
