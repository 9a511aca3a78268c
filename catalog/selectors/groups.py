"""Groups: those of an account, and who has joined one."""

from django.db.models import Count, Q, QuerySet

from catalog.models import Group, Membership, User

State = Membership.State


def groups_of(*, user: User) -> QuerySet[Group]:
    """The groups that somebody has joined, by name, each with ``n_joined``."""
    joined = Membership.objects.filter(user=user, state=State.JOINED)
    return (
        Group.objects.filter(pk__in=joined.values("group"))
        .select_related("owner")
        .annotate(n_joined=Count("memberships", filter=Q(memberships__state=State.JOINED)))
        .order_by("name", "pk")
    )


def group_joined_by(*, group_id: int, user: User) -> Group | None:
    """A group for somebody who has joined it; None for everybody else, also for the invited."""
    joined = Membership.objects.filter(user=user, group=group_id, state=State.JOINED)
    return Group.objects.filter(pk__in=joined.values("group")).select_related("owner").first()


def invitations_of(*, user: User) -> QuerySet[Membership]:
    """The invitations that somebody has not answered, the oldest first, with group and owner.

    The members who have joined come with each, since they will be seen together.
    """
    found = Membership.objects.filter(user=user, state=State.INVITED)
    return (
        found.select_related("group", "group__owner")
        .prefetch_related("group__memberships__user")
        .order_by("created_at", "pk")
    )


def joined_names(group: Group) -> list[str]:
    """The names of who has joined a group whose memberships are prefetched with their accounts."""
    joined = [each for each in group.memberships.all() if each.state == State.JOINED]
    return [each.user.get_username() for each in sorted(joined, key=lambda each: each.pk)]


def memberships(*, group: Group) -> list[Membership]:
    """Who has joined a group, the earliest first, and then who is invited; with their accounts.

    Each account comes with its rater and profile, where it has them.
    """
    found = group.memberships.select_related("user", "user__rater", "user__profile")
    joined = sorted(
        (each for each in found if each.state == State.JOINED),
        key=lambda each: (each.joined_at, each.pk),
    )
    invited = sorted(
        (each for each in found if each.state == State.INVITED),
        key=lambda each: (each.created_at, each.pk),
    )
    return [*joined, *invited]


def owned_with_others(*, user: User) -> list[Group]:
    """The groups of an owner that others have joined too: they outlive the owner's account."""
    others = Membership.objects.filter(state=State.JOINED).exclude(user=user)
    found = Group.objects.filter(owner=user, pk__in=others.values("group"))
    return list(found.order_by("name", "pk"))


def shows_adult(membership: Membership) -> bool:
    """Whether a member has adult titles shown; nobody who has never set it has."""
    profile = getattr(membership.user, "profile", None)
    return profile is not None and profile.show_adult
