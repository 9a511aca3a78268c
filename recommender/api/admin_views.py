"""Training runs and model versions, for administrators."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import idempotency
from catalog.api.base import ApiView
from catalog.api.filters import PageQuery
from catalog.api.permissions import HasScope, IsAdministrator
from catalog.api.problems import Problem, invalid
from recommender import selectors
from recommender.api.admin_serializers import (
    ModelVersionPage,
    ModelVersionSerializer,
    TrainingRequestSerializer,
    TrainingRunDetailSerializer,
    TrainingRunPage,
    TrainingRunSerializer,
)
from recommender.api.filters import TrainingRunQuery
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry, runs
from recommender.services.errors import (
    ActivationRefused,
    IllegalTransition,
    InvalidConfiguration,
    SimulatedMixture,
)
from recommender.tasks import enqueue_training


class AdministratorView(ApiView):
    """A view for administrators only."""

    permission_classes = (HasScope, IsAdministrator)

    def run(self, run_id: int) -> TrainingRun:
        """The run of the address. Raises the problem ``not_found``."""
        run = selectors.training_runs().filter(pk=run_id).first()
        if run is None:
            raise Problem("not_found", f"There is no training run {run_id}.")
        return run

    def version(self, version_id: int) -> ModelVersion:
        """The model version of the address. Raises the problem ``not_found``."""
        version = selectors.versions().filter(pk=version_id).first()
        if version is None:
            raise Problem("not_found", f"There is no model version {version_id}.")
        return version


class TrainingRunListView(AdministratorView):
    """Training runs."""

    tag = "Training runs"
    query_serializer = TrainingRunQuery
    throttle_scope = "training"
    post_problems = ("simulated_mixture", *idempotency.PROBLEMS)

    @extend_schema(
        operation_id="list_training_runs", summary="Training runs", responses=TrainingRunPage
    )
    def get(self, request: Request) -> Response:
        """All training runs, the newest first, without their logs."""
        found = selectors.training_runs()
        if state := self.query.get("state"):
            found = found.filter(state=state)
        return Response(self.page(found.defer("log", "epochs"), TrainingRunSerializer))

    @extend_schema(
        operation_id="create_training_run",
        summary="Train",
        request=TrainingRequestSerializer,
        responses={201: OpenApiResponse(TrainingRunDetailSerializer, "The run waits its turn.")},
        parameters=[
            OpenApiParameter(
                "Location",
                str,
                OpenApiParameter.HEADER,
                description="The run's address.",
                response=["201"],
            ),
            idempotency.PARAMETER,
        ],
    )
    def post(self, request: Request) -> Response | HttpResponse:
        """Queue a training run. A worker takes it up when its turn comes; follow it by its id.

        With an `Idempotency-Key` a request can be repeated until it is answered: it queues one
        run.
        """
        body = self.body(TrainingRequestSerializer)
        return idempotency.answer_once(request, self.account, lambda: self._enqueue(body))

    def _enqueue(self, body: dict[str, Any]) -> Response:
        try:
            run = enqueue_training(requested_by=self.account, **body)
        except InvalidConfiguration as error:
            raise invalid("configuration", str(error)) from error
        except SimulatedMixture as error:
            raise Problem("simulated_mixture") from error
        address = self.request.build_absolute_uri(reverse("api-training-run", args=[run.pk]))
        data = TrainingRunDetailSerializer(run).data
        return Response(data, status=201, headers={"Location": address})


class TrainingRunView(AdministratorView):
    """One training run."""

    tag = "Training runs"

    @extend_schema(
        operation_id="get_training_run",
        summary="One training run",
        responses=TrainingRunDetailSerializer,
    )
    def get(self, request: Request, run_id: int) -> Response:
        """A training run with its progress, its epochs and its log."""
        return Response(TrainingRunDetailSerializer(self.run(run_id)).data)


class TrainingRunCancelView(AdministratorView):
    """Cancelling a training run."""

    tag = "Training runs"
    post_problems = ("wrong_state",)

    @extend_schema(
        operation_id="cancel_training_run",
        summary="Cancel a training run",
        request=None,
        responses=TrainingRunDetailSerializer,
    )
    def post(self, request: Request, run_id: int) -> Response:
        """Cancel a waiting run at once, or ask the worker of a running one to stop."""
        self.no_body()
        try:
            run = runs.cancel(run=self.run(run_id))
        except IllegalTransition as error:
            raise Problem("wrong_state", str(error)) from error
        return Response(TrainingRunDetailSerializer(run).data)


class ModelVersionListView(AdministratorView):
    """Model versions."""

    tag = "Models"
    query_serializer = PageQuery

    @extend_schema(
        operation_id="list_model_versions", summary="Model versions", responses=ModelVersionPage
    )
    def get(self, request: Request) -> Response:
        """All model versions, the newest first."""
        return Response(self.page(selectors.versions(), ModelVersionSerializer))


class ModelVersionView(AdministratorView):
    """One model version."""

    tag = "Models"

    @extend_schema(
        operation_id="get_model_version",
        summary="One model version",
        responses=ModelVersionSerializer,
    )
    def get(self, request: Request, version_id: int) -> Response:
        """A model version with its metrics."""
        return Response(ModelVersionSerializer(self.version(version_id)).data)


class ModelVersionPromoteView(AdministratorView):
    """Choosing what is served."""

    tag = "Models"
    post_problems = ("model_unusable",)

    @extend_schema(
        operation_id="promote_model_version",
        summary="Serve this model version",
        request=None,
        responses=ModelVersionSerializer,
    )
    def post(self, request: Request, version_id: int) -> Response:
        """Serve this version from now on. Promoting an older one is how to roll back."""
        self.no_body()
        version = self.version(version_id)
        try:
            registry.activate(version=version)
        except ActivationRefused as error:
            raise Problem("model_unusable", str(error)) from error
        return Response(ModelVersionSerializer(version).data)
