"""Runs the demo's programs: starts them, restarts them when they fail, ends them together.

There is one thread and one loop. Whoever waits for something calls ``wait_until``, which looks
after the children meanwhile and raises StopRequested as soon as somebody wants the end.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from config.logtail import LogTail
from config.processes import Child, adopt_orphans, caught_signals

# Seconds between two looks at the children; signals and dead children are noticed at once.
_INTERVAL = 0.25
# Seconds that the children have to end by themselves.
_GRACE = 5.0
_MAX_RESTARTS = 3
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):
    """Somebody wants the end: a signal, or the end of the process that we work for."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


class ServiceFailed(Exception):
    """A service ended again and again; the message says which, and where its log is."""


@dataclass
class Service:
    """A program that is to run as long as we do."""

    name: str
    arguments: Sequence[str]
    log: Path
    child: Child
    tail: LogTail
    n_restarts: int = field(default=0)


class Supervisor:
    """A context: at its end no child is left, however it ends."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        employer: int | None = None,
    ) -> None:
        """``employer`` is the process that we work for: its end is ours, too."""
        self._environment = environment
        self._say = say
        self._employer = employer
        self._employer_catches = caught_signals(employer) if employer else set()
        self._services: list[Service] = []
        self._step: Child | None = None
        self._received: list[int] = []
        self._wakeup_read, self._wakeup_write = os.pipe()

    def __enter__(self) -> Self:
        adopt_orphans()
        os.set_blocking(self._wakeup_read, False)
        os.set_blocking(self._wakeup_write, False)
        signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, self._wake)
        # Explicitly, since a process in the background of a script inherits them as ignored.
        signal.signal(signal.SIGINT, self._receive)
        signal.signal(signal.SIGTERM, self._receive)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # which is what nohup wants
            signal.signal(signal.SIGHUP, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def run(self, arguments: Sequence[str], *, capture: bool = False) -> tuple[int, bytes]:
        """Run a program to its end, on this terminal; its exit status, and its captured output.

        What is captured must fit into a pipe (64 kB).
        """
        step = self._step = Child(
            arguments,
            environment=self._environment,
            stdout=subprocess.PIPE if capture else None,
        )
        self.wait_until(lambda: step.status is not None)
        self._step = None
        output = step.process.stdout.read() if step.process.stdout else b""
        return step.process.returncode, output

    def start(self, name: str, arguments: Sequence[str], *, log: Path) -> None:
        """Start a service, with its output in a log file; the log of the last time is kept."""
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_name(f"{log.name}.1"))
        child = self._launch(arguments, log)
        self._services.append(Service(name, arguments, log, child, LogTail(log)))

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Look after the services until the condition holds. Raises StopRequested, ServiceFailed.

        The condition is asked a few times a second.
        """
        while True:
            self._look()
            if condition():
                return
            self._pause()

    def serve(self) -> None:
        """Look after the services until one of the two errors ends it."""
        self.wait_until(lambda: False)

    # --- The loop ---------------------------------------------------------------------------

    def _look(self) -> None:
        if self._received:
            raise StopRequested(self._received[0])
        self._look_at_employer()
        for service in self._services:
            for line in service.tail.important_lines():
                self._say(f"[{service.name}] {line}")
            if service.child.status is not None:
                self._restart(service)

    def _look_at_employer(self) -> None:
        if self._employer is None:
            return
        if os.getppid() != self._employer:
            raise StopRequested(signal.SIGTERM)
        # GNU make answers a signal by giving up its handler and waiting for us, without passing
        # the signal on (but for SIGTERM).
        lost = self._employer_catches - caught_signals(self._employer)
        for number in _STOP_SIGNALS:
            if number in lost:
                raise StopRequested(number)

    def _restart(self, service: Service) -> None:
        service.child.send(signal.SIGKILL)  # what it has left behind
        self._say(f"{service.name} ended unexpectedly ({_describe(service.child.status)}):")
        for line in service.tail.last_lines():
            self._say(f"[{service.name}] {line}")
        if service.n_restarts >= _MAX_RESTARTS:
            raise ServiceFailed(f"{service.name} does not stay alive; its log is {service.log}")
        service.n_restarts += 1
        self._say(f"Starting {service.name} again ({service.n_restarts} of {_MAX_RESTARTS}).")
        service.child = self._launch(service.arguments, service.log)

    def _launch(self, arguments: Sequence[str], log: Path) -> Child:
        with log.open("ab") as file:
            return Child(
                arguments, environment=self._environment, stdout=file, stderr=subprocess.STDOUT
            )

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)

    def _wake(self, number: int, frame: FrameType | None) -> None:
        """Nothing to do but to have a handler: the wake-up pipe ends the pause."""

    def _pause(self, seconds: float = _INTERVAL) -> None:
        select.select([self._wakeup_read], [], [], seconds)
        try:
            while os.read(self._wakeup_read, 512):
                pass
        except BlockingIOError:
            return

    # --- The end ----------------------------------------------------------------------------

    def _stop(self) -> None:
        """End all children: politely, then by force, at once if somebody insists."""
        children = [service.child for service in self._services]
        if self._step is not None:
            children.append(self._step)
        for child in children:
            child.send(signal.SIGTERM)
        n_received, deadline = len(self._received), time.monotonic() + _GRACE
        # A second signal of the same kind often is the same Ctrl-C, sent to the whole group.
        patience = n_received + 1
        while not all(child.is_gone() for child in children):
            if time.monotonic() > deadline or len(self._received) > patience:
                for child in children:
                    child.send(signal.SIGKILL)
            self._pause(0.05)


def _describe(status: int | None) -> str:
    if status is not None and status < 0:
        return f"by {signal.Signals(-status).name}"
    return f"with exit status {status}"
