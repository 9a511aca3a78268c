"""The examples of docs/api.md, run against a server."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from catalog import tasks as catalog_tasks
from catalog.api.problem_types import PROBLEM_TYPES
from catalog.models import Dismissal, Rating
from recommender import tasks
from recommender.models import ModelVersion, TrainingRun
from recommender.services.catalogue import forget_catalogue
from tests.catalog.mal_files import anime as listed
from tests.catalog.mal_files import export
from tests.factories import AnimeFactory, UserFactory

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
ADDRESS_IN_DOCS = "http://127.0.0.1:8000"
FILES = {
    "@animelist.xml": export(listed(9253, my_score=9)),
    "@anime.csv": b"anime_id,name,genre,type,episodes,rating,members\n",
}
PASSWORD = "correct horse battery"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def server(
    live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A server with the people and the titles of the examples."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(tasks, "wake_training_worker", lambda: None)
    monkeypatch.setattr(catalog_tasks, "wake_worker", lambda: None)
    ModelVersion.objects.create(pk=3, artifact="a")
    UserFactory.create(username="mia", password=PASSWORD)
    UserFactory.create(username="admin", password=PASSWORD, is_staff=True)
    genres = ["Sci-Fi", "Thriller"]
    AnimeFactory.create(id=9253, title="Steins;Gate", genres=genres, members=500)
    AnimeFactory.create(id=10863, title="Steins;Gate Special", genres=genres, members=400)
    AnimeFactory.create(id=1, title="Cowboy Bebop", members=300)
    cache.clear()
    forget_catalogue()
    yield live_server.url
    cache.clear()


def blocks(server: str) -> list[tuple[str, str]]:
    """Language and text of each fenced block, with this server's address and password."""
    text = DOCS.read_text().replace(ADDRESS_IN_DOCS, server).replace("<password>", PASSWORD)
    return BLOCK.findall(text)


def curl(command: str, token: str) -> tuple[int, Any]:
    """Do what a curl command of the documentation does; the status and the JSON answer."""
    words = shlex.split(command.replace("\\\n", " ").replace("$TOKEN", token))
    assert words.pop(0) == "curl"
    method, headers, data, address = "GET", {}, None, ""
    form: dict[str, Any] = {}
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                data = words.pop(0).encode()
            case "--data-binary":
                data = FILES[words.pop(0)]
            case "-F":
                name, _, value = words.pop(0).partition("=")
                path = value.removeprefix("@")
                form[name] = value if path == value else SimpleUploadedFile(path, FILES[value])
            case word:
                assert word.startswith("http://"), f"{word} is not known to this test"
                address = word
    if form:
        data = encode_multipart(BOUNDARY, form)
        headers["Content-Type"] = MULTIPART_CONTENT
    request = Request(address, data, headers, method=method)  # noqa: S310 - the server's own
    try:
        with urlopen(request) as response:  # noqa: S310 - as above
            return response.status, json.loads(response.read() or "null")
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def assert_alike(answer: Any, example: Any) -> None:
    """The same keys in the same order, all the way down; null stands for anything."""
    if answer is None or example is None:
        return
    assert type(answer) is type(example) or {type(answer), type(example)} == {int, float}
    if isinstance(example, dict) and "..." not in example:
        assert list(answer) == list(example)
        for name, value in example.items():
            assert_alike(answer[name], value)
    elif isinstance(example, list) and answer and example:
        assert_alike(answer[0], example[0])


def test_the_curl_examples_answer_what_is_written(server: str) -> None:
    token, answer, status, ran = "", None, 0, 0
    for language, text in blocks(server):
        if language == "sh":
            status, answer = curl(text, token)
            ran += 1
            token = answer["token"] if answer and "token" in answer else token
        elif language == "json":
            example = json.loads(text)
            assert status == example.get("status", status) or status < 300
            assert_alike(answer, example)
        if language == "sh" and answer is None:
            assert status == 204

    assert ran == 18
    assert Rating.objects.get().score == 9
    assert Dismissal.objects.get().anime_id == 10863
    assert TrainingRun.objects.get().configuration["n_epochs"] == 10


def test_the_python_example_runs(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = [text for language, text in blocks(server) if language == "python"]

    exec(compile(program, str(DOCS), "exec"), {})  # noqa: S102 - our own documentation

    assert capsys.readouterr().out.splitlines() == [
        "1 Steins;Gate Special None",
        "2 Cowboy Bebop None",
    ]


def test_the_error_in_the_documentation_is_the_error_there_is(server: str) -> None:
    found = blocks(server)
    position, example = next(
        (index, json.loads(text))
        for index, (language, text) in enumerate(found)
        if language == "json" and "problem-type" in text
    )
    get_token = next(text for language, text in found if "auth/token/" in text)
    _, answer = curl(get_token, "")

    assert curl(found[position - 1][1], answer["token"]) == (400, example)


def test_every_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", DOCS.read_text(), re.MULTILINE)
    documented = {
        (int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)
    }

    assert documented == {(kind.status, kind.code) for kind in PROBLEM_TYPES.values()}
