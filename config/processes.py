"""Child processes that end when they are told to, whatever happens to whoever started them.

Each child is the leader of a session of its own: a Ctrl-C at the terminal reaches only the
launcher, and what the child has started in turn can be ended with it. On Linux the kernel kills
a child whose launcher is killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_RESET_IN_CHILDREN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """Become the parent of processes whose parent ends, so that they can be reaped (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def caught_signals(pid: int) -> set[int]:
    """The signals that a process has handlers for; empty where /proc does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return set()
    mask = next((int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:")), 0)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


class Child:
    """A child process and its descendants."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> None:
        """Start it. Without ``stdout`` it writes where this process writes."""
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            list(arguments),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=_prepare(os.getpid()),  # noqa: PLW1509 - the launcher has one thread
        )

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the child and its descendants."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return

    def is_gone(self) -> bool:
        """Whether the child and all its descendants have ended."""
        if self.status is None:
            return False
        try:
            while os.waitpid(-self.process.pid, os.WNOHANG)[0]:
                pass  # reaped an orphan that we have adopted
        except ChildProcessError:
            pass
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        return False


def _prepare(launcher: int) -> Callable[[], None]:
    """What a child does between its creation and its program."""

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != launcher:
            os._exit(1)  # the launcher was killed before the kernel knew our wish
        signal.set_wakeup_fd(-1)
        for number in _RESET_IN_CHILDREN:
            # An ignored signal would stay ignored in the new program.
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return prepare
