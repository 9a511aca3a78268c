"""What all views of the API share: refusing what is not known, and who is asking."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponseNotModified
from django.http.response import HttpResponseBase
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.conditional import REVALIDATE, is_known
from catalog.api.fields import BodySerializer, QuerySerializer
from catalog.api.paging import keyset_page, page_address
from catalog.api.problems import Problem
from catalog.models import Anime, User
from catalog.selectors import profile_of, visible_anime


class ApiView(APIView):
    """A view of the API.

    ``query`` holds the query parameters of a GET, checked by ``query_serializer``; other methods
    take none. ``public`` views can be read without an account; where ``posting_reads`` is set, a
    POST only asks what does not fit into an address, and counts as reading. ``delete_body`` is
    what a DELETE has to hold, if anything. What is costly has a ``throttle_scope``, a limit of its
    own for POST and PUT, by name. For the schema, ``is_tagged`` says that GET answers with an
    entity tag, ``tag`` is the view's group, and ``get_problems``, ``post_problems`` ... name the
    problems that only this method can answer with.
    """

    # No OPTIONS: the schema describes the API.
    http_method_names = ("get", "post", "put", "patch", "delete", "head")
    public: ClassVar[bool] = False
    posting_reads: ClassVar[bool] = False
    delete_body: ClassVar[type[BodySerializer] | None] = None
    throttle_scope: ClassVar[str] = ""
    is_tagged: ClassVar[bool] = False
    tag: ClassVar[str]
    query_serializer: ClassVar[type[QuerySerializer]] = QuerySerializer

    query: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check everything about the request but its body."""
        method = str(request.method)
        if method not in self.allowed_methods:
            # Ahead of the rights: that there is no such method is no secret.
            raise exceptions.MethodNotAllowed(method)
        try:
            super().initial(request, *args, **kwargs)
        except (exceptions.AuthenticationFailed, exceptions.NotAuthenticated):
            # REST framework counts only whom it lets in; whoever tries tokens counts as well.
            self.check_throttles(request)
            raise
        known = self.query_serializer if method in ("GET", "HEAD") else QuerySerializer
        query = known(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.query = query.validated_data

    @property
    def account(self) -> User:
        """Whose request it is, in views that nobody reaches without an account."""
        user = self.request.user
        if not isinstance(user, User):
            raise exceptions.NotAuthenticated
        return user

    @property
    def show_adult(self) -> bool:
        """Whether the reader is shown adult titles."""
        return profile_of(self.request.user).show_adult

    def body(self, serializer_class: type[BodySerializer]) -> dict[str, Any]:
        """The checked body. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, Any] = serializer.validated_data
        return checked

    def no_body(self) -> None:
        """Refuse a body with anything in it."""
        if self.request.data:
            self.body(BodySerializer)

    def anime(self, anime_id: int) -> Anime:
        """The title of the address with its genres, if the reader is shown it.

        Raises the problem ``not_found``.
        """
        anime = visible_anime(anime_id=anime_id, show_adult=self.show_adult)
        if anime is None:
            raise Problem("not_found", f"There is no title {anime_id}.")
        return anime

    def tagged(self, tag: str, make: Callable[[], Any]) -> HttpResponseBase:
        """What ``make`` gives under an entity tag; 304 if the client has that already."""
        headers = {"ETag": tag, **REVALIDATE}
        if is_known(self.request, tag):
            return HttpResponseNotModified(headers=headers)
        return Response(make(), headers=headers)

    def page(
        self, queryset: QuerySet[Any], serializer_class: type[serializers.Serializer[Any]]
    ) -> dict[str, Any]:
        """The page of an ordered query that ``limit`` and ``cursor`` ask for."""
        found = keyset_page(
            queryset, limit=self.query["limit"], cursor=self.query.get("cursor", "")
        )
        return {
            "next": page_address(self.request, found.next),
            "previous": page_address(self.request, found.previous),
            "results": serializer_class(found.rows, many=True).data,
        }
