"""The filters that are kept with an account, for the lists of the site."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.selectors import profile_of
from recommender.api.filter_bodies import ListFiltersBody, body_of_filters, filters_of_body
from recommender.services.list_filters import ListFilters, keep_filters


class ListFiltersView(ApiView):
    """The kept filters."""

    tag = "Recommendations"

    @extend_schema(
        operation_id="get_my_list_filters", summary="My kept filters", responses=ListFiltersBody
    )
    def get(self, request: Request) -> Response:
        """The filters that the site's lists open with.

        `me/recommendations/` does not use them: it has only what is in the address.
        """
        kept = ListFilters.from_dict(profile_of(self.account).list_filters)
        return Response(body_of_filters(kept))

    @extend_schema(
        operation_id="put_my_list_filters",
        summary="Keep filters",
        request=ListFiltersBody,
        responses=ListFiltersBody,
    )
    def put(self, request: Request) -> Response:
        """Keep these filters instead; what is left out is as by default, `{}` keeps none."""
        body: dict[str, Any] = self.body(ListFiltersBody)
        filters = filters_of_body(body)
        keep_filters(user=self.account, filters=filters)
        return Response(body_of_filters(filters))
