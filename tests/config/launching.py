"""Starts the demo as a process, and finds whatever it has started."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

import psutil

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = (sys.executable, "-m", "config.demo")
# The real Makefile, with the environment that these tests run in.
MAKE = ("make", f"PY={sys.executable}", "--old-file=.venv/worker.stamp", "--silent", "demo")
PATIENCE = 120.0


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Demo:
    """A running demo on a folder of its own, small enough to be trained in a few seconds."""

    def __init__(
        self,
        var_dir: Path,
        *,
        command: Sequence[str] = LAUNCHER,
        ignoring: Sequence[signal.Signals] = (),
        **environment: str,
    ) -> None:
        """Start it. ``ignoring`` are signals that it inherits as ignored."""
        self.var_dir = var_dir
        self.port = free_port()
        self._output_path = var_dir.with_name(f"{var_dir.name}.output")
        with self._output_path.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ
                | {
                    "PORT": str(self.port),
                    "RECOMMENDER_VAR_DIR": str(var_dir),
                    "RECOMMENDER_DEMO_RATERS": "60",
                    "RECOMMENDER_DEMO_EPOCHS": "1",
                }
                | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # What the tests themselves have inherited must not matter: a script's background
                # job ignores SIGINT.
                preexec_fn=lambda: [  # noqa: PLW1509 - pytest has one thread here
                    signal.signal(each, signal.SIG_IGN if each in ignoring else signal.SIG_DFL)
                    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
                ],
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._output_path.read_text()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, text: str) -> None:
        """Wait until it has said something."""
        self._wait(lambda: text in self.output or self.process.poll() is not None)
        assert text in self.output, self.output

    def wait_for_end(self) -> int:
        """Wait until it has ended; the exit status."""
        return self.process.wait(timeout=PATIENCE)

    def family(self) -> list[psutil.Process]:
        """Every process of this demo: its folder is in their environment."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def wait_until_all_are_gone(self) -> list[psutil.Process]:
        """Wait for the end of every process of this demo; those that stay all the same."""
        self._wait(lambda: not self.family())
        return self.family()

    def launcher(self) -> psutil.Process:
        """The launcher's process, which under make is make's child."""
        return next(each for each in self.family() if "config.demo" in each.cmdline())

    def password(self, account: str) -> str:
        """The password that it has printed."""
        match = re.search(rf"{account} +password (\S+)", self.output)
        assert match, self.output
        return match[1]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            environment = process.environ()
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
        return environment.get("RECOMMENDER_VAR_DIR") == str(self.var_dir) and not is_zombie

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.1)

    def kill(self) -> None:
        """For the end of a test, whatever has gone wrong."""
        for process in self.family():
            process.kill()
        self.process.wait()


class Visitor:
    """A browser without a window: keeps cookies, fills in forms."""

    def __init__(self, url: str) -> None:
        self._url = url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, path: str) -> str:
        """The page at a path; HTTPError when there is none."""
        with self._opener.open(self._url + path, timeout=30) as response:
            text: str = response.read().decode()
        return text

    def log_in(self, name: str, password: str) -> str:
        """Log in by the site's form; the page that comes then."""
        form = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token, form
        data = {"csrfmiddlewaretoken": token[1], "login": name, "password": password}
        address = f"{self._url}/accounts/login/"
        with self._opener.open(address, urlencode(data).encode(), timeout=30) as response:
            text: str = response.read().decode()
        return text
