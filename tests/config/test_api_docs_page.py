"""The documentation page in a real browser, under the Content-Security-Policy."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from pytest_django.live_server_helper import LiveServer

from tests.conftest import require
from tests.e2e.browser import chromium, started_browser
from tests.factories import AnimeFactory

SCHEMA = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.mark.browser
def test_it_shows_the_operations_and_tries_one_out(live_server: LiveServer) -> None:
    require(chromium() is not None, "Chromium")
    AnimeFactory.create(genres=["Drama"])
    complaints: list[str] = []
    hosts: set[str] = set()

    with started_browser() as browser:
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.goto(f"{live_server.url}/api/v1/docs/")
        page.wait_for_selector(".opblock")
        n_operations = page.locator(".opblock").count()
        page.click("#operations-Titles-list_genres .opblock-summary")
        page.click("text=Try it out")
        page.click("text=Execute")
        answer = page.wait_for_selector(".live-responses-table .response-col_description code")
        text = answer.inner_text() if answer else ""

    schema = yaml.safe_load(SCHEMA.read_text())
    assert n_operations == sum(len(operations) for operations in schema["paths"].values())
    assert '"slug": "drama"' in text
    assert complaints == []
    assert {host for host in hosts if host} == {urlsplit(live_server.url).netloc}
