"""Take a picture of every page at three widths, light and dark.

python -m tests.e2e.screenshots                      # of a demo that is started for it
python -m tests.e2e.screenshots --base-url http://127.0.0.1:8000 --user NAME --password SECRET

Also says which pages are wider than their window.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.e2e.addresses import MEMBER_PAGES, VISITOR_PAGES
from tests.e2e.browser import chromium, started_browser

WIDTHS = (360, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, take the pictures; 1 when a page is wider than its window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", help="of a server that runs; a demo is started without")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--anime", type=int, default=1, help="id of the title whose page is taken")
    parser.add_argument("--output", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", nargs="*", help="names of pages; all of them without this")
    options = parser.parse_args(arguments)
    if chromium() is None:
        parser.error("There is no chromium on the PATH.")
    if options.base_url and not (options.user and options.password):
        parser.error("A server that runs needs --user and --password.")
    options.output.mkdir(parents=True, exist_ok=True)
    if options.base_url:
        too_wide = _take_all(options)
    else:
        with _demo() as (options.base_url, options.user, options.password):
            too_wide = _take_all(options)
    for name in too_wide:
        print(f"{name}: the page is wider than the window", file=sys.stderr)
    print(f"The pictures are in {options.output}.")
    return 1 if too_wide else 0


@contextmanager
def _demo() -> Iterator[tuple[str, str, str]]:
    """A demo in a folder of its own: its address, and the name and password of its member."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="osusume-screenshots-") as folder:
        environment = os.environ | {"PORT": str(port), "RECOMMENDER_VAR_DIR": folder}
        demo = subprocess.Popen(
            [sys.executable, "-m", "config.demo"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                if "Osusume is ready" in line:
                    break
            else:
                raise SystemExit("The demo has ended before it was ready.")
            accounts = json.loads(Path(folder, "demo_accounts.json").read_text())
            yield f"http://127.0.0.1:{port}", "demo", accounts["demo"]
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(timeout=30)


def _take_all(options: argparse.Namespace) -> list[str]:
    """The names of the pictures of pages that are too wide."""
    with started_browser() as browser:
        return [
            name
            for scheme in SCHEMES
            for width in WIDTHS
            for name in _take(browser, options, width=width, scheme=scheme)
        ]


def _take(
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
            page.goto(address.format(anime=options.anime, user=options.user))
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
