"""Other people, as far as they want to be seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Avg, Count, F, Sum

from catalog.models import MAX_SCORE, MIN_SCORE, Profile, Rating, User
from catalog.querysets import RatingQuerySet

FAVOURITE_GENRES = 8
# A genre of fewer scored titles is no favourite yet.
MIN_TITLES_OF_A_GENRE = 3
# How many titles of no opinion each genre is given beside the person's own, so that three titles
# with 10 do not stand above thirty with 9.
PRIOR_TITLES = 5
BEST_TITLES = 12


def account_named(username: str) -> User | None:
    """The active account of a name, however it is spelt; None when there is none.

    A name is taken in every spelling at sign-up. An administrator can still have made two that
    differ in letter case only: the exact one wins then.
    """
    name = username.strip()
    found = list(User.objects.filter(username__iexact=name, is_active=True).order_by("pk"))
    return next((user for user in found if user.get_username() == name), next(iter(found), None))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose page may be seen by who asks."""

    user: User
    profile: Profile
    is_own: bool

    @property
    def is_preview(self) -> bool:
        """Whether nobody but its owner sees this page."""
        return self.is_own and not self.profile.is_public


def person(*, username: str, viewer: User | AnonymousUser) -> Person | None:
    """The person of a name; None for an unknown name and for a private profile alike.

    One's own page is always there.
    """
    user = account_named(username)
    if user is None:
        return None
    profile = Profile.objects.filter(user=user).first() or Profile(user=user)
    is_own = user.pk == viewer.pk
    return Person(user, profile, is_own) if is_own or profile.is_public else None


@dataclass(frozen=True, slots=True)
class FavouriteGenre:
    """A genre with the number of scored titles of it and their mean score."""

    name: str
    slug: str
    n_titles: int
    mean_score: float


def favourite_genres(*, user: User, show_adult: bool) -> list[FavouriteGenre]:
    """The genres that somebody scores highest, best first, at most FAVOURITE_GENRES.

    By the mean score, drawn towards the person's own mean as if there were PRIOR_TITLES more
    titles with that score.
    """
    scored = _scored(user, show_adult=show_adult)
    mean = scored.aggregate(mean=Avg("score"))["mean"]
    rows = (
        scored.filter(anime__genres__isnull=False)
        .values("anime__genres__name", "anime__genres__slug")
        .annotate(n=Count("pk"), total=Sum("score"))
        .filter(n__gte=MIN_TITLES_OF_A_GENRE)
        .values_list("anime__genres__name", "anime__genres__slug", "n", "total")
    )

    def drawn_in(row: tuple[str, str, int, int]) -> tuple[float, str]:
        name, _, n, total = row
        return -(total + PRIOR_TITLES * mean) / (n + PRIOR_TITLES), name

    return [
        FavouriteGenre(name=name, slug=slug, n_titles=n, mean_score=total / n)
        for name, slug, n, total in sorted(rows, key=drawn_in)[:FAVOURITE_GENRES]
    ]


def best_scored(*, user: User, show_adult: bool) -> RatingQuerySet:
    """The titles that somebody has scored highest, the latest first among equals."""
    found = _scored(user, show_adult=show_adult).select_related("anime")
    order = (F("score").desc(), F("updated_at").desc(), F("pk").desc())
    return found.prefetch_related("anime__genres").order_by(*order)[:BEST_TITLES]


def own_histogram(*, user: User, show_adult: bool) -> dict[int, int]:
    """How often somebody gave each score from 1 to 10, every score present."""
    rows = _scored(user, show_adult=show_adult).values_list("score").annotate(Count("pk"))
    given = {score: count for score, count in rows if score}
    return {score: given.get(score, 0) for score in range(MIN_SCORE, MAX_SCORE + 1)}


def scores_of(*, users: Iterable[User], show_adult: bool) -> dict[int, dict[int, int]]:
    """Everybody's scores, in one query: {user id: {title id: score}}, every user present."""
    found: dict[int, dict[int, int]] = {user.pk: {} for user in users}
    scored = Rating.objects.scored().filter(rater__user__in=list(found))
    if not show_adult:
        scored = scored.filter(anime__is_adult=False)
    for user_id, anime_id, score in scored.values_list("rater__user_id", "anime_id", "score"):
        if user_id is not None and score is not None:
            found[user_id][anime_id] = score
    return found


def _scored(user: User, *, show_adult: bool) -> RatingQuerySet:
    found = Rating.objects.scored().filter(rater__user=user)
    return found if show_adult else found.filter(anime__is_adult=False)
