"""Who scores titles where one begins: a member writes to the list, a visitor to the session."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase

from catalog.models import Anime, Rater, Rating, User
from catalog.selectors import profile_of, rater_of, ratings_by_title
from catalog.services import ratings, visitor_scores
from recommender.services.history import History
from recommender.services.kept import kept_history
from recommender.services.visitors import history_of_visitor


@dataclass(frozen=True)
class Visitor:
    """Somebody without an account."""

    session: SessionBase
    rater: Rater | None = None
    show_adult: bool = False

    @property
    def history(self) -> History | None:
        """The scores as they are now; None before the first one."""
        return history_of_visitor(self.session)

    def scores(self, anime_ids: Iterable[int]) -> dict[int, int]:
        """The scores of these titles by id."""
        given = visitor_scores.scores_of(self.session)
        return {anime_id: given[anime_id] for anime_id in anime_ids if anime_id in given}

    def score(self, anime: Anime, score: int) -> None:
        """Score a title. Raises InvalidRating."""
        visitor_scores.set_score(session=self.session, anime=anime, score=score)

    def take_back(self, anime: Anime) -> None:
        """Take a score back, or that the title was skipped."""
        visitor_scores.remove(session=self.session, anime=anime)

    def skip(self, anime: Anime) -> None:
        """Note that the title is unknown; its score is gone."""
        visitor_scores.skip(session=self.session, anime_ids=[anime.pk])


@dataclass(frozen=True)
class Member:
    """An account. What it skips is kept in the session: it says nothing about the list."""

    user: User
    session: SessionBase

    @cached_property
    def rater(self) -> Rater | None:
        """The account's rater; None before the first rating."""
        return rater_of(self.user)

    @cached_property
    def show_adult(self) -> bool:
        """The account's setting."""
        return profile_of(self.user).show_adult

    @property
    def history(self) -> History | None:
        """The list as it is now."""
        return kept_history(rater=self.rater)

    def scores(self, anime_ids: Iterable[int]) -> dict[int, int]:
        """The scores of these titles by id."""
        own = ratings_by_title(rater=self.rater, anime_ids=anime_ids)
        return {pk: rating.score for pk, rating in own.items() if rating.score is not None}

    def score(self, anime: Anime, score: int) -> None:
        """Score a title. Raises InvalidRating."""
        ratings.rate(rater=self._rater_to_write(), anime=anime, score=score)
        visitor_scores.remove(session=self.session, anime=anime)

    def take_back(self, anime: Anime) -> None:
        """Take a score back, or that the title was skipped.

        The title is off the list then, unless the list says more of it than a score.
        """
        rater = self._rater_to_write()
        own = ratings_by_title(rater=rater, anime_ids=[anime.pk]).get(anime.pk)
        if own is not None and own.score is not None:
            if own.status == Rating.Status.COMPLETED and own.episodes_watched is None:
                ratings.remove(rater=rater, anime=anime)
            else:
                ratings.rate(rater=rater, anime=anime, score=None)
        visitor_scores.remove(session=self.session, anime=anime)

    def skip(self, anime: Anime) -> None:
        """Note that the title is unknown; its score is gone."""
        self.take_back(anime)
        visitor_scores.skip(session=self.session, anime_ids=[anime.pk])

    def _rater_to_write(self) -> Rater:
        rater = self.rater or ratings.rater_for(user=self.user)
        self.__dict__["rater"] = rater  # the first rating makes it
        return rater


def scorer_of(user: User | AnonymousUser, session: SessionBase) -> Visitor | Member:
    """Who asks."""
    return Member(user, session) if isinstance(user, User) else Visitor(session)
