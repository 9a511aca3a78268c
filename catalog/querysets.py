"""The queries that have a name of their own, on the models that they are about."""

from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Q, QuerySet

if TYPE_CHECKING:
    from catalog.models import Anime, Rater, Rating, User  # noqa: F401 - used in annotations


class AnimeQuerySet(QuerySet["Anime"]):
    """Titles."""

    def complete(self) -> Self:
        """Titles with no missing field: the reference system's 11,830."""
        genres = self.model.genres.through.objects.filter(anime_id=OuterRef("pk"))
        return self.filter(
            Exists(genres),
            type__isnull=False,
            episodes__isnull=False,
            mean_score__isnull=False,
        )

    def visible(self, *, show_adult: bool) -> Self:
        """Titles that somebody with this adult setting is shown."""
        return self if show_adult else self.filter(is_adult=False)

    def by_popularity(self) -> Self:
        """Most members first, ties by id."""
        return self.order_by("-members", "pk")


class RaterQuerySet(QuerySet["Rater"]):
    """Raters."""

    def simulated(self) -> Self:
        """Raters of the demo set: nobody's real opinion."""
        return self.filter(source="demo")

    def real(self) -> Self:
        """Raters who came with data or have an account."""
        return self.exclude(source="demo")

    def of_user(self, user: "User") -> Self:
        """The rater of an account (none or one)."""
        return self.filter(user=user)


class RatingQuerySet(QuerySet["Rating"]):
    """Ratings."""

    def watched(self) -> Self:
        """Every status but plan-to-watch: what counts as seen and trains a ranker."""
        return self.exclude(status=self.model.Status.PLAN_TO_WATCH)

    def scored(self) -> Self:
        """Rows with a score: the only labels."""
        return self.watched().filter(score__isnull=False)

    def simulated(self) -> Self:
        """Ratings of simulated raters."""
        return self.filter(rater__source="demo")

    def real(self) -> Self:
        """Ratings of raters who came with data or have an account."""
        return self.filter(~Q(rater__source="demo"))
