"""The demo as a person meets it: real processes, real pages, real signals."""

import json
import os
import re
import shlex
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.config.launching import LAUNCHER, MAKE, Demo, Visitor

pytestmark = [pytest.mark.slow, pytest.mark.once]

READY = "Osusume is ready"
INT, TERM = signal.SIGINT, signal.SIGTERM


@dataclass(frozen=True)
class FirstStart:
    """What a first start has shown before it was stopped by a Ctrl-C."""

    var_dir: Path
    output: str
    password: str
    pages: dict[str, str]
    status: int
    left_over: list[psutil.Process]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstStart]:
    """A first start on an empty folder, with an environment that speaks of other services."""
    var_dir = tmp_path_factory.mktemp("demo") / "var"
    demo = Demo(
        var_dir, DATABASE_URL="postgres://nobody@127.0.0.1:1/none", REDIS_URL="redis://127.0.0.1:1"
    )
    try:
        demo.wait_for(READY)
        visitor = Visitor(demo.url)
        pages = {path: visitor.get(path) for path in ("/", "/anime/", "/readyz")}
        pages["after the login"] = visitor.log_in("demo", demo.password("demo"))
        pages["list"] = visitor.get("/recommendations/")
        administrator = Visitor(demo.url)
        administrator.log_in("admin", demo.password("admin"))
        pages["dashboard"] = administrator.get("/admin/dashboard/")
        demo.process.send_signal(INT)
        status = demo.wait_for_end()
        yield FirstStart(var_dir, demo.output, demo.password("demo"), pages, status, demo.family())
    finally:
        demo.kill()


@pytest.fixture
def demo_folder(first: FirstStart, tmp_path: Path) -> Path:
    """A folder in which the demo has been started before."""
    return Path(shutil.copytree(first.var_dir, tmp_path / "var"))


@pytest.fixture
def running() -> Iterator[list[Demo]]:
    """Demos put into this list do not outlive the test."""
    demos: list[Demo] = []
    yield demos
    for demo in demos:
        demo.kill()


def test_first_start_shows_what_it_does(first: FirstStart) -> None:
    steps = [
        "Preparing the database",
        "Collecting the static files",
        "Loading the demo set",
        "Starting the web server",
        "Training RecommenderNet",
        "epoch 1 of 1",
        READY,
    ]
    places = [first.output.find(step) for step in steps]
    assert -1 not in places, first.output
    assert places == sorted(places)


def test_every_part_is_ready(first: FirstStart) -> None:
    answer = json.loads(first.pages["/readyz"])
    assert answer["status"] == "ok", answer


def test_the_printed_account_gets_ten_personal_titles_with_predictions(first: FirstStart) -> None:
    page = first.pages["list"]
    found = re.findall(r'expectation__value">([\d.]+)</span>\s*<span[^>]*>predicted', page)
    scores = [float(score) for score in found]
    n_listed = page.count('<li class="item"')
    n_unrated = page.count("Nobody had rated it when we last learnt")
    assert len(scores) == n_listed - n_unrated >= 10
    assert n_unrated <= n_listed // 20
    assert all(1 <= score <= 10 for score in scores)


def test_the_printed_administrator_sees_the_run(first: FirstStart) -> None:
    assert "Succeeded" in first.pages["dashboard"]


def test_ctrl_c_leaves_nothing_behind(first: FirstStart) -> None:
    assert first.left_over == []
    assert first.status == 0


def test_passwords_are_for_the_owner_only(first: FirstStart) -> None:
    assert (first.var_dir / "demo_accounts.json").stat().st_mode & 0o777 == 0o600


def test_second_start_trains_nothing_and_keeps_the_password(
    first: FirstStart, demo_folder: Path, running: list[Demo]
) -> None:
    demo = Demo(demo_folder)
    running.append(demo)
    demo.wait_for(READY)
    assert "Training" not in demo.output
    assert "Loading" not in demo.output
    assert demo.password("demo") == first.password


@pytest.mark.parametrize("number", [INT, TERM])
def test_a_signal_that_was_inherited_as_ignored_ends_it(
    number: signal.Signals, demo_folder: Path, running: list[Demo]
) -> None:
    demo = Demo(demo_folder, ignoring=[INT, TERM])
    running.append(demo)
    demo.wait_for(READY)
    demo.process.send_signal(number)
    assert demo.wait_for_end() == 0
    assert demo.family() == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("Preparing the database", TERM), ("Training RecommenderNet", INT), ("epoch 1 of 1", TERM)],
)
def test_a_signal_during_the_first_start_ends_it_and_the_next_start_completes_it(
    text: str, number: signal.Signals, tmp_path: Path, running: list[Demo]
) -> None:
    demo = Demo(tmp_path / "var", ignoring=[INT, TERM])
    running.append(demo)
    demo.wait_for(text)
    demo.process.send_signal(number)
    assert demo.wait_for_end() == 128 + number
    assert demo.family() == []
    again = Demo(tmp_path / "var")
    running.append(again)
    again.wait_for(READY)
    assert json.loads(Visitor(again.url).get("/readyz"))["status"] == "ok"


@pytest.mark.parametrize(
    ("number", "ignoring"), [(INT, []), (TERM, []), (INT, [INT, TERM]), (TERM, [INT, TERM])]
)
def test_a_signal_to_the_whole_group_of_make_ends_it(
    number: signal.Signals, ignoring: list[signal.Signals], demo_folder: Path, running: list[Demo]
) -> None:
    demo = Demo(demo_folder, command=MAKE, ignoring=ignoring)
    running.append(demo)
    demo.wait_for(READY)
    os.killpg(demo.process.pid, number)
    demo.wait_for_end()
    assert demo.family() == []


@pytest.mark.parametrize("number", [INT, TERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_make_alone_ends_it(
    number: signal.Signals, demo_folder: Path, running: list[Demo]
) -> None:
    demo = Demo(demo_folder, command=MAKE)
    running.append(demo)
    demo.wait_for(READY)
    demo.process.send_signal(number)
    demo.wait_for_end()
    assert demo.wait_until_all_are_gone() == []


def test_children_do_not_survive_a_launcher_that_is_killed(
    demo_folder: Path, running: list[Demo]
) -> None:
    demo = Demo(demo_folder)
    running.append(demo)
    demo.wait_for(READY)
    demo.process.kill()
    assert demo.wait_until_all_are_gone() == []


def test_a_closed_pipe_on_its_output_ends_it(demo_folder: Path, running: list[Demo]) -> None:
    first_line = f"{shlex.join(LAUNCHER)} | head -n 1"
    demo = Demo(demo_folder, command=["sh", "-c", first_line])
    running.append(demo)
    demo.wait_for_end()
    assert demo.wait_until_all_are_gone() == []


def test_a_worker_that_is_killed_is_started_again(demo_folder: Path, running: list[Demo]) -> None:
    demo = Demo(demo_folder)
    running.append(demo)
    demo.wait_for(READY)
    next(each for each in demo.family() if "training@%h" in each.cmdline()).kill()
    demo.wait_for("Starting training again (1 of 3)")
    demo.process.send_signal(INT)
    assert demo.wait_for_end() == 0
    assert demo.family() == []


def test_a_damaged_model_is_trained_again(demo_folder: Path, running: list[Demo]) -> None:
    damaged = next((demo_folder / "artifacts").rglob("*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    demo = Demo(demo_folder)
    running.append(demo)
    demo.wait_for(READY)
    assert "Training RecommenderNet" in demo.output
    assert json.loads(Visitor(demo.url).get("/readyz"))["status"] == "ok"


def test_a_second_demo_on_the_same_folder_is_refused(
    demo_folder: Path, running: list[Demo]
) -> None:
    running.append(Demo(demo_folder))
    running[0].wait_for("Starting the web server")
    second = Demo(demo_folder)
    running.append(second)
    assert second.wait_for_end() == 2
    assert "A demo is already running" in second.output
