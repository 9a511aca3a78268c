"""Entity tags: what is unchanged is not sent again, and nobody overwrites what they have not seen.

A tag of the catalogue is weak: it names the state that an answer is made of, whatever its bytes.
A tag of a list's entry is a hash of the entry itself.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.http import parse_etags
from rest_framework.request import Request

from catalog.api.problems import Problem
from catalog.api.serializers import RatingSerializer
from catalog.models import Rating

# The client may keep the answer, and has to ask each time whether it still holds.
REVALIDATE: Final = {"Cache-Control": "private, no-cache"}


def weak_tag(request: Request, *state: object) -> str:
    """The tag of an answer that is made of this state, with the version of the API's form."""
    form = settings.SPECTACULAR_SETTINGS["VERSION"]
    return f'W/"{_hash([form, request.build_absolute_uri(), *state])}"'


def rating_tag(rating: Rating) -> str:
    """The tag of an entry of a list, as the API shows it."""
    return f'"{_hash(RatingSerializer(rating).data)}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has the answer with this tag already (``If-None-Match``)."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return known == ["*"] or _opaque(tag) in map(_opaque, known)


def check_preconditions(request: Request, rating: Rating | None) -> None:
    """Compare ``If-Match`` and ``If-None-Match`` with an entry, or with its absence.

    Of ``If-Match`` only what is between the quotes counts: whoever compresses an answer on its way
    makes its tag a weak one. Raises the problem ``precondition_failed``.
    """
    wanted, unwanted = (
        None if text is None else parse_etags(text)
        for text in (request.headers.get(name) for name in ("If-Match", "If-None-Match"))
    )
    if wanted is not None and not _matches(rating, wanted):
        raise Problem("precondition_failed")
    if unwanted is not None and _matches(rating, unwanted):
        raise Problem("precondition_failed", "The title is on your list already.")


def preconditions(request: Request) -> Callable[[Rating | None], None]:
    """The request's conditions, to be checked while nobody else can change the entry."""
    return lambda rating: check_preconditions(request, rating)


def _matches(rating: Rating | None, tags: list[str]) -> bool:
    if rating is None:
        return False
    return tags == ["*"] or _opaque(rating_tag(rating)) in map(_opaque, tags)


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def _hash(value: Any) -> str:
    text = json.dumps(value, cls=DjangoJSONEncoder, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:32]
