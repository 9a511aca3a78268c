"""Take a picture of every page at three widths, light and dark, of a running server.

python -m tests.e2e.screenshots --base-url http://127.0.0.1:8000 \
    --user NAME --password SECRET --output screenshots/

Also says which pages are wider than their window.
"""

import argparse
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.e2e.browser import chromium, started_browser

WIDTHS = (360, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
VISITOR_PAGES = {
    "welcome": "/",
    "popular": "/recommendations/",
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "title-visitor": "/anime/1/",
}
MEMBER_PAGES = {
    "home": "/",
    "browse": "/anime/",
    "browse-filtered": "/anime/?genre=drama&type=TV&sort=score",
    "browse-nothing": "/anime/?q=no+such+title",
    "title": "/anime/1/",
    "for-you": "/recommendations/",
    "content": "/recommendations/?method=content",
    "my-list": "/my-list/",
    "settings": "/accounts/settings/",
    "password": "/accounts/password/change/",
    "email": "/accounts/email/",
    "missing": "/anime/999999999/",
}


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, take the pictures; 1 when a page is wider than its window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--output", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", nargs="*", help="names of pages; all of them without this")
    options = parser.parse_args(arguments)
    if chromium() is None:
        parser.error("There is no chromium on the PATH.")
    options.output.mkdir(parents=True, exist_ok=True)
    with started_browser() as browser:
        too_wide = [
            name
            for scheme in SCHEMES
            for width in WIDTHS
            for name in _take_all(browser, options, width=width, scheme=scheme)
        ]
    for name in too_wide:
        print(f"{name}: the page is wider than the window", file=sys.stderr)
    return 1 if too_wide else 0


def _take_all(
    browser: Browser,
    options: argparse.Namespace,
    *,
    width: int,
    scheme: Literal["light", "dark"],
) -> list[str]:
    """Every page at one width and in one scheme; returns the pictures of pages too wide."""
    context = browser.new_context(
        base_url=options.base_url,
        viewport={"width": width, "height": 900 if width > 500 else 740},
        color_scheme=scheme,
    )
    page = context.new_page()
    too_wide = []
    for pages, member in ((VISITOR_PAGES, False), (MEMBER_PAGES, True)):
        if member:
            page.goto("/accounts/login/")
            page.get_by_label("Login").fill(options.user)
            page.get_by_label("Password").fill(options.password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/")
        for name, address in pages.items():
            if options.only and name not in options.only:
                continue
            page.goto(address)
            picture = f"{name}-{width}-{scheme}.png"
            page.screenshot(path=options.output / picture, full_page=True)
            if _is_too_wide(page):
                too_wide.append(picture)
    context.close()
    return too_wide


def _is_too_wide(page: Page) -> bool:
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )


if __name__ == "__main__":
    sys.exit(main())
