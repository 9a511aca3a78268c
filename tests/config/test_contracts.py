"""Each import contract is seen to fail: a contract that cannot fail protects nothing."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "catalog", "recommender", "ml", "tests")

# Contract, new module, what it must not import.
VIOLATIONS = [
    ("Packages import one way", "catalog/violation.py", "recommender.models"),
    ("Packages import one way", "catalog/violation.py", "ml.data"),
    ("Packages import one way", "ml/violation.py", "catalog.models"),
    ("Packages import one way", "recommender/violation.py", "config.settings"),
    ("Packages import one way", "config/violation.py", "tests.factories"),
    ("Layers inside the catalogue", "catalog/services/violation.py", "catalog.views"),
    ("Layers inside the catalogue", "catalog/api/violation.py", "catalog.views"),
    ("Layers inside the recommender", "recommender/services/violation.py", "recommender.tasks"),
    ("Layers inside the recommender", "recommender/api/violation.py", "recommender.admin"),
    (
        "Only the recommender's services use the models",
        "recommender/management/violation.py",
        "ml.serving",
    ),
    ("No Django in the models", "ml/violation.py", "django.conf"),
    ("Services never import tasks", "catalog/services/violation.py", "catalog.tasks"),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source and its contracts."""
    folder = tmp_path_factory.mktemp("source")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv")
        )
    return folder


def broken_contracts(folder: Path) -> set[str]:
    """The names of the contracts that are broken in a source folder."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Analyzed" in result.stdout, result.stdout + result.stderr
    return set(re.findall(r"^(.+) BROKEN$", result.stdout, re.MULTILINE))


def test_the_source_keeps_every_contract(source: Path) -> None:
    assert broken_contracts(source) == set()


@pytest.mark.parametrize(("contract", "module", "forbidden"), VIOLATIONS)
def test_a_violation_breaks_its_contract(
    contract: str, module: str, forbidden: str, source: Path
) -> None:
    violation = source / module
    violation.write_text(f"import {forbidden}\n")
    try:
        assert contract in broken_contracts(source)
    finally:
        violation.unlink()


def test_every_contract_is_tried() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert {contract for contract, _, _ in VIOLATIONS} == contracts
