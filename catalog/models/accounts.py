"""Accounts: people, their settings, their tokens."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):
    """An account. The e-mail address is optional: it only serves to reset a password."""


class Profile(models.Model):
    """How an account wants the site to be."""

    class Theme(models.TextChoices):
        """Light or dark."""

        SYSTEM = "system", "As my device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    show_adult = models.BooleanField("show adult titles", default=False)
    is_public = models.BooleanField("public profile", default=False)
    about = models.CharField("about you", max_length=500, blank=True)
    theme = models.CharField("appearance", max_length=10, choices=Theme, default=Theme.SYSTEM)
    list_filters = models.JSONField(default=dict, blank=True)
    # The element ``myinfo`` of the MyAnimeList file that was imported last, for the next export.
    mal_info = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"Profile of {self.user_id}"


class ApiToken(AbstractAuthToken):
    """A named API token; only its hash is stored."""

    name = models.CharField(max_length=100, default="API")
    scopes = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key})"
