"""Real processes that use the database of the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

_HOLD = """
from catalog.services.import_lock import import_lock
with import_lock():
    print("held", flush=True)
    input()
"""
_PRELUDE = "import django; django.setup()\n"
ROOT = Path(__file__).resolve().parents[3]


def database_url() -> str:
    """DATABASE_URL of the database that the test uses."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    login = values["USER"] + (f":{values['PASSWORD']}" if values["PASSWORD"] else "")
    return f"postgres://{login}@{values['HOST']}:{values['PORT'] or 5432}/{values['NAME']}"


def start_python(script: str, *arguments: str) -> "subprocess.Popen[str]":
    """Run a script in a process of its own, with Django set up for the test's database."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "RECOMMENDER_VAR_DIR": str(settings.VAR_DIR),
    }
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + script, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def lock_held_elsewhere() -> "Iterator[subprocess.Popen[str]]":
    """Another process holds the import lock."""
    with start_python(_HOLD) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()
