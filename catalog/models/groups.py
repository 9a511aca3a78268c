"""People who want to watch something together."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Group(models.Model):
    """Accounts that get recommendations together, each of which has agreed to it."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="owned_groups")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The group's page."""
        return f"/together/{self.pk}/"


class Membership(models.Model):
    """An account in a group: asked, or there by its own will."""

    class State(models.TextChoices):
        """Only who has joined is counted and seen."""

        INVITED = "invited", "Invited"
        JOINED = "joined", "Joined"

    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    state = models.CharField(max_length=10, choices=State, default=State.INVITED)
    created_at = models.DateTimeField(auto_now_add=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group", "user"], name="membership_pair_unique"),
            models.CheckConstraint(
                name="membership_joined_has_a_time",
                condition=Q(state="invited", joined_at__isnull=True)
                | Q(state="joined", joined_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"
