"""The evaluation of model versions, and the way back to the one before."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.examples import SERVER, answer
from catalog.api.export_views import FileRenderer
from catalog.api.problems import Problem
from recommender.api.admin_serializers import ModelVersionSerializer
from recommender.api.admin_views import AdministratorView
from recommender.services import registry, reports
from recommender.services.errors import ActivationRefused, NothingBefore

_SVG = "image/svg+xml"
_MEASURE: dict[str, Any] = {"name": "rmse", "value": 1.07, "low": 1.05, "high": 1.09}
_REPORT: dict[str, Any] = {
    "version": 3,
    "part": "test",
    "n_train_ratings": 416000,
    "n_test_ratings": 52000,
    "n_test_raters": 4980,
    "n_ranked_raters": 4710,
    "n_titles": 7390,
    "scores": [{"model": "best", "decoding": "default", "measures": [_MEASURE]}],
    "lists": [
        {
            "model": "for-you",
            "decoding": "",
            "measures": [{"name": "ndcg_at_10", "value": 0.4, "low": 0.39, "high": 0.41}],
        }
    ],
    "figures": [f"{SERVER}/api/v1/models/3/figures/calibration.svg"],
}
_COUNTS = (
    "n_train_ratings",
    "n_test_ratings",
    "n_test_raters",
    "n_ranked_raters",
    "n_titles",
)


class MeasureSerializer(serializers.Serializer[Any]):
    """One figure with its 95 % interval, where there is one."""

    name = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class MeasuredSerializer(serializers.Serializer[Any]):
    """What was measured of one model or baseline."""

    model = serializers.CharField()
    decoding = serializers.CharField(help_text="How scores are made of it; empty for lists.")
    measures = MeasureSerializer(many=True)


@extend_schema_serializer(examples=[answer(_REPORT)])
class ReportSerializer(serializers.Serializer[Any]):
    """How a version did on ratings that it had not seen, beside its baselines."""

    version = serializers.IntegerField()
    part = serializers.CharField(help_text="What was measured on; empty where it is not stored.")
    n_train_ratings = serializers.IntegerField(allow_null=True)
    n_test_ratings = serializers.IntegerField(allow_null=True)
    n_test_raters = serializers.IntegerField(allow_null=True)
    n_ranked_raters = serializers.IntegerField(allow_null=True)
    n_titles = serializers.IntegerField(allow_null=True)
    scores = MeasuredSerializer(many=True, help_text="How well scores are predicted.")
    lists = MeasuredSerializer(many=True, help_text="How good the lists are.")
    figures = serializers.ListField(
        child=serializers.URLField(), help_text="The addresses of the pictures."
    )


class ModelReportView(AdministratorView):
    """The evaluation of a version."""

    tag = "Models"

    @extend_schema(
        operation_id="get_model_report",
        summary="The evaluation of a model version",
        responses=ReportSerializer,
    )
    def get(self, request: Request, version_id: int) -> Response:
        """How a version did on ratings that it had not seen, beside its baselines.

        `metrics` of the version has all of it, by group and score.
        """
        version = self.version(version_id)
        metrics = version.metrics
        figures = [
            request.build_absolute_uri(reverse("api-model-figure", args=[version.pk, name]))
            for name in reports.figure_names(version)
        ]
        data = {
            "version": version.pk,
            "part": metrics.get("part", ""),
            **{name: metrics.get(name) for name in _COUNTS},
            "scores": reports.measured_scores(version),
            "lists": reports.measured_lists(version),
            "figures": figures,
        }
        return Response(ReportSerializer(data).data)


class ModelFigureView(AdministratorView):
    """A picture of an evaluation."""

    tag = "Models"

    def get_renderers(self) -> list[BaseRenderer]:
        """That of SVG."""
        return [FileRenderer(_SVG)]

    @extend_schema(
        operation_id="get_model_figure",
        summary="A picture of an evaluation",
        responses={
            (200, _SVG): OpenApiResponse(
                OpenApiTypes.STR,
                "The picture.",
                examples=[OpenApiExample("File", value="<svg>…</svg>", media_type=_SVG)],
            )
        },
    )
    def get(self, request: Request, version_id: int, name: str) -> HttpResponse:
        """A picture that the report of the version names."""
        text = reports.figure(self.version(version_id), name)
        if text is None:
            raise Problem("not_found", f"Version {version_id} has no figure {name}.")
        return HttpResponse(text, content_type=_SVG)


class ModelRollbackView(AdministratorView):
    """The way back."""

    tag = "Models"
    post_problems = ("model_unusable", "wrong_state")

    @extend_schema(
        operation_id="roll_back_model",
        summary="Serve the version before",
        request=None,
        responses=ModelVersionSerializer,
    )
    def post(self, request: Request) -> Response:
        """Serve the version again that was served before the active one."""
        self.no_body()
        try:
            version = registry.roll_back()
        except NothingBefore as error:
            raise Problem("wrong_state", str(error)) from error
        except ActivationRefused as error:
            raise Problem("model_unusable", str(error)) from error
        return Response(ModelVersionSerializer(version).data)
