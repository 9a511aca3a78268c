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
    if not user.is_authenticated:
        return None
    return Rater.objects.filter(user=user).first()


def profile_of(user: User | AnonymousUser) -> Profile:
    """The account's settings; unsaved defaults for a visitor and for a new account."""
    if user.is_authenticated:
        profile = Profile.objects.filter(user=user).first()
        return profile or Profile(user=user)
    return Profile()


def tokens(*, user: User) -> QuerySet[ApiToken]:
    """The account's API tokens, the newest first, expired ones too."""
    return ApiToken.objects.filter(user=user).order_by(F("created").desc(), F("pk").asc())
