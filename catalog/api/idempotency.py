"""The header ``Idempotency-Key``: a request that is repeated is answered, not done again."""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.problems import Problem, invalid
from catalog.models import User
from catalog.services.idempotency import Answer, KeyReused, RequestUnderWay, carry_out

HEADER: Final = "Idempotency-Key"
PROBLEMS: Final = ("request_under_way", "idempotency_key_reused")
PARAMETER: Final = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A text of your choice for this request, such as a UUID, 1 to 255 visible ASCII "
    "characters, in quotes or not. A repeat with the same key and body is answered as the first "
    "one was, for 24 hours.",
)
_KEY: Final = re.compile(r'"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


def answer_once(
    request: Request, user: User, work: Callable[[], Response]
) -> Response | HttpResponse:
    """The answer of ``work``, or that of the first request with this key.

    Without the header, ``work`` is simply called. A problem that it raises is not kept.
    """
    if HEADER not in request.headers:
        return work()
    match = _KEY.fullmatch(request.headers[HEADER])
    if match is None:
        raise invalid(HEADER, "A key has 1 to 255 visible ASCII characters, in quotes or not.")

    def rendered() -> Answer:
        response = work()
        text = JSONRenderer().render(response.data).decode()
        return Answer(response.status_code, text, response.headers.get("Location", ""))

    try:
        answer = carry_out(
            user=user,
            key=match[1] or match[2],
            operation=f"{request.method} {request.path}",
            # Of what the body says: spacing and the order of the fields do not matter.
            body_hash=sha256(json.dumps(request.data, sort_keys=True).encode()).hexdigest(),
            work=rendered,
        )
    except KeyReused as error:
        raise Problem("idempotency_key_reused") from error
    except RequestUnderWay as error:
        raise Problem("request_under_way", wait=1) from error
    headers = {"Location": answer.location} if answer.location else {}
    return HttpResponse(
        answer.text, status=answer.status, content_type="application/json", headers=headers
    )
