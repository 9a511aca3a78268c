"""One's own list as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.text import get_valid_filename
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalog.api.base import ApiView
from catalog.services.list_files import EXPORTS
from catalog.services.ratings import rater_for

_EXAMPLES = {
    "application/xml": '<?xml version="1.0" encoding="UTF-8" ?>\n<myanimelist>…</myanimelist>\n',
    "application/gzip": "(the XML, compressed)",
    "text/csv": "anime_id,title,type,status,score,…\n9253,Steins;Gate,TV,completed,9,…\n",
    "application/json": '{"format": "osusume-list", "list": […]}',
}


class FileRenderer(BaseRenderer):
    """Names the media type that can be had; the file streams past it."""

    def __init__(self, media_type: str) -> None:
        self.media_type, _, _ = media_type.partition(";")
        self.format = self.media_type

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """What is there already."""
        return data


class ListExportView(ApiView):
    """A list as a file."""

    tag = "My files"

    def get_renderers(self) -> list[BaseRenderer]:
        """That of the file, so that a client who does not want it is told."""
        ending = getattr(self, "kwargs", {}).get("ending", "xml")
        return [FileRenderer(EXPORTS[ending].media_type)]

    @extend_schema(
        operation_id="export_my_list",
        summary="My list as a file",
        responses={
            (200, media_type): OpenApiResponse(
                OpenApiTypes.STR,
                "The file.",
                examples=[OpenApiExample("File", value=example, media_type=media_type)],
            )
            for media_type, example in _EXAMPLES.items()
        },
    )
    def get(self, request: Request, ending: str) -> StreamingHttpResponse:
        """Your whole list, adult titles included.

        `xml` and `xml.gz` are MyAnimeList's own export, `csv` is a table for a spreadsheet, `json`
        has everything that is known of the list. XML and JSON can be imported again.
        """
        kind, user = EXPORTS[ending], self.account
        name = get_valid_filename(f"osusume-{user.get_username()}-{timezone.localdate()}")
        chunks: Iterator[bytes] = kind.chunks(rater_for(user=user))
        return StreamingHttpResponse(
            chunks,
            content_type=kind.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}.{ending}"',
                "Cache-Control": "private, no-store",
            },
        )
