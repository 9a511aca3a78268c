"""Requests to the API that must not be carried out twice."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class IdempotentRequest(models.Model):
    """A request with an ``Idempotency-Key``, and its answer once it is carried out.

    ``answer_status`` is NULL while the request is under way. The answer is committed together with
    what the request has written, so either both are there or neither.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    operation = models.CharField(max_length=300, help_text="Method and path.")
    body_hash = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    answer_status = models.PositiveSmallIntegerField(null=True)
    # The text as it was sent: a JSON column would not keep the order of the fields.
    answer = models.TextField(blank=True)
    location = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_index=True)
    # When whoever carries it out took it up. Another one may take it over when that is long ago.
    claimed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotent_request_unique")
        ]

    def __str__(self) -> str:
        return f"{self.operation} with the key {self.key}"
