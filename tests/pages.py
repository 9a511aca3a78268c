"""Opening and reading pages in tests."""

from html.parser import HTMLParser
from typing import Protocol

from django.test import Client

from catalog.models import User


class Answer(Protocol):
    """A response of the test client."""

    @property
    def content(self) -> bytes: ...


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden += tag in ("script", "style", "svg")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "svg")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.extend(data.split())


class ReadPage:
    """A page's elements with their attributes, and its text without drawings."""

    def __init__(self, response: Answer) -> None:
        reader = _Reader()
        reader.feed(response.content.decode())
        self.elements = reader.elements
        self.text = " ".join(reader.words)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The attributes of every element of a kind; ``class_`` matches one of its classes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            found
            for name, found in self.elements
            if name == tag
            and all(
                value in found.get(key, "").split() if key == "class" else found.get(key) == value
                for key, value in wanted.items()
            )
        ]

    def title_ids(self) -> list[int]:
        """The ids of the titles linked from cards and lines, in order, each once."""
        ids: dict[int, None] = {}
        for link in self.all("a"):
            parts = link.get("href", "").split("/")
            if len(parts) == 4 and parts[1] == "anime" and parts[2].isdigit():
                ids[int(parts[2])] = None
        return list(ids)


def logged_in(user: User | None) -> Client:
    """A browser in which this user is logged in."""
    assert user is not None
    client = Client()
    client.force_login(user, backend="config.authentication.AccountBackend")
    return client
