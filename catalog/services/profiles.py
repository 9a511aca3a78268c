"""Writing an account's settings."""

from collections.abc import Mapping

from catalog.models import Profile, User


def save_settings(*, user: User, show_adult: bool, theme: Profile.Theme | None = None) -> Profile:
    """Store what is shown and how; the profile is made at the first use.

    Without ``theme`` it stays as it is.
    """
    values: dict[str, object] = {"show_adult": show_adult}
    if theme is not None:
        values["theme"] = theme
    profile, _ = Profile.objects.update_or_create(user=user, defaults=values)
    return profile


def save_profile(*, user: User, about: str, is_public: bool) -> Profile:
    """Store what others may see of the account, and whether they may."""
    profile, _ = Profile.objects.update_or_create(
        user=user, defaults={"about": about, "is_public": is_public}
    )
    return profile


def change(*, user: User, values: Mapping[str, str | bool]) -> Profile:
    """Store some of ``about``, ``is_public``, ``show_adult`` and ``theme``, checked before."""
    profile, _ = Profile.objects.update_or_create(user=user, defaults=values)
    return profile


def save_theme(*, user: User, theme: Profile.Theme) -> Profile:
    """Store whether the pages are light or dark."""
    profile, _ = Profile.objects.update_or_create(user=user, defaults={"theme": theme})
    return profile
