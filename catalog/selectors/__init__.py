"""Reads of the catalogue. Nothing here changes anything."""

from catalog.selectors.accounts import profile_of, rater_of, tokens
from catalog.selectors.lists import (
    MY_LIST_ORDERS,
    ListCounts,
    dismissals,
    is_dismissed,
    list_counts,
    listed_ids,
    my_list,
    ratings_by_title,
)
from catalog.selectors.titles import (
    PRIOR_MEMBERS,
    PRIOR_SCORE,
    anime_by_id,
    catalogue_revision,
    catalogue_state,
    genres,
    score_histogram,
    spread_of_scores,
    visible_anime,
)

__all__ = [
    "MY_LIST_ORDERS",
    "PRIOR_MEMBERS",
    "PRIOR_SCORE",
    "ListCounts",
    "anime_by_id",
    "catalogue_revision",
    "catalogue_state",
    "dismissals",
    "genres",
    "is_dismissed",
    "list_counts",
    "listed_ids",
    "my_list",
    "profile_of",
    "rater_of",
    "ratings_by_title",
    "score_histogram",
    "spread_of_scores",
    "tokens",
    "visible_anime",
]
