"""What a list of recommendations is: the types that pages, API and commands share."""

from dataclasses import dataclass, field

from catalog.models import Anime
from recommender.services.errors import RecommenderError


@dataclass(frozen=True, slots=True)
class Method:
    """One way to order titles."""

    slug: str
    label: str
    # One sentence for the people who read the list.
    description: str


METHODS: dict[str, Method] = {
    method.slug: method
    for method in (
        Method(
            "for-you",
            "For you",
            "The titles that we expect you to score highest, from everything you have scored.",
        ),
        Method(
            "recommender-net",
            "RecommenderNet",
            "A neural network predicts your score for every title; the highest come first.",
        ),
        Method(
            "content",
            "By genre and type",
            "Titles whose genres and type are those that you have scored most and highest.",
        ),
        Method(
            "popular",
            "Popular",
            "The titles that most people have on their lists, leaving out what you know.",
        ),
    )
}
DEFAULT_METHOD = "for-you"


class UnknownMethod(RecommenderError, ValueError):
    """There is no such method; the message names those there are."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no method {slug!r}. Methods: {', '.join(METHODS)}.")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a title is in the list: genres it shares with the person's profile."""

    kind: str  # "genres" or "popular"
    text: str
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One title of a list.

    ``prediction`` is the score from 1 to 10 that we expect, None where no model is there to say;
    ``relevance`` is what the list is ordered by, in the method's own unit; ``recommender_score``
    is the relevance divided by the best relevance of the list (1.0 for the first); ``sim`` is the
    similarity to the person's profile, for the method ``content`` only.
    """

    rank: int
    anime: Anime
    prediction: float | None
    relevance: float
    recommender_score: float
    sim: float | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RecommendationList:
    """A list and where it comes from.

    ``method`` is what was asked for; ``source`` is what made the list (``popular`` stands in when
    nothing better can be had, and ``fallback`` then says why, in a sentence for the reader).
    """

    method: str
    source: str
    items: list[Recommendation]
    # How many titles could be listed in all, for paging.
    n_available: int
    model_version: int | None = None
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class SimilarTitle:
    """A title like another one; ``sim`` is the cosine of their genres and types."""

    anime: Anime
    sim: float
    shared_genres: tuple[str, ...] = field(default=())
