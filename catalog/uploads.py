"""A limit for uploaded files, for pages and API alike."""

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


class UploadLimit(FileUploadHandler):
    """Stops to store an upload that is above a limit, whatever length it has announced.

    It has to stand ahead of the handlers that store (``request.upload_handlers``) before anything
    reads the form, and checking its token does.
    """

    def __init__(self, request: HttpRequest, *, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.is_exceeded = False
        self._seen = 0

    @property
    def announced(self) -> int | None:
        """The length of the request as it was announced, if that is above the limit at all."""
        meta = self.request.META if self.request else {}
        length = meta.get("CONTENT_LENGTH") or ""
        return int(length) if length.isdecimal() and int(length) > self.limit else None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count, and leave the storing to the handlers behind this one."""
        self._seen += len(raw_data)
        if self._seen > self.limit:
            self.is_exceeded = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int | None) -> None:
        """The handlers behind this one have the file."""
