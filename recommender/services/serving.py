"""Lists of recommendations for pages, API and commands, in numpy and without torch."""

from collections.abc import Iterable, Sequence

from catalog.models import Anime, Rater
from recommender.services.lists import DEFAULT_METHOD, RecommendationList, SimilarTitle


def recommend(
    *,
    rater: Rater | None,
    method: str = DEFAULT_METHOD,
    n: int = 10,
    offset: int = 0,
    show_adult: bool = False,
) -> RecommendationList:
    """Unseen titles, best first: ``n`` of them behind the first ``offset``.

    Titles on the rater's list, whatever their status but plan-to-watch, and dismissed ones are
    left out. Raises UnknownMethod.
    """
    raise RuntimeError


def predict(*, rater: Rater | None, anime_ids: Iterable[int]) -> dict[int, float]:
    """The expected scores (1 to 10) of titles by id; empty without an active model."""
    raise RuntimeError


def similar(*, anime: Anime, n: int = 10, show_adult: bool = False) -> list[SimilarTitle]:
    """The titles most like one by genres and type, most similar first, ties by id."""
    raise RuntimeError


def forget(*, rater_ids: Sequence[int]) -> None:
    """Drop the cached lists of raters whose ratings have changed."""
