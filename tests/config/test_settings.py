"""The settings in processes of their own: safe by default, refused where they are not."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = ("CELERY_", "DATABASE_URL", "DJANGO_", "RECOMMENDER_", "REDIS_URL")
PRINT = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def run(
    arguments: list[str], var_dir: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run Python with a clean environment and these variables."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FAMILIES)}
    own = {
        "DJANGO_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "RECOMMENDER_VAR_DIR": str(var_dir),
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean | own | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def settings_of(var_dir: Path, *names: str, **environment: str) -> dict[str, Any]:
    """The values of some settings under some environment."""
    result = run(["-c", PRINT, *names], var_dir, environment)
    assert result.returncode == 0, result.stderr
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def test_the_defaults_pass_the_deployment_check(tmp_path: Path) -> None:
    result = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], tmp_path, {})
    assert result.returncode == 0, result.stderr


def test_safe_by_default(tmp_path: Path) -> None:
    assert settings_of(
        tmp_path,
        "DEBUG",
        "PLAIN_HTTP",
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "TRUSTED_PROXIES",
    ) == {
        "DEBUG": False,
        "PLAIN_HTTP": False,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "TRUSTED_PROXIES": 0,
    }


def test_plain_http_serves_without_redirect_on_this_machine(tmp_path: Path) -> None:
    values = settings_of(
        tmp_path, "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", DJANGO_PLAIN_HTTP="true"
    )
    assert values == {"SECURE_SSL_REDIRECT": False, "SESSION_COOKIE_SECURE": False}


@pytest.mark.parametrize("host", ["example.org", "*", "192.168.1.2"])
def test_plain_http_is_refused_for_other_addresses(host: str, tmp_path: Path) -> None:
    environment = {"DJANGO_PLAIN_HTTP": "true", "DJANGO_ALLOWED_HOSTS": f"localhost,{host}"}
    result = run(["manage.py", "check"], tmp_path, environment)
    assert result.returncode != 0
    assert f"DJANGO_ALLOWED_HOSTS names {host}" in result.stderr


def test_plain_http_can_be_forced(tmp_path: Path) -> None:
    values = settings_of(
        tmp_path,
        "ALLOWED_HOSTS",
        DJANGO_PLAIN_HTTP="true",
        DJANGO_PLAIN_HTTP_FORCE="true",
        DJANGO_ALLOWED_HOSTS="example.org",
    )
    assert values == {"ALLOWED_HOSTS": ["example.org"]}


def test_everything_that_is_written_lies_under_the_var_folder(tmp_path: Path) -> None:
    names = ("STATIC_ROOT", "MEDIA_ROOT", "RECOMMENDER_ARTIFACT_ROOT")
    values = settings_of(tmp_path, *names, "DATABASES", "CELERY_BROKER_TRANSPORT_OPTIONS")
    folders = [values[name] for name in names]
    folders.append(values["DATABASES"]["default"]["NAME"])
    folders += values["CELERY_BROKER_TRANSPORT_OPTIONS"].values()
    assert all(Path(folder).is_relative_to(tmp_path) for folder in folders)


def test_redis_serves_as_cache_and_broker(tmp_path: Path) -> None:
    values = settings_of(
        tmp_path, "CACHES", "CELERY_BROKER_URL", REDIS_URL="redis://127.0.0.1:6379/5"
    )
    assert values["CACHES"]["default"]["LOCATION"] == "redis://127.0.0.1:6379/5"
    assert values["CELERY_BROKER_URL"] == "redis://127.0.0.1:6379/5"


def test_the_environment_file_counts_less_than_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("DJANGO_HSTS_SECONDS=60\nDJANGO_ALLOWED_HOSTS=file.example\n")
    values = settings_of(
        tmp_path,
        "SECURE_HSTS_SECONDS",
        "ALLOWED_HOSTS",
        DJANGO_ENV_FILE=str(file),
        DJANGO_ALLOWED_HOSTS="environment.example",
    )
    assert values == {"SECURE_HSTS_SECONDS": 60, "ALLOWED_HOSTS": ["environment.example"]}


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    values = settings_of(tmp_path, "SECRET_KEY", DJANGO_SECRET_KEY_FILE=str(secret))
    assert values == {"SECRET_KEY": "from a file"}


def test_every_variable_is_described() -> None:
    """Each variable that the settings or the demo read stands in .env.example."""
    sources = [ROOT / "config" / name for name in ("settings.py", "environment.py", "demo.py")]
    read = {
        name
        for source in sources
        for name in re.findall(r'env(?:\.\w+|iron\.get)\(\s*"([A-Z_]+)"', source.read_text())
    }
    assert {"DATABASE_URL", "REDIS_URL", "DJANGO_DEBUG", "PORT"} <= read
    described = (ROOT / ".env.example").read_text()
    assert {name for name in read if f"\n# {name}=" not in described} == set()
