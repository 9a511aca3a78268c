"""``manage.py train``: queue a training run and follow it, or carry it out here."""

import os
import socket
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.models import TrainingRun, Worker
from recommender.services import runs, training
from recommender.services.errors import RecommenderError
from recommender.tasks import TRAINING_QUEUE, enqueue_training

_POLL_SECONDS = 0.5
# A worker that was started at the same moment needs a while.
_WORKER_PATIENCE_SECONDS = 15.0


class Command(BaseCommand):
    """Trains in a Celery worker by default; ``--inline`` needs none."""

    help = "Train the models and register a new version."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument(
            "--model",
            default="",
            choices=["", *runs.MODELS],
            metavar="NAME",
            help=f"only this model ({', '.join(runs.MODELS)}); default: all that for-you needs",
        )
        parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
        parser.add_argument("--epochs", type=int, help="passes over the ratings")
        parser.add_argument("--seed", type=int, help="seed of weights, order and dropout")
        parser.add_argument(
            "--include-simulated",
            action="store_true",
            help="allow simulated raters (the demo set) beside real ones",
        )
        parser.add_argument(
            "--join",
            action="store_true",
            help="follow the run that waits or is in progress, if there is one",
        )
        parser.add_argument(
            "--inline", action="store_true", help="train in this process, without a worker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue or run, and show the log as it grows."""
        configuration = {"device": options["device"]}
        if options["epochs"] is not None:
            configuration["n_epochs"] = options["epochs"]
        if options["seed"] is not None:
            configuration["seed"] = options["seed"]
        arguments = {
            "model": options["model"],
            "configuration": configuration,
            "include_simulated": options["include_simulated"],
        }
        try:
            unfinished = TrainingRun.objects.unfinished().first() if options["join"] else None
            if unfinished is not None:
                run = unfinished
                self._follow(run)
            elif options["inline"]:
                run = runs.create(**arguments)
                self._carry_out(run)
            else:
                run = enqueue_training(**arguments)
                self._follow(run)
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        self._report(run)

    def _carry_out(self, run: TrainingRun) -> None:
        # Runs that were waiting go first: there is one order, whoever works it off.
        name = f"{socket.gethostname()}:{os.getpid()}:inline"
        while not run.is_finished:
            if not training.work_off_queue(worker=name):
                self.stderr.write("Another run is in progress; waiting for it to end.")
                time.sleep(_POLL_SECONDS * 10)
            run.refresh_from_db()

    def _follow(self, run: TrainingRun) -> None:
        """Print the log of a run until it ends. Ctrl-C leaves the run alone."""
        self.stdout.write(f"Run {run.pk} is {run.get_state_display().lower()}.")
        shown, warned = 0, False
        patience_ends = time.monotonic() + _WORKER_PATIENCE_SECONDS
        while True:
            run.refresh_from_db()
            if len(run.log) > shown:
                self.stdout.write(run.log[shown:], ending="")
                self.stdout.flush()
                shown = len(run.log)
            if run.is_finished:
                return
            waits = run.state == TrainingRun.State.QUEUED and time.monotonic() > patience_ends
            if waits and not warned:
                warned = self._warn_without_worker()
            time.sleep(_POLL_SECONDS)

    def _warn_without_worker(self) -> bool:
        workers = Worker.objects.filter(queues__contains=TRAINING_QUEUE)
        if not any(worker.is_alive for worker in workers):
            self.stderr.write(
                "No training worker is running, so the run waits. Start one "
                "(celery -A config worker -Q training --pool=solo), or use --inline."
            )
        return True

    def _report(self, run: TrainingRun) -> None:
        if run.state != TrainingRun.State.SUCCEEDED:
            reason = run.error or "It was stopped."
            raise CommandError(f"Run {run.pk} {run.get_state_display().lower()}: {reason}")
        version = getattr(run, "version", None)
        active = "active" if version and version.is_active else "not active"
        self.stdout.write(
            self.style.SUCCESS(
                f"Run {run.pk} succeeded: version {version and version.pk} ({active})."
            )
        )
