"""What the settings derive from the environment: the secret key, the database, the broker."""

import ipaddress
import os
import re
import secrets
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import FileAwareEnv
from environ.fileaware_mapping import FileAwareMapping


class _StrippedMapping(FileAwareMapping):  # type: ignore[misc]  # environ has no types
    """Values without the line break that most editors put at the end of a secret's file."""

    def __getitem__(self, key: str) -> str:
        value: str = super().__getitem__(key)
        return value.strip()


class Environment(FileAwareEnv):  # type: ignore[misc]  # environ has no types
    """The process's environment; ``NAME_FILE`` may give the path of a file with NAME's value."""

    ENVIRON = _StrippedMapping()


def secret_key(path: Path) -> str:
    """The installation's own secret key, made at first use and readable by its owner only.

    The file is linked into place, so that of two processes starting together one wins and both
    use the same key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def is_loopback_host(host: str) -> bool:
    """Whether a Host header value can only name this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def database(env: Environment, default_path: Path) -> dict[str, Any]:
    """``DATABASES["default"]``: DATABASE_URL, or an SQLite file tuned for several processes."""
    config: dict[str, Any] = (
        env.db_url("DATABASE_URL")
        if env.str("DATABASE_URL", default="")
        # Not by way of a URL: a folder's name may hold what a URL cannot.
        else {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default_path)}
    )
    if config["ENGINE"].endswith("sqlite3"):
        config["ATOMIC_REQUESTS"] = False
        config["OPTIONS"] = {
            # Take the write lock at BEGIN: a transaction that reads first and writes later would
            # fail at once, whatever the timeout, when somebody wrote in between.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
            ),
        }
    else:
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
    return config


def throttle_rate(env: Environment, name: str, default: str) -> tuple[int, int]:
    """How many requests in how many seconds: a variable like ``600/min``.

    Raises ImproperlyConfigured.
    """
    text = env.str(name, default=default)
    match = re.fullmatch(r"([1-9][0-9]{0,8})/(sec|min|hour|day)", text)
    if match is None:
        raise ImproperlyConfigured(
            f"{name} is {text!r}, but a rate is a number of requests a sec, min, hour or day, "
            f"such as {default}."
        )
    seconds = {"sec": 1, "min": 60, "hour": 3_600, "day": 86_400}
    return int(match[1]), seconds[match[2]]


def celery_broker(url: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """The broker's URL and transport options; without a URL, a folder of this machine.

    Messages carry no state (they mean "look for work"), so a broker that loses, repeats or
    reorders them does no harm.
    """
    if url and not url.startswith("filesystem:"):
        # A request that wakes a worker must not hang on a broker that does not answer.
        return url, {"socket_connect_timeout": 3} if url.startswith("redis") else {}
    folders = {
        "data_folder_in": folder / "messages",
        # The same folder: what one process sends, another one receives.
        "data_folder_out": folder / "messages",
        "control_folder": folder / "control",
        "processed_folder": folder / "processed",
    }
    for path in folders.values():
        path.mkdir(parents=True, exist_ok=True)
    # A host, though there is none: without one kombu warns that it takes localhost.
    return "filesystem://localhost", {name: str(path) for name, path in folders.items()}
