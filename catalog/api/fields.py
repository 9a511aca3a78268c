"""Serializer fields and bases that take exactly what the schema says.

REST framework's own fields are made for HTML forms: they take "9" for 9, 1 for true, 5 for "5",
and serializers overlook what they do not know. A client's mistake would pass unseen.
"""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from catalog.api.problems import BODY

_DIGITS = re.compile(r"-?[0-9]{1,20}", re.ASCII)

MAX_INTEGER = 2_147_483_647


class IntegerField(serializers.IntegerField):
    """A JSON number without a fraction."""

    def to_internal_value(self, data: Any) -> int:
        """The number; text and booleans are refused."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, float) and not data.is_integer():
            self.fail("invalid")
        return int(data)


class QueryIntegerField(serializers.IntegerField):
    """A query parameter of digits; Python would take "1_0" and " 5" as well."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if not _DIGITS.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class BooleanField(serializers.BooleanField):
    """JSON's true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """The truth value; numbers and text are refused."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StringField(serializers.CharField):
    """A JSON string, taken as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The text; numbers are refused."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class BodySerializer(serializers.Serializer[Any]):
    """The base of what a request's body may hold: an object with known fields only."""

    default_error_messages = {  # noqa: RUF012 - REST framework's declaration of it
        "invalid": "The body must be a JSON object, not {datatype}."
    }

    def to_internal_value(self, data: Any) -> Any:
        """The checked fields. Raises ValidationError, naming fields that are not known."""
        if isinstance(data, Mapping):
            _refuse_unknown(data, self.fields, "field", "fields")
        return super().to_internal_value(data)


class QuerySerializer(serializers.Serializer[Any]):
    """The base of what a request's query may hold: known parameters only, each once."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked parameters. Raises ValidationError."""
        _refuse_unknown(data, self.fields, "query parameter", "query parameters")
        repeated = [name for name in data if len(data.getlist(name)) > 1]
        if repeated:
            raise serializers.ValidationError(
                {name: [ErrorDetail("Give it only once.", "repeated")] for name in repeated}
            )
        # As a plain mapping: of a form's, REST framework would take an empty value for none.
        return super().to_internal_value({name: data[name] for name in data})


def _refuse_unknown(
    data: Mapping[str, Any], fields: Mapping[str, Any], singular: str, plural: str
) -> None:
    unknown = [name for name in data if name not in fields]
    if not unknown:
        return
    known = f"Known {plural}: {', '.join(fields)}." if fields else f"There are no {plural} here."
    raise serializers.ValidationError(
        {
            str(name) or BODY: [ErrorDetail(f"There is no {singular} {name!r}. {known}", "unknown")]
            for name in unknown
        }
    )
