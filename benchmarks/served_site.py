"""How what the server answers is timed, beside an empty view in the same run.

The real files are imported into a new SQLite database and all models are trained (some minutes;
with ``--folder`` it is kept there and used again). gunicorn then serves the site with one process
and one thread on one core, the client has another core, and asks by one connection for each
address and the empty view in turn. The members are accounts with copied lists of imported raters,
from short to long. *First* is the first answer to a member, with nothing of theirs kept; *again*
is the same one later.
"""

import argparse
import http.client
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROUNDS: Final = 3
REPEATS: Final = 40
MEMBERS: Final = 15
SERVER_CORE, CLIENT_CORE = 0, 1
TITLES: Final = (1, 20, 121, 1535, 5114, 9253, 11757, 16498, 19, 30)
EMPTY: Final = "an empty view"


def measure(about: str, addresses: Mapping[str, str], *, empty: str) -> None:
    """Parse the options, prepare the database, measure, print a table.

    Args:
        about: what is measured, in a sentence.
        addresses: what is asked for, by name; ``{anime}`` and ``{place}`` are filled in.
        empty: the address of the empty view that everything is compared with.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--folder", type=Path, help="where the database and the models are kept")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    with _folder(options.folder) as folder:
        environment = _environment(folder)
        if not (folder / "ready").exists():
            _prepare(folder, environment)
        cookies = _members(environment)
        with _server(environment, empty) as port:
            os.sched_setaffinity(0, {CLIENT_CORE})
            asked = {EMPTY: empty, **addresses}
            rounds = [_round(port, cookies, options.repeats, asked) for _ in range(ROUNDS)]
            _report(rounds, list(addresses))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="osusume-pages-") as folder:
        yield Path(folder)


def _environment(folder: Path) -> dict[str, str]:
    """The site's, in its own folder, on one thread."""
    return os.environ | {
        "DJANGO_ENV_FILE": "",
        "DJANGO_PLAIN_HTTP": "true",
        "DJANGO_SECRET_KEY": "only-for-measuring",
        "DJANGO_LOG_LEVEL": "WARNING",
        "RECOMMENDER_VAR_DIR": str(folder),
        "RECOMMENDER_FULL_REPORT": "false",
        "OMP_NUM_THREADS": "1",
        # One client asks more often than any that is meant to be let in.
        "RECOMMENDER_API_USER_RATE": "1000000/sec",
    }


def _prepare(folder: Path, environment: dict[str, str]) -> None:
    """Import the real files and train."""
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    data = Path(os.environ["RECOMMENDER_DATA"])
    for step in (
        ["migrate", "--verbosity", "0"],
        ["collectstatic", "--no-input", "--verbosity", "0"],
        ["import_anime", str(data / "anime.csv")],
        ["import_ratings", str(data / "rating.csv")],
        ["train", "--inline"],
    ):
        print(" ".join(step), file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "manage.py", *step], env=environment, check=True)
    (folder / "ready").touch()


_MEMBERS_PROGRAM = f"""
import django
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count
from catalog.models import Rater, Rating, User
from catalog.services.ratings import rater_for

Store = import_module(settings.SESSION_ENGINE).SessionStore
# The lists of imported raters from short to long.
imported = Rater.objects.filter(source="import").annotate(n=Count("ratings"))
donors = list(imported.order_by("n", "pk"))
step = len(donors) // {MEMBERS}
User.objects.filter(username__startswith="measured-").delete()
for place, donor in enumerate(donors[step // 2 :: step][:{MEMBERS}]):
    user = User.objects.create(username=f"measured-{{place}}")
    rater = rater_for(user=user)
    Rating.objects.bulk_create(
        Rating(rater=rater, anime_id=r.anime_id, status=r.status, score=r.score,
               updated_at=r.updated_at)
        for r in donor.ratings.all()
    )
    session = Store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    print(session.session_key, donor.n)
"""


def _members(environment: dict[str, str]) -> list[str]:
    """Make the measured accounts anew; the cookies of their sessions."""
    done = subprocess.run(
        [sys.executable, "-c", _MEMBERS_PROGRAM],
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    print(f"titles on the members' lists: {', '.join(n for _, n in lines)}", file=sys.stderr)
    return [f"sessionid={key}" for key, _ in lines]


@contextmanager
def _server(environment: dict[str, str], empty: str) -> Iterator[int]:
    """The site by gunicorn on a free port, on one core."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    taskset = shutil.which("taskset")
    command = [taskset, "--cpu-list", str(SERVER_CORE)] if taskset else []
    command += [sys.executable, "-m", "gunicorn", "benchmarks.served_app:application"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "1"]
    command += ["--worker-class", "gthread", "--keep-alive", "60", "--log-level", "warning"]
    server = subprocess.Popen(command, env=environment)
    try:
        for _ in range(200):
            try:
                _connection(port).connect()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def _get(connection: http.client.HTTPConnection, address: str, cookie: str = "") -> float:
    """Milliseconds until the whole answer is there. Raises RuntimeError unless it is a 200."""
    begun = time.perf_counter()
    connection.request("GET", address, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    answer.read()
    taken = (time.perf_counter() - begun) * 1000
    if answer.status != http.client.OK:
        raise RuntimeError(f"{address} answers {answer.status}")
    return taken


def _round(
    port: int, cookies: list[str], repeats: int, asked: Mapping[str, str]
) -> dict[str, list[float]]:
    """Everything for every member, and an empty view before each; milliseconds by name."""
    connection = _connection(port)
    times: dict[str, list[float]] = {EMPTY: []}
    for name, address in asked.items():
        if name == EMPTY:
            continue
        first, again = times.setdefault(f"{name}, first", []), times.setdefault(name, [])
        for place in range(max(repeats, 2 * len(cookies))):
            cookie = cookies[place % len(cookies)]
            filled = address.format(anime=TITLES[place % len(TITLES)], place=1 + place % 9)
            times[EMPTY].append(_get(connection, asked[EMPTY], cookie))
            taken = _get(connection, filled, cookie)
            (first if place < len(cookies) else again).append(taken)
    connection.close()
    return times


def _report(rounds: list[dict[str, list[float]]], names: list[str]) -> None:
    """Print the median of the rounds' medians; the first round has each member's first pages."""
    print(
        f"{MEMBERS} members, one process, one core, {ROUNDS} rounds, {datetime.now(UTC):%Y-%m-%d}, "
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}\n"
    )
    print("| page | ms | × the empty view | p95, ms | first, ms |\n| --- | --- | --- | --- | --- |")
    empty = _middle(rounds, EMPTY)
    print(f"| {EMPTY} | {empty:.2f} | 1 | | |")
    for name in names:
        middle = _middle(rounds, name)
        slow = statistics.median(statistics.quantiles(each[name], n=20)[-1] for each in rounds)
        first = statistics.median(rounds[0][f"{name}, first"])
        print(f"| {name} | {middle:.1f} | {middle / empty:.1f} | {slow:.1f} | {first:.1f} |")


def _middle(rounds: list[dict[str, list[float]]], name: str) -> float:
    return statistics.median(statistics.median(each[name]) for each in rounds)
