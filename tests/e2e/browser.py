"""How tests and screenshots start a browser: Debian's Chromium, alone, asking no other host."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str | None:
    """The path of the installed Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def started_browser() -> Iterator[Browser]:
    """A browser with a new profile, which playwright puts into a temporary folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
