"""Writing an account's settings."""

from catalog.models import Profile, User


def save_settings(*, user: User, show_adult: bool) -> Profile:
    """Store the settings; the profile is made at the first use."""
    profile, _ = Profile.objects.update_or_create(user=user, defaults={"show_adult": show_adult})
    return profile
