"""Brings the demo's database, static files and accounts up to date: a step of ``make demo``.

It runs as a process of its own, so that the launcher can stop it at any moment; everything here
can be broken off and done again. What it does is told on standard error; standard output gets
one line of JSON for the launcher.
"""

import hashlib
import json
import os
import secrets
import string
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# Without what is taken for something else.
_ALPHABET = "".join(set(string.ascii_letters + string.digits) - set("0O1lI"))
_PASSWORD_LENGTH = 14

DEMO_USER, ADMINISTRATOR = "demo", "admin"


def main() -> None:
    """Do what has not been done yet."""
    django.setup()
    _migrate()
    _collect_static_files()
    from catalog.services.demo import DemoError
    from catalog.services.import_errors import ImportFailed

    try:
        is_simulated = _load_data()
        accounts = _accounts(with_demo=is_simulated)
    except (DemoError, ImportFailed) as error:
        sys.exit(str(error))
    json.dump(
        {
            "accounts": accounts,
            "include_simulated": is_simulated,
            "needs_training": _needs_training(),
        },
        sys.stdout,
    )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _say(f"Preparing the database {settings.DATABASES['default']['NAME']}")
        call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)


def _collect_static_files() -> None:
    """Collect and compress the static files, unless they are as they were the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    _say("Collecting the static files")
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True, stdout=sys.stderr)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list(None):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _load_data() -> bool:
    """Load the demo set, unless real data has been imported; whether simulated raters are there."""
    from catalog.models import Rater
    from catalog.services import demo

    if Rater.objects.filter(source=Rater.Source.IMPORT).exists():
        _say("The database holds imported data, so the demo set is not loaded.")
        return False
    n_raters = os.environ.get("RECOMMENDER_DEMO_RATERS")
    if not Rater.objects.simulated().exists():
        _say("Loading the demo set: real titles, simulated raters")
    loaded = demo.load_demo(n_raters=int(n_raters)) if n_raters else demo.load_demo()
    if loaded.is_new:
        _say(
            f"Loaded {loaded.n_titles:,} titles and {loaded.n_ratings:,} ratings of "
            f"{loaded.n_raters:,} simulated raters"
        )
    return True


def _accounts(*, with_demo: bool) -> list[dict[str, str]]:
    """Make the accounts where they are missing; names, roles and passwords."""
    from catalog.models import User
    from catalog.services import demo

    passwords = _passwords(Path(settings.VAR_DIR) / "demo_accounts.json")
    accounts: list[tuple[User, str, str]] = []
    if with_demo:
        user = demo.demo_account(username=DEMO_USER, password=passwords[DEMO_USER])
        accounts.append((user, "user", passwords[DEMO_USER]))
    administrator = User.objects.filter(username=ADMINISTRATOR).first()
    if administrator is None:
        administrator = User.objects.create_superuser(
            username=ADMINISTRATOR, password=passwords[ADMINISTRATOR]
        )
    accounts.append((administrator, "administrator", passwords[ADMINISTRATOR]))
    return [
        {
            "name": user.get_username(),
            "role": role,
            "password": password if user.check_password(password) else "(has been changed)",
        }
        for user, role, password in accounts
    ]


def _passwords(path: Path) -> dict[str, str]:
    """The generated passwords, kept where only this user can read them."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {DEMO_USER, ADMINISTRATOR} - set(known)
    if missing:
        known |= {name: _new_password() for name in missing}
        draft = path.with_name(f"{path.name}.draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(known, file)
        draft.replace(path)
    return known


def _new_password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))


def _needs_training() -> bool:
    """Whether no model can be served. A training that was broken off is set free to go on."""
    from recommender.models import TrainingRun
    from recommender.services import registry, runs

    for run in TrainingRun.objects.running():
        # There is one demo at a time in this folder, so the worker of that run is gone.
        runs.give_up_worker(run=run)
    state = registry.active_model()
    if state.model is None:
        _say(state.problem)
    return state.model is None


if __name__ == "__main__":
    main()
