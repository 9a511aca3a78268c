"""``make demo``: everything on this machine with one command, and nothing left behind at its end.

The launcher itself does little, so that it can always answer a signal: it starts the programs
(preparation, web server, two workers, beat, training), looks after them, and ends them. What the
environment says about a real installation (DATABASE_URL, DJANGO_..., a .env file) does not
reach the demo: it has an SQLite file and a broker of its own under ``var/``.
"""

import argparse
import fcntl
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.environment import is_loopback_host
from config.supervisor import ServiceFailed, StopRequested, Supervisor

BASE_DIR = Path(__file__).resolve().parent.parent
# What the programs keep of these families; everything else that begins alike is dropped.
_KEPT = {
    "DJANGO_LOG_LEVEL",
    "RECOMMENDER_DEMO_EPOCHS",
    "RECOMMENDER_DEMO_RATERS",
    "RECOMMENDER_FULL_REPORT",
    "RECOMMENDER_VAR_DIR",
}
_DROPPED_PREFIXES = ("CELERY_", "DATABASE_URL", "DJANGO_", "GUNICORN_", "RECOMMENDER_", "REDIS_URL")
# The demo set is small, so its epochs are quick, and it takes more of them to learn its tastes.
_DEMO_SET_EPOCHS = "20"
# Seconds in which the web server must answer once it has been started.
_WEB_PATIENCE = 90.0


class CannotStart(Exception):
    """Something in the way of the demo; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the demo serves and where it keeps its files."""

    host: str
    port: int
    var_dir: Path
    environment: Mapping[str, str]
    n_epochs: str

    @property
    def url(self) -> str:
        """The address for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def plan_from(environ: Mapping[str, str]) -> Plan:
    """The plan of an environment. Raises CannotStart."""
    port = environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise CannotStart(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    host = environ.get("RECOMMENDER_DEMO_HOST") or "127.0.0.1"
    forced = environ.get("DJANGO_PLAIN_HTTP_FORCE", "").lower() in ("1", "true", "yes", "on")
    if not is_loopback_host(host) and not forced:
        raise CannotStart(
            f"RECOMMENDER_DEMO_HOST is {host!r}, which is not a loopback address: the demo talks "
            "plain HTTP, so passwords would travel unencrypted. Set DJANGO_PLAIN_HTTP_FORCE=true "
            "if a trusted network is all that can reach it."
        )
    var_dir = Path(environ.get("RECOMMENDER_VAR_DIR") or BASE_DIR / "var").resolve()
    hosts = ["localhost", "127.0.0.1", "[::1]", host]
    own = {
        "DJANGO_ALLOWED_HOSTS": ",".join(hosts if is_loopback_host(host) else ["*"]),
        "DJANGO_ENV_FILE": "",
        "DJANGO_PLAIN_HTTP": "true",
        "DJANGO_PLAIN_HTTP_FORCE": str(forced).lower(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        # Said of any worker of root's; it matters where messages are pickled, which is off here.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "RECOMMENDER_VAR_DIR": str(var_dir),
    }
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT or not name.startswith(_DROPPED_PREFIXES)
    }
    return Plan(host, int(port), var_dir, kept | own, environ.get("RECOMMENDER_DEMO_EPOCHS", ""))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until somebody stops it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m config.demo", description="Run the demo.")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this parent ends")
    options = parser.parse_args(arguments)
    try:
        plan = plan_from(os.environ)
        os.chdir(BASE_DIR)
        check_port(plan)
        with only_one(plan.var_dir):
            return run(plan, employer=options.parent)
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 2


def check_port(plan: Plan) -> None:
    """Raise CannotStart when the web server could not listen there."""
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the web server does it: what is left of an ended server does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((plan.host, plan.port))
        except OSError as error:
            raise CannotStart(
                f"Cannot serve on {plan.host}, port {plan.port}: {error.strerror}. "
                "Choose another port, for example: PORT=9000 make demo"
            ) from error


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises CannotStart when another demo has it."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"A demo is already running on {var_dir}. Stop it first, or give this one a "
                "folder of its own: RECOMMENDER_VAR_DIR=/some/folder make demo"
            ) from None
        yield


def run(plan: Plan, *, employer: int | None) -> int:
    """Prepare, start, train, serve; the exit status."""
    is_up = False
    try:
        with Supervisor(environment=plan.environment, say=say, employer=employer) as supervisor:
            accounts = bring_up(plan, supervisor)
            is_up = True
            announce(plan, accounts)
            supervisor.serve()
    except StopRequested as stop:
        say("Stopped.")
        # Ending a demo that is up is how it is meant to end.
        return 0 if is_up else 128 + stop.number
    except ServiceFailed as failure:
        say(f"The demo has ended: {failure}")
    except CannotStart as problem:
        say(str(problem))
    return 1


def bring_up(plan: Plan, supervisor: Supervisor) -> list[dict[str, str]]:
    """Everything up to the moment when pages are served; the accounts."""
    status, output = supervisor.run([sys.executable, "-m", "config.demo_setup"], capture=True)
    if status:
        raise CannotStart("The demo could not be prepared; see the error above.")
    prepared = json.loads(output)
    say("Starting the web server and the workers")
    for name, command in services(plan).items():
        supervisor.start(
            name, [sys.executable, "-m", *command], log=plan.var_dir / "log" / f"{name}.log"
        )
    if prepared["needs_training"]:
        train(plan, supervisor, include_simulated=prepared["include_simulated"])
    deadline = time.monotonic() + _WEB_PATIENCE
    supervisor.wait_until(lambda: answers(plan) or time.monotonic() > deadline)
    if not answers(plan):
        raise CannotStart(f"The web server does not answer; see {plan.var_dir}/log/web.log")
    accounts: list[dict[str, str]] = prepared["accounts"]
    return accounts


def services(plan: Plan) -> dict[str, list[str]]:
    """The programs that run as long as the demo, by name: modules and their arguments."""
    host = f"[{plan.host}]" if ":" in plan.host else plan.host
    worker = ["celery", "-A", "config", "worker", "--loglevel", "INFO"]
    # One machine, few workers: what they would tell each other is only more files.
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return {
        "web": [
            *("gunicorn", "config.wsgi", "--bind", f"{host}:{plan.port}"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "8"),
            *("--graceful-timeout", "3", "--access-logfile", "-", "--no-control-socket"),
        ],
        # CUDA does not survive a fork, hence solo.
        "training": [*worker, "-Q", "training", "-n", "training@%h", "--pool", "solo", *alone],
        "default": [
            *(*worker, "-Q", "default", "-n", "default@%h"),
            *("--pool", "threads", "--concurrency", "2", *alone),
        ],
        # Not inside a worker: there it would be a process that a killed worker leaves behind.
        "beat": ["celery", "-A", "config", "beat", "--loglevel", "INFO"],
    }


def train(plan: Plan, supervisor: Supervisor, *, include_simulated: bool) -> None:
    """Queue a training, or join the one that was broken off, and show how it goes."""
    say("Training RecommenderNet in the worker; pages show popular titles meanwhile")
    command = [sys.executable, str(BASE_DIR / "manage.py"), "train", "--join"]
    if include_simulated:
        command.append("--include-simulated")
    n_epochs = plan.n_epochs or (_DEMO_SET_EPOCHS if include_simulated else "")
    if n_epochs:
        command += ["--epochs", n_epochs]
    status, _ = supervisor.run(command)
    if status:
        say("There is no model, so lists show popular titles. Try again: manage.py train")


def answers(plan: Plan) -> bool:
    """Whether the web server says that it is ready."""
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(plan.host, plan.port, timeout=2)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def announce(plan: Plan, accounts: Sequence[Mapping[str, str]]) -> None:
    """The last words before the log: where it is and who can log in."""
    lines = ["", f"Osusume is ready: {plan.url}", ""]
    lines += [
        f"  {account['role']:<14} {account['name']:<8} password {account['password']}"
        for account in accounts
    ]
    lines += ["", f"Logs are in {plan.var_dir}/log. Stop with Ctrl-C.", ""]
    say("\n".join(lines))


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
