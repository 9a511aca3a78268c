"""Rules for the tree that no linter checks."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("benchmarks", "catalog", "config", "ml", "recommender", "tests")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_LINES = 400


def relative(paths: list[Path]) -> list[str]:
    """Paths as somebody would look them up."""
    return [str(path.relative_to(ROOT)) for path in paths]


def test_names_say_what_is_in_a_module() -> None:
    empty = {"utils", "util", "common", "helpers", "helper", "misc"}
    assert relative([path for path in MODULES if path.stem in empty]) == []


def test_modules_say_why_they_exist() -> None:
    silent = [
        path
        for path in MODULES
        if path.name != "__init__.py"
        and not {"migrations", "tests"} & set(path.relative_to(ROOT).parts)
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert relative(silent) == []


def test_modules_are_short() -> None:
    long = [path for path in MODULES if len(path.read_text().splitlines()) > MOST_LINES]
    assert relative(long) == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in MODULES if path.is_relative_to(ROOT / "tests")}
    assert relative([folder for folder in folders if not (folder / "__init__.py").exists()]) == []


def test_nothing_is_left_to_do() -> None:
    left = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    others = [path for path in MODULES if path != Path(__file__).resolve()]
    assert relative([path for path in others if left.search(path.read_text())]) == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_ignored_rule_is_explained() -> None:
    settings = (ROOT / "pyproject.toml").read_text()
    ignored = re.search(r"^ignore = \[\n(.+?)^\]", settings, re.MULTILINE | re.DOTALL)
    assert ignored
    rules = re.findall(r'"([A-Z]+\d+)"', ignored[1])
    explained = (ROOT / "CONTRIBUTING.md").read_text()
    assert len(rules) > 10
    assert [rule for rule in rules if rule not in explained] == []


def test_no_data_and_no_models_in_the_repository() -> None:
    result = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if result.returncode:
        pytest.skip("needs a git checkout")
    kinds = (".csv", ".gz", ".zip", ".ipynb", ".safetensors", ".sqlite3", ".pkl", ".npz", ".npy")
    found = [name for name in result.stdout.splitlines() if name.endswith(kinds)]
    # The demo's titles, and what was labelled or written by hand for the benchmarks.
    assert found == [
        "benchmarks/franchise_families.csv",
        "benchmarks/franchise_sample.csv",
        "benchmarks/search_queries.csv",
        "catalog/demo/titles.csv",
    ]
