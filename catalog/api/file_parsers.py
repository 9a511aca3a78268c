"""Uploaded files: in a form, or as the body itself.

A file in the body is stored as it comes, and given up at the limit; :class:`catalog.uploads.
UploadLimit` does the same for a form.
"""

from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from catalog.api.problems import BODY, Problem, invalid
from catalog.services.mal_files import CHUNK_BYTES, MAX_UPLOAD_BYTES, MEGABYTE, too_large


class FormParser(MultiPartParser):
    """``multipart/form-data``; a form that cannot be read is no broken JSON."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The fields and files of the form. Raises Problem."""
        try:
            return super().parse(stream, media_type, parser_context)
        except ParseError as error:
            raise invalid(BODY, str(error.detail)) from error


class ListFileParser(BaseParser):
    """A list file of any kind: what it is shows in its first bytes."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, "UploadedFile[bytes]"]:
        """The body as the field ``file``. Raises the problem ``body_too_large``."""
        # Closed by the view, or with the file.
        file = SpooledTemporaryFile(max_size=MEGABYTE)  # noqa: SIM115
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_UPLOAD_BYTES:
                file.close()
                raise Problem("body_too_large", str(too_large(None)))
            file.write(chunk)
        file.seek(0)
        name = _file_name(parser_context or {})
        return {"file": UploadedFile(cast(IO[bytes], file), name=name, size=size)}


class XmlParser(ListFileParser):
    """MyAnimeList's own export."""

    media_type = "application/xml"


class GzipParser(ListFileParser):
    """An export that is compressed."""

    media_type = "application/gzip"


class ListJsonParser(ListFileParser):
    """Our own export."""

    media_type = "application/json"


LIST_PARSERS = (FormParser, XmlParser, GzipParser, ListJsonParser, ListFileParser)


def _file_name(context: Mapping[str, Any]) -> str:
    """The name that ``Content-Disposition`` gives the file."""
    request = context.get("request")
    header = request.headers.get("Content-Disposition", "") if request is not None else ""
    _, options = parse_header_parameters(header)
    return options.get("filename") or "upload"
