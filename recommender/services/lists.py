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
            "What we would watch next in your place, from everything you have watched and scored.",
        ),
        Method(
            "collaborative",
            "People like you",
            "Titles that go with yours on other people's lists; what you scored high counts more.",
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
class Influence:
    """One of the person's own titles that moved a listed one.

    ``score`` is 0 for none; ``contribution`` is by how much the relevance would be lower without
    the title, negative where it would be higher. ``title`` is there once a reason names it.
    """

    anime_id: int
    score: float
    contribution: float
    title: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a title is in the list.

    ``kind`` is ``titles`` (of the person's own, those that moved it most), ``genres`` (shared with
    the person's taste), ``popular``, ``model`` or ``exploration`` (nobody has rated it yet).
    ``titles`` are those that a reason of kind ``titles`` names; their contributions are exact
    where ``is_exact`` is set, else approximate.
    """

    kind: str
    text: str
    genres: tuple[str, ...] = ()
    titles: tuple[Influence, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One title of a list.

    ``prediction`` is the score from 1 to 10 that we expect, None where no model is there to say;
    ``relevance`` is what the list is ordered by, in the method's own unit; ``recommender_score``
    is the relevance divided by the best relevance of the list (1.0 for the first); ``sim`` is the
    similarity to the person's profile, for the method ``content`` only. ``is_exploration`` marks
    a title that nobody has rated, placed by its genres and type; its relevance is that of the
    title before it. ``prediction_range`` are the lowest and the highest of the likely scores, both
    whole: by the model, the score is one of them four times in five at least. ``is_planned`` marks
    a title that is on the person's list already, to be watched.
    """

    rank: int
    anime: Anime
    prediction: float | None
    relevance: float
    recommender_score: float
    sim: float | None = None
    reasons: tuple[Reason, ...] = ()
    is_exploration: bool = False
    prediction_range: tuple[float, float] | None = None
    is_planned: bool = False


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
