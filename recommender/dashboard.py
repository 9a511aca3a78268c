"""The administrator's pages: start a training, watch it, choose what is served."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.models import User
from recommender import selectors
from recommender.forms import TrainForm
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry, runs
from recommender.services.errors import RecommenderError, SimulatedMixture
from recommender.tasks import TRAINING_QUEUE, enqueue_training

may_look = permission_required("recommender.view_trainingrun", raise_exception=True)
may_train = permission_required("recommender.add_trainingrun", raise_exception=True)
may_activate = permission_required("recommender.change_modelversion", raise_exception=True)

# How many runs and versions the overview names.
N_SHOWN = 10


@require_safe
@may_look
def overview(request: HttpRequest) -> HttpResponse:
    """What is served, what runs, who works."""
    return _overview(request, TrainForm())


@require_POST
@may_train
def train(request: HttpRequest) -> HttpResponse:
    """Queue a run and show its page."""
    form = TrainForm(request.POST)
    if not form.is_valid():
        return _overview(request, form, status=400)
    user = request.user
    try:
        run = enqueue_training(
            requested_by=user if isinstance(user, User) else None,
            configuration=form.configuration(),
            include_simulated=form.cleaned_data["include_simulated"],
        )
    except SimulatedMixture as error:
        # The answer is this box, so the question stands beside it and what was entered stays.
        form.add_error("include_simulated", str(error))
        return _overview(request, form, status=400)
    except RecommenderError as error:
        messages.error(request, str(error))
        return redirect("dashboard")
    return redirect("dashboard-run", pk=run.pk)


@require_safe
@may_look
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One run, live: htmx asks for the fragment every second until the run has ended."""
    run = get_object_or_404(selectors.training_runs().select_related("version"), pk=pk)
    context = {"run": run, **_workers()}
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/_run.html", context)
    return _page(request, "dashboard/run.html", title=f"Run {run.pk}", **context)


@require_POST
@may_train
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a run."""
    run = get_object_or_404(TrainingRun, pk=pk)
    try:
        runs.cancel(run=run)
    except RecommenderError as error:
        messages.error(request, str(error))
    return redirect("dashboard-run", pk=pk)


@require_POST
@may_activate
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve another version."""
    version = get_object_or_404(ModelVersion, pk=pk)
    try:
        registry.activate(version=version)
    except RecommenderError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Version {version.pk} is served from now on.")
    return redirect("dashboard")


def _overview(request: HttpRequest, form: TrainForm, status: int = 200) -> HttpResponse:
    return _page(
        request,
        "dashboard/overview.html",
        status=status,
        title="Dashboard",
        form=form,
        state=registry.active_model(),
        active=selectors.active_version(),
        runs=selectors.training_runs()[:N_SHOWN],
        versions=selectors.versions()[:N_SHOWN],
        figures=selectors.data_figures(),
        **_workers(),
    )


def _workers() -> dict[str, Any]:
    workers = selectors.workers()
    return {
        "workers": workers,
        "has_training_worker": any(
            worker.is_alive and TRAINING_QUEUE in worker.queues for worker in workers
        ),
    }


def _page(
    request: HttpRequest, template: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """A page in the frame of the admin."""
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)
