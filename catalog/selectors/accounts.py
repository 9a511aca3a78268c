"""Accounts: their rater, settings and tokens."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet

from catalog.models import (
    ApiToken,
    Profile,
    Rater,
    User,
)


def rater_of(user: User | AnonymousUser) -> Rater | None:
    """The rater of an account, or None for a visitor and for somebody who never rated."""
    if not isinstance(user, User):
        return None
    if is_loaded(user, "rater"):
        return getattr(user, "rater", None)
    return Rater.objects.filter(user=user).first()


def profile_of(user: User | AnonymousUser) -> Profile:
    """The account's settings; unsaved defaults for a visitor and for a new account."""
    if not isinstance(user, User):
        return Profile()
    if is_loaded(user, "profile"):
        return getattr(user, "profile", None) or Profile(user=user)
    return Profile.objects.filter(user=user).first() or Profile(user=user)


def is_loaded(user: User, relation: str) -> bool:
    """Whether the account was read together with its rater or profile, or with the lack of it."""
    return bool(getattr(User, relation).is_cached(user))


def tokens(*, user: User) -> QuerySet[ApiToken]:
    """The account's API tokens, the newest first, expired ones too."""
    return ApiToken.objects.filter(user=user).order_by(F("created").desc(), F("pk").asc())
