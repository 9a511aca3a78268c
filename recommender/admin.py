"""Training runs, model versions and workers in the Django admin."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import action

from catalog.admin import ReadOnlyAdmin
from recommender.models import ModelVersion, TrainingRun, Worker
from recommender.services import registry, runs
from recommender.services.errors import RecommenderError


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Runs. The dashboard shows them live; here is everything that a row holds."""

    list_display = ("id", "state", "step", "progress", "requested_by", "created_at", "finished_at")
    list_filter = ("state", "device")
    list_select_related = ("requested_by",)
    actions_list: ClassVar[list[str]] = ["open_dashboard"]
    actions: ClassVar[list[str]] = ["cancel_runs"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The history stays."""
        return False

    @action(  # type: ignore[untyped-decorator]  # django-unfold is untyped
        description="Train…", url_path="open-dashboard", permissions=["view"]
    )
    def open_dashboard(self, request: HttpRequest) -> HttpResponse:
        """Go where the Train button is."""
        return redirect("dashboard")

    @admin.action(description="Cancel the selected runs", permissions=["cancel"])
    def cancel_runs(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> None:
        """Cancel each, and say which could not be."""
        for run in queryset:
            try:
                runs.cancel(run=run)
            except RecommenderError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"Run {run.pk} is being cancelled.")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Who may train may cancel."""
        return request.user.has_perm("recommender.add_trainingrun")


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Model versions."""

    list_display = ("id", "is_active", "is_simulated", "run", "n_ratings", "n_raters", "created_at")
    list_filter = ("is_active", "is_simulated")
    list_select_related = ("run",)
    actions: ClassVar[list[str]] = ["make_active"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The history stays."""
        return False

    @admin.action(description="Serve the selected version", permissions=["activate"])
    def make_active(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        """Activate exactly one version."""
        if len(queryset) != 1:
            messages.error(request, "Select exactly one version: only one can be served.")
            return
        try:
            registry.activate(version=queryset[0])
        except RecommenderError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Version {queryset[0].pk} is served from now on.")

    def has_activate_permission(self, request: HttpRequest) -> bool:
        """Who may change versions may choose the one that is served."""
        return request.user.has_perm("recommender.change_modelversion")


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Worker processes."""

    list_display = ("name", "queues", "pid", "started_at", "heartbeat_at")
