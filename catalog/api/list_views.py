"""A person's own list: ratings, and what they are not interested in."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import selectors
from catalog.api.base import ApiView
from catalog.api.filters import PageQuery, RatingQuery
from catalog.api.problems import Problem, invalid
from catalog.api.serializers import (
    DismissalPage,
    DismissalSerializer,
    RatingPage,
    RatingSerializer,
    RatingWriteSerializer,
)
from catalog.models import Anime, Rating
from catalog.services import ratings

_TAG = "My list"


class RatingListView(ApiView):
    """The account's list."""

    tag = _TAG
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


class RatingView(ApiView):
    """One title on the account's list."""

    tag = _TAG

    @extend_schema(
        operation_id="get_my_rating", summary="One title on my list", responses=RatingSerializer
    )
    def get(self, request: Request, anime_id: int) -> Response:
        """What you have done with a title. 404 also when it is not on your list."""
        rating = self._rating(self.anime(anime_id))
        if rating is None:
            raise _not_listed(anime_id)
        return Response(RatingSerializer(rating).data)

    @extend_schema(
        operation_id="put_my_rating",
        summary="Score a title, or put it on my list",
        request=RatingWriteSerializer,
        responses={
            200: OpenApiResponse(RatingSerializer, "It was on your list, and is changed."),
            201: OpenApiResponse(RatingSerializer, "It is on your list now."),
        },
    )
    def put(self, request: Request, anime_id: int) -> Response:
        """Write your score, status or episodes; any one of them will do.

        What is left out keeps its value. A title that is new on your list is `completed` unless
        you say otherwise. `score: null` takes the score back. A title that is only planned has
        no score: planning one takes it back, and scoring a planned one makes it `completed`.
        """
        anime = self.anime(anime_id)
        created = self._rating(anime) is None
        return self._write(anime, status=201 if created else 200)

    @extend_schema(
        operation_id="patch_my_rating",
        summary="Change a title on my list",
        request=RatingWriteSerializer,
        responses=RatingSerializer,
    )
    def patch(self, request: Request, anime_id: int) -> Response:
        """As PUT, but only for a title that is on your list already."""
        anime = self.anime(anime_id)
        if self._rating(anime) is None:
            raise _not_listed(anime_id)
        return self._write(anime, status=200)

    @extend_schema(
        operation_id="delete_my_rating",
        summary="Take a title off my list",
        responses={204: OpenApiResponse(description="It is off your list.")},
    )
    def delete(self, request: Request, anime_id: int) -> Response:
        """Take the title off your list, with its score."""
        anime, rater = self.anime(anime_id), selectors.rater_of(self.account)
        if rater is None or not ratings.remove(rater=rater, anime=anime):
            raise _not_listed(anime_id)
        return Response(status=204)

    def _rating(self, anime: Anime) -> Rating | None:
        rater = selectors.rater_of(self.account)
        rating = selectors.ratings_by_title(rater=rater, anime_ids=[anime.pk]).get(anime.pk)
        if rating is not None:
            rating.anime = anime
        return rating

    def _write(self, anime: Anime, *, status: int) -> Response:
        changes = self.body(RatingWriteSerializer)
        rater = ratings.rater_for(user=self.account)
        try:
            rating = ratings.rate(rater=rater, anime=anime, **changes)
        except ratings.InvalidRating as error:
            raise invalid(error.field, str(error)) from error
        return Response(RatingSerializer(rating).data, status=status)


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
