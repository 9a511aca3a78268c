"""The import commands: what they print, and how they fail."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.management import import_report
from tests.catalog.services.csv_samples import make_titles, write_lines, write_ratings, write_titles

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: str, path: Path, **options: Any) -> str:
    output = io.StringIO()
    call_command(command, str(path), stdout=output, stderr=io.StringIO(), **options)
    return output.getvalue()


def test_titles(tmp_path: Path) -> None:
    path = write_titles(tmp_path, "1,A,Drama,TV,1,5,9", "2,B,,TV,1,5,9", "x,C,,TV,1,5,9")
    assert run("import_anime", path).splitlines() == [
        f"{path}: 3 rows read: 2 created, 0 updated, 0 unchanged, 1 rejected",
        "  1 × anime_id is not a positive whole number",
        "    line 4: x,C,,TV,1,5,9",
        "2 titles, 1 of them complete, 1 genres",
    ]


def test_ratings(tmp_path: Path) -> None:
    make_titles([1, 2])
    path = write_ratings(tmp_path, "5,1,7", "5,2,-1", "6,1,11", *["6,3,5"] * 6)
    assert run("import_ratings", path).splitlines() == [
        f"{path}: 9 rows read: 2 created, 0 updated, 0 unchanged, 7 rejected",
        "  6 × unknown title",
        *[f"    line {line}: 6,3,5" for line in (5, 6, 7, 8, 9)],
        "    … and 1 more (--rejects FILE writes all)",
        "  1 × rating is neither -1 nor 1 to 10",
        "    line 4: 6,1,11",
        "2 rows, 1 raters, 1 of them not scored, 7 rejected",
    ]


def test_json(tmp_path: Path) -> None:
    make_titles([1])
    result = json.loads(run("import_ratings", write_ratings(tmp_path, "5,1,7", "5,1"), json=True))
    del result["job"], result["file"]
    assert result == {
        "kind": "ratings",
        "read": 2,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "rejects": {"missing column (cut line)": 1},
        "reject_samples": {"missing column (cut line)": [[3, "5,1"]]},
        "rows": 1,
        "raters": 1,
        "not_scored": 0,
    }


def test_rejects_file(tmp_path: Path) -> None:
    make_titles([1])
    report = tmp_path / "rejects.csv"
    run("import_ratings", write_ratings(tmp_path, "5,1"), rejects=report)
    assert report.read_text().splitlines() == [
        "line,reason,text",
        '2,missing column (cut line),"5,1"',
    ]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    make_titles([1])
    content = io.BytesIO(b"user_id,anime_id,rating\n5,1,7\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
    output = run("import_ratings", Path("-"))
    assert output.startswith("Standard input: 1 rows read: 1 created")


@pytest.mark.parametrize("command", ["import_anime", "import_ratings"])
def test_wrong_header_is_one_clear_error(tmp_path: Path, command: str) -> None:
    path = write_lines(tmp_path / "x.csv", "a,b,c", "1,2,3")
    with pytest.raises(CommandError, match=r"line 1: the header should be .* and is 'a,b,c'") as e:
        run(command, path)
    assert e.value.returncode == 1
    assert "\n" not in str(e.value)


def test_progress_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_report, "SECONDS_BETWEEN_LINES", 0)
    make_titles([1])
    path, errors = write_ratings(tmp_path, "5,1,7", "6,1,8"), io.StringIO()
    call_command("import_ratings", str(path), stdout=io.StringIO(), stderr=errors)
    reading, writing = errors.getvalue().splitlines()
    assert reading.startswith("reading: 2 rows (100%)")
    assert writing.startswith("writing: 2 rows (100%)")


def test_no_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_report, "SECONDS_BETWEEN_LINES", 0)
    make_titles([1])
    path, errors = write_ratings(tmp_path, "5,1,7"), io.StringIO()
    call_command("import_ratings", str(path), "--no-progress", stdout=io.StringIO(), stderr=errors)
    assert errors.getvalue() == ""


def test_progress_bar_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_titles([1])
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    path = write_ratings(tmp_path, "5,1,7", "6,1,8")
    call_command("import_ratings", str(path), stdout=io.StringIO(), stderr=terminal)
    shown = capsys.readouterr().err
    assert "reading: 100%" in shown
    assert "writing: 100%" in shown
    assert "rows/s" in shown
