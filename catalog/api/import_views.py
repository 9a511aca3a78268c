"""Importing a list: the file is read, shows what it would change, and waits for a decision."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.file_parsers import LIST_PARSERS
from catalog.api.filters import PageQuery
from catalog.api.import_serializers import (
    CONFLICTS,
    DecisionSerializer,
    ListImportDetailSerializer,
    ListImportPage,
    ListImportSerializer,
    ListUploadSerializer,
    import_detail,
)
from catalog.api.problems import Problem
from catalog.api.responses import LOCATION, created
from catalog.models import ImportJob
from catalog.selectors.files import every_list_import, list_import
from catalog.services import mal_import
from catalog.services.import_errors import IllegalMove, ImportFailed
from catalog.services.mal_files import MAX_UPLOAD_BYTES, too_large
from catalog.uploads import UploadLimit

_TAG = "My files"
_DECIDED = "This file has been decided on already."


class ListImportView(ApiView):
    """What the views of one import share."""

    tag = _TAG

    def job(self, job_id: int) -> ImportJob:
        """The account's import of the address. Raises the problem ``not_found``."""
        job = list_import(user=self.account, job_id=job_id)
        if job is None:
            raise Problem("not_found", f"You have no import {job_id}.")
        return job

    def detail(self, job: ImportJob) -> dict[str, Any]:
        """The answer about an import. Raises the problem ``wrong_state`` when its file is gone."""
        found = None
        if job.state == ImportJob.State.AWAITING:
            try:
                found = mal_import.preview(job=job)
            except ImportFailed as error:
                raise Problem("wrong_state", str(error)) from error
        return import_detail(job, found, show_adult=self.show_adult)


class ListImportListView(ListImportView):
    """The account's imports."""

    query_serializer = PageQuery
    throttle_scope = "import"
    parser_classes = LIST_PARSERS
    post_problems = ("unreadable_file",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Limit an upload before anything reads it; checking the CSRF token does."""
        self.limit = UploadLimit(request._request, limit=MAX_UPLOAD_BYTES)  # noqa: SLF001 - Django's
        if request.method == "POST":
            request.upload_handlers.insert(0, self.limit)
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="list_my_imports", summary="My imported files", responses=ListImportPage
    )
    def get(self, request: Request) -> Response:
        """The list files that you have imported, the newest first."""
        jobs = every_list_import(user=self.account)
        return Response(self.page(jobs, ListImportSerializer))

    @extend_schema(
        operation_id="create_my_import",
        summary="Upload a list",
        request={
            "multipart/form-data": ListUploadSerializer,
            "application/xml": OpenApiTypes.BINARY,
            "application/gzip": OpenApiTypes.BINARY,
            "application/json": OpenApiTypes.BINARY,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        responses={201: OpenApiResponse(ListImportDetailSerializer, "It waits for a decision.")},
        parameters=[LOCATION],
    )
    def post(self, request: Request) -> Response:
        """Upload an export of MyAnimeList or of this site, and see what it would change.

        The file is a form's field `file`, or the body itself; what it is shows in its content.
        Nothing is written to your list before you apply it. It waits for a day; of more than three
        files that wait the oldest is cancelled.
        """
        file = self._file(request)
        try:
            job = mal_import.upload(user=self.account, file=file)
        except ImportFailed as error:
            raise Problem("unreadable_file", str(error)) from error
        finally:
            file.close()
        return created(request, self.detail(job), name="api-list-import", job_id=job.pk)

    def _file(self, request: Request) -> "UploadedFile[bytes]":
        fields = request.data  # this reads the body
        if self.limit.is_exceeded:
            raise Problem("body_too_large", str(too_large(self.limit.announced)))
        serializer = ListUploadSerializer(data=fields)
        serializer.is_valid(raise_exception=True)
        file: UploadedFile[bytes] = serializer.validated_data["file"]
        return file


class ListImportDetailView(ListImportView):
    """One of the account's imports."""

    get_problems = ("wrong_state",)
    delete_problems = ("wrong_state",)

    @extend_schema(
        operation_id="get_my_import",
        summary="One imported file",
        responses=ListImportDetailSerializer,
    )
    def get(self, request: Request, job_id: int) -> Response:
        """What a waiting file would change on your list as it is now, or what was done with it."""
        return Response(self.detail(self.job(job_id)))

    @extend_schema(
        operation_id="cancel_my_import",
        summary="Forget an uploaded file",
        responses={204: OpenApiResponse(description="Your list stays as it is.")},
    )
    def delete(self, request: Request, job_id: int) -> Response:
        """Forget a waiting file. One that was applied stays in the list of imports."""
        try:
            mal_import.discard(job=self.job(job_id))
        except IllegalMove as error:
            raise Problem("wrong_state", _DECIDED) from error
        return Response(status=204)


class ListImportApplyView(ListImportView):
    """The decision on an uploaded file."""

    post_problems = ("wrong_state",)

    @extend_schema(
        operation_id="apply_my_import",
        summary="Import an uploaded file",
        request=DecisionSerializer,
        responses=ListImportDetailSerializer,
    )
    def post(self, request: Request, job_id: int) -> Response:
        """Write a waiting file to your list: all of it, or nothing.

        `conflicts` says whose word counts for titles that are on your list and differ.
        """
        job, body = self.job(job_id), self.body(DecisionSerializer)
        try:
            job = mal_import.apply(
                job=job, choice=CONFLICTS[body["conflicts"]], otherwise=body["otherwise"]
            )
        except IllegalMove as error:
            raise Problem("wrong_state", _DECIDED) from error
        except ImportFailed as error:
            raise Problem("wrong_state", str(error)) from error
        return Response(self.detail(job))
