"""What is known: titles, people, and who watched what."""

from catalog.models.accounts import ApiToken, Profile, User
from catalog.models.groups import Group, Membership
from catalog.models.jobs import ImportJob
from catalog.models.lists import MAX_SCORE, MIN_SCORE, Dismissal, MalEntry, Rater, Rating
from catalog.models.requests import IdempotentRequest
from catalog.models.titles import ADULT_GENRE, Anime, CatalogueState, Genre, TitleStatistics

__all__ = [
    "ADULT_GENRE",
    "MAX_SCORE",
    "MIN_SCORE",
    "Anime",
    "ApiToken",
    "CatalogueState",
    "Dismissal",
    "Genre",
    "Group",
    "IdempotentRequest",
    "ImportJob",
    "MalEntry",
    "Membership",
    "Profile",
    "Rater",
    "Rating",
    "TitleStatistics",
    "User",
]
