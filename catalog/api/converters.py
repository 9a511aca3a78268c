"""What may stand in an address: anything else is no address of the API."""

from django.urls.converters import IntConverter, StringConverter


class IdConverter(IntConverter):
    """An id that fits the database's integers, so that a longer number is just not found."""

    regex = "[0-9]{1,9}"


class ListFileConverter(StringConverter):
    """The ending of a file that a list can be exported as."""

    regex = r"xml\.gz|xml|csv|json"


class TokenKeyConverter(StringConverter):
    """The first characters of a token."""

    regex = "[0-9a-f]{15}"
