"""Picking the important lines out of a growing log."""

from pathlib import Path

import pytest

from config.logtail import LogTail


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    path = tmp_path / "web.log"
    path.touch()
    return path


def test_only_warnings_and_errors_are_picked_and_only_once(log: Path) -> None:
    tail = LogTail(log)
    log.write_text(
        "2026-01-01 10:00:00 INFO    worker: ready\n"
        "2026-01-01 10:00:01 WARNING worker: hm\n"
        "[2026-01-01] [7] [ERROR] Connection in use\n"
        "a line whose sixty first characters say nothing of importance, ERROR or not\n"
    )
    assert tail.important_lines() == [
        "2026-01-01 10:00:01 WARNING worker: hm",
        "[2026-01-01] [7] [ERROR] Connection in use",
    ]
    assert tail.important_lines() == []


def test_a_line_is_picked_when_it_is_complete(log: Path) -> None:
    tail = LogTail(log)
    with log.open("a") as file:
        file.write("10:00 ERROR half")
        file.flush()
        assert tail.important_lines() == []
        file.write(" and half\n")
    assert tail.important_lines() == ["10:00 ERROR half and half"]


def test_a_flood_is_counted(log: Path) -> None:
    tail = LogTail(log)
    log.write_text("10:00 ERROR again\n" * 25)
    lines = tail.important_lines()
    assert lines[:-1] == ["10:00 ERROR again"] * 10
    assert lines[-1] == f"(15 more such lines in {log})"


def test_the_last_lines(log: Path) -> None:
    log.write_text("".join(f"line {n}\n" for n in range(100)))
    assert LogTail(log).last_lines()[-1] == "line 99"
    assert len(LogTail(log).last_lines()) == 15
