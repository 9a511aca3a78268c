"""A person's own list: ratings, and what they are not interested in."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import selectors
from catalog.api import idempotency
from catalog.api.base import ApiView
from catalog.api.bulk_serializers import (
    EXAMPLES,
    MAX_ENTRIES,
    EntriesPutSerializer,
    RatingEntrySerializer,
)
from catalog.api.conditional import check_preconditions, preconditions, rating_tag
from catalog.api.filters import PageQuery, RatingQuery
from catalog.api.problems import FieldError, Problem, invalid
from catalog.api.serializers import (
    DismissalPage,
    DismissalSerializer,
    RatingPage,
    RatingSerializer,
    RatingWriteSerializer,
)
from catalog.models import Rating
from catalog.services import ratings
from catalog.services.bulk_ratings import EntryChange, InvalidEntries, put_entries

_TAG = "My list"
_CONDITIONS = [
    OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        description="The ETag of the entry as you know it, `*` for any: nothing is changed, and "
        "the answer is 412, if it is another one by now or gone.",
    ),
    OpenApiParameter(
        "If-None-Match",
        str,
        OpenApiParameter.HEADER,
        description="`*`: only if the title is not on your list.",
    ),
]
_ENTRY_TAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="The entry as it is now, for If-Match.",
    response=["200", "201"],
)


class RatingListView(ApiView):
    """The account's list."""

    tag = _TAG
    put_problems = idempotency.PROBLEMS
    query_serializer = RatingQuery

    @extend_schema(operation_id="list_my_ratings", summary="My list", responses=RatingPage)
    def get(self, request: Request) -> Response:
        """The titles on your list, the last changed first.

        Adult titles are left out unless your settings show them.
        """
        query = self.query
        status = query.get("status")
        rows = selectors.my_list(
            rater=selectors.rater_of(self.account),
            show_adult=self.show_adult,
            status=Rating.Status.from_slug(status) if status else None,
            order=query["ordering"],
        )
        return Response(self.page(rows, RatingSerializer))

    @extend_schema(
        operation_id="put_my_ratings",
        summary="Put many titles on my list",
        request=RatingEntrySerializer(many=True, max_length=MAX_ENTRIES),  # type: ignore[call-arg]  # the list's
        responses=EntriesPutSerializer,
        parameters=[idempotency.PARAMETER],
        examples=EXAMPLES,
    )
    def put(self, request: Request) -> Response | HttpResponse:
        """Write many entries, at most 1,000, each as PUT of one would; others stay as they are.

        All of them are written or none. Entries that cannot be are named in `errors` by their
        place, as `0.score`. With an `Idempotency-Key` a request can be repeated until it is
        answered: it is carried out once.
        """
        entries = RatingEntrySerializer(
            data=request.data,
            many=True,
            max_length=MAX_ENTRIES,  # type: ignore[call-arg]  # the list's
            allow_empty=False,
        )
        entries.is_valid(raise_exception=True)
        changes: dict[int, EntryChange] = entries.validated_data
        return idempotency.answer_once(request, self.account, lambda: self._put(changes))

    def _put(self, changes: dict[int, EntryChange]) -> Response:
        rater = ratings.rater_for(user=self.account)
        try:
            done = put_entries(rater=rater, changes=changes, show_adult=self.show_adult)
        except InvalidEntries as error:
            places = {anime_id: place for place, anime_id in enumerate(changes)}
            raise Problem(
                "invalid_request",
                str(error),
                errors=[
                    FieldError(f"{places[anime_id]}.{wrong.field}", "invalid", str(wrong))
                    for anime_id, wrong in error.errors.items()
                ],
            ) from error
        return Response(EntriesPutSerializer(done).data)


class RatingView(ApiView):
    """One title on the account's list."""

    tag = _TAG
    is_tagged = True
    put_problems = patch_problems = delete_problems = ("precondition_failed",)

    @extend_schema(
        operation_id="get_my_rating", summary="One title on my list", responses=RatingSerializer
    )
    def get(self, request: Request, anime_id: int) -> HttpResponseBase:
        """What you have done with a title. 404 also when it is not on your list."""
        anime, rater = self.anime(anime_id), selectors.rater_of(self.account)
        rating = selectors.ratings_by_title(rater=rater, anime_ids=[anime.pk]).get(anime.pk)
        if rating is None:
            raise _not_listed(anime_id)
        rating.anime = anime
        return self.tagged(rating_tag(rating), lambda: RatingSerializer(rating).data)

    @extend_schema(
        operation_id="put_my_rating",
        summary="Score a title, or put it on my list",
        request=RatingWriteSerializer,
        responses={
            200: OpenApiResponse(RatingSerializer, "It was on your list, and is changed."),
            201: OpenApiResponse(RatingSerializer, "It is on your list now."),
        },
        parameters=[*_CONDITIONS, _ENTRY_TAG],
    )
    def put(self, request: Request, anime_id: int) -> Response:
        """Write your score, status or episodes; any one of them will do.

        What is left out keeps its value. A title that is new on your list is `completed` unless
        you say otherwise. `score: null` takes the score back. A title that is only planned has
        no score: planning one takes it back, and scoring a planned one makes it `completed`.
        """
        return self._write(anime_id)

    @extend_schema(
        operation_id="patch_my_rating",
        summary="Change a title on my list",
        request=RatingWriteSerializer,
        responses=RatingSerializer,
        parameters=[*_CONDITIONS, _ENTRY_TAG],
    )
    def patch(self, request: Request, anime_id: int) -> Response:
        """As PUT, but only for a title that is on your list already."""
        return self._write(anime_id, must_be_listed=True)

    @extend_schema(
        operation_id="delete_my_rating",
        summary="Take a title off my list",
        responses={204: OpenApiResponse(description="It is off your list.")},
        parameters=_CONDITIONS,
    )
    def delete(self, request: Request, anime_id: int) -> Response:
        """Take the title off your list, with its score."""
        anime, rater = self.anime(anime_id), selectors.rater_of(self.account)
        if rater is None:
            raise _not_listed(anime_id)
        if not ratings.remove(rater=rater, anime=anime, precondition=preconditions(request)):
            raise _not_listed(anime_id)
        return Response(status=204)

    def _write(self, anime_id: int, *, must_be_listed: bool = False) -> Response:
        anime = self.anime(anime_id)
        changes = self.body(RatingWriteSerializer)
        found: list[Rating | None] = []

        def precondition(rating: Rating | None) -> None:
            if rating is None and must_be_listed:
                raise _not_listed(anime_id)
            check_preconditions(self.request, rating)
            found.append(rating)

        rater = ratings.rater_for(user=self.account)
        try:
            rating = ratings.rate(rater=rater, anime=anime, precondition=precondition, **changes)
        except ratings.InvalidRating as error:
            raise invalid(error.field, str(error)) from error
        status = 201 if found == [None] else 200
        headers = {"ETag": rating_tag(rating)}
        return Response(RatingSerializer(rating).data, status=status, headers=headers)


class DismissalListView(ApiView):
    """What the account is not interested in."""

    tag = _TAG
    query_serializer = PageQuery

    @extend_schema(
        operation_id="list_my_dismissals", summary="Not interested", responses=DismissalPage
    )
    def get(self, request: Request) -> Response:
        """Titles that are never recommended to you, the latest first."""
        rows = selectors.dismissals(
            rater=selectors.rater_of(self.account), show_adult=self.show_adult
        )
        return Response(self.page(rows, DismissalSerializer))


class DismissalView(ApiView):
    """Whether the account is not interested in a title."""

    tag = _TAG

    @extend_schema(
        operation_id="put_my_dismissal",
        summary="Never recommend this title to me",
        request=None,
        responses={204: OpenApiResponse(description="It is not recommended to you any more.")},
    )
    def put(self, request: Request, anime_id: int) -> Response:
        """Never recommend this title again. It takes no body; repeating it does no harm."""
        self.no_body()
        anime = self.anime(anime_id)
        ratings.dismiss(rater=ratings.rater_for(user=self.account), anime=anime)
        return Response(status=204)

    @extend_schema(
        operation_id="delete_my_dismissal",
        summary="This title may be recommended to me again",
        responses={204: OpenApiResponse(description="It may be recommended to you again.")},
    )
    def delete(self, request: Request, anime_id: int) -> Response:
        """Take a "not interested" back."""
        anime, rater = self.anime(anime_id), selectors.rater_of(self.account)
        if rater is None or not ratings.undo_dismissal(rater=rater, anime=anime):
            raise Problem("not_found", f"You have not dismissed title {anime_id}.")
        return Response(status=204)


def _not_listed(anime_id: int) -> Problem:
    return Problem("not_found", f"Title {anime_id} is not on your list.")
