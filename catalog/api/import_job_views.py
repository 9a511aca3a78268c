"""Imports of the catalogue's files, for administrators: jobs of the workers."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.examples import answer, page
from catalog.api.fields import BodySerializer
from catalog.api.file_parsers import FormParser
from catalog.api.filters import PageQuery
from catalog.api.import_serializers import RejectsSerializer, rejects_of
from catalog.api.permissions import HasScope, IsAdministrator
from catalog.api.problems import Problem
from catalog.api.responses import LOCATION, created
from catalog.api.serializers import PageSerializer
from catalog.models import ImportJob
from catalog.selectors.files import catalogue_imports
from catalog.services import imports
from catalog.services.import_errors import IllegalMove
from catalog.tasks import enqueue_import

_KINDS = [(kind.value, kind.label) for kind in imports.CSV_KINDS]
# A job of this kind waits for nobody's decision.
_STATES = [state for state in ImportJob.State if state != ImportJob.State.AWAITING]
_JOB: dict[str, Any] = {
    "id": 5,
    "kind": "ratings",
    "state": "running",
    "file_name": "rating.csv",
    "requested_by": "admin",
    "rows_read": 120000,
    "rows_created": 98000,
    "rows_updated": 0,
    "rows_unchanged": 2000,
    "rows_rejected": 1,
    "error": "",
    "created_at": "2026-11-24T19:42:07.123456Z",
    "started_at": "2026-11-24T19:42:08.000001Z",
    "finished_at": None,
    "heartbeat_at": "2026-11-24T19:42:30.000001Z",
}
_JOB_DETAIL: dict[str, Any] = {
    **_JOB,
    "rejects": [
        {
            "reason": "rating is neither -1 nor 1 to 10",
            "count": 1,
            "samples": [{"line": 71, "text": "3,20,11"}],
        }
    ],
    "summary": {},
}


class ImportQuery(PageQuery):
    """Which jobs."""

    kind = serializers.ChoiceField(_KINDS, required=False, help_text="Only files of this kind.")
    state = serializers.ChoiceField(
        [(state.value, state.label) for state in _STATES],
        required=False,
        help_text="Only jobs in this state.",
    )


class ImportBody(BodySerializer):
    """A file of the catalogue."""

    kind = serializers.ChoiceField(_KINDS)
    file = serializers.FileField(
        allow_empty_file=True, help_text="`.csv`, `.csv.gz`, or a `.zip` with it."
    )


class ImportJobSerializer(serializers.Serializer[ImportJob]):
    """An import. A worker takes it up when its turn comes."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(_KINDS)
    state = serializers.ChoiceField(ImportJob.State.choices)
    file_name = serializers.CharField()
    requested_by = serializers.CharField(
        source="requested_by.username",
        default=None,
        allow_null=True,
        help_text="Null for an import by the command line.",
    )
    rows_read = serializers.IntegerField(help_text="How far the reading has come.")
    rows_created = serializers.IntegerField()
    rows_updated = serializers.IntegerField()
    rows_unchanged = serializers.IntegerField()
    rows_rejected = serializers.IntegerField()
    error = serializers.CharField(help_text="Why it failed; empty otherwise.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[page("imports/", _JOB)])
class ImportJobPage(PageSerializer):
    """Imports, the newest first."""

    results = ImportJobSerializer(many=True)


@extend_schema_serializer(examples=[answer(_JOB_DETAIL)])
class ImportJobDetailSerializer(ImportJobSerializer):
    """An import with the rows that it refused and the figures of its result."""

    rejects = RejectsSerializer(many=True)
    summary = serializers.DictField()


class ImportJobView(ApiView):
    """What the views of one import share."""

    permission_classes = (HasScope, IsAdministrator)
    tag = "Imports"

    def job(self, import_id: int) -> ImportJob:
        """The import of the address. People's own lists are none of them.

        Raises the problem ``not_found``.
        """
        job = catalogue_imports().filter(pk=import_id).first()
        if job is None:
            raise Problem("not_found", f"There is no import {import_id}.")
        return job

    def detail(self, job: ImportJob) -> dict[str, Any]:
        """The answer about an import."""
        return {
            **ImportJobSerializer(job).data,
            "rejects": rejects_of(job),
            "summary": job.summary,
        }


class ImportJobListView(ImportJobView):
    """Imports."""

    query_serializer = ImportQuery
    parser_classes = (FormParser,)

    @extend_schema(operation_id="list_imports", summary="Imports", responses=ImportJobPage)
    def get(self, request: Request) -> Response:
        """All imports of titles and ratings, the newest first."""
        given = {name: self.query[name] for name in ("kind", "state") if name in self.query}
        return Response(self.page(catalogue_imports().filter(**given), ImportJobSerializer))

    @extend_schema(
        operation_id="create_import",
        summary="Import a file",
        request={"multipart/form-data": ImportBody},
        responses={201: OpenApiResponse(ImportJobDetailSerializer, "The import waits its turn.")},
        parameters=[LOCATION],
    )
    def post(self, request: Request) -> Response:
        """Upload `anime.csv` or `rating.csv` and queue its import.

        What the file holds is checked by the worker: the job says what came of it.
        """
        body = self.body(ImportBody)
        upload: UploadedFile[bytes] = body["file"]
        job = enqueue_import(
            kind=ImportJob.Kind(body["kind"]), upload=upload, requested_by=self.account
        )
        return created(request, self.detail(job), name="api-import", import_id=job.pk)


class ImportJobDetailView(ImportJobView):
    """One import."""

    @extend_schema(
        operation_id="get_import", summary="One import", responses=ImportJobDetailSerializer
    )
    def get(self, request: Request, import_id: int) -> Response:
        """An import with its progress, and the first rows that it refused."""
        return Response(self.detail(self.job(import_id)))


class ImportJobCancelView(ImportJobView):
    """Cancelling an import."""

    post_problems = ("wrong_state",)

    @extend_schema(
        operation_id="cancel_import",
        summary="Cancel an import",
        request=None,
        responses=ImportJobDetailSerializer,
    )
    def post(self, request: Request, import_id: int) -> Response:
        """Cancel an import; a running one stops before its next batch, and keeps what it wrote."""
        self.no_body()
        job = self.job(import_id)
        try:
            imports.cancel(job=job)
        except IllegalMove as error:
            raise Problem("wrong_state", str(error)) from error
        return Response(self.detail(job))
