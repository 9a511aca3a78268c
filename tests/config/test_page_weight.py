"""What a first visit downloads: a page, compressed, with its style sheets and scripts."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from catalog.models import Rater
from tests.e2e.addresses import MEMBER_PAGES, VISITOR_PAGES
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = [pytest.mark.once, pytest.mark.django_db]

LIMIT = 100_000
COVER = re.compile(rb'<svg class="cover.*?</svg>', re.DOTALL)


@pytest.fixture
def titles(db: None) -> None:
    """As many titles as the longest page shows."""
    for n in range(1, 61):
        AnimeFactory.create(id=n, title=f"A Title of Ordinary Length, Number {n}")


def weight(client: Client, address: str) -> tuple[int, set[str]]:
    """The compressed bytes of a page and of what it loads, and the names of that."""
    answer = client.get(address.format(anime=1, user="alice"))
    assert answer.status_code == (404 if address == MEMBER_PAGES["missing"] else 200)
    page = ReadPage(answer)
    loaded = {link["href"] for link in page.all("link") if "href" in link}
    loaded |= {script["src"] for script in page.all("script") if "src" in script}
    total = len(gzip.compress(COVER.sub(b"", answer.content)))
    for url in loaded:
        assert url.startswith("/static/"), f"{address} loads {url}"
        total += len(
            gzip.compress(Path(str(finders.find(url.removeprefix("/static/")))).read_bytes())
        )
    return total, loaded


@pytest.mark.parametrize("address", VISITOR_PAGES.values(), ids=VISITOR_PAGES)
def test_a_visitors_first_page(client: Client, titles: None, address: str) -> None:
    total, loaded = weight(client, address)
    assert total <= LIMIT, f"{address} weighs {total:,} bytes with {sorted(loaded)}"


@pytest.mark.parametrize("address", MEMBER_PAGES.values(), ids=MEMBER_PAGES)
def test_a_members_first_page(
    alice: Rater, alice_client: Client, titles: None, address: str
) -> None:
    for anime_id in range(1, 51):
        RatingFactory.create(rater=alice, anime=None, anime_id=anime_id)
    total, loaded = weight(alice_client, address)
    assert total <= LIMIT, f"{address} weighs {total:,} bytes with {sorted(loaded)}"


def test_pages_are_compressed_for_who_takes_it(client: Client, titles: None) -> None:
    plain = client.get("/anime/")
    packed = client.get("/anime/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 4
    assert b"A Title of Ordinary Length, Number 60" in gzip.decompress(packed.content)
