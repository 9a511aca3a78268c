"""Groups of people who want to watch something together: asked, joined, left.

Whether an account exists is no secret here, nor is it at sign-up, where a name is taken or free:
the owner of a group has to see whom the open invitations are for, and take one back. What must
stay hidden is everything else. So an invitation is answered alike whether the profile is public
or private, it tells nothing of the account, and the number of names that can be tried in an hour
is limited, so that this is no quicker way to collect names than the sign-up page.
"""

from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from catalog.models import Group, Membership, User
from catalog.selectors.people import account_named

MAX_MEMBERS = 8
MAX_OWNED_GROUPS = 10
MAX_INVITATIONS_AN_HOUR = 30
NAME_LENGTH = 80

State = Membership.State


class GroupRefused(Exception):
    """Something that cannot be done with a group; the message says why, for its reader."""


def create(*, owner: User, name: str) -> Group:
    """A new group, which its owner has joined. Raises GroupRefused."""
    name = _checked(name)
    with transaction.atomic():
        # The lock on the account lets simultaneous requests follow each other.
        User.objects.select_for_update().get(pk=owner.pk)
        if Group.objects.filter(owner=owner).count() >= MAX_OWNED_GROUPS:
            raise GroupRefused(
                f"You own {MAX_OWNED_GROUPS} groups, which is the limit. Delete one first."
            )
        group = Group.objects.create(owner=owner, name=name)
        Membership.objects.create(
            group=group, user=owner, state=State.JOINED, joined_at=timezone.now()
        )
    return group


def rename(*, group: Group, by: User, name: str) -> None:
    """Give a group another name; its owner can. Raises GroupRefused."""
    name = _checked(name)
    with transaction.atomic():
        _locked(group, owner=by)
        Group.objects.filter(pk=group.pk).update(name=name)


def delete(*, group: Group, by: User) -> None:
    """Delete a group with its memberships; its owner can. Raises GroupRefused."""
    with transaction.atomic():
        _locked(group, owner=by)
        group.delete()


def invite(*, group: Group, by: User, username: str) -> Membership:
    """Ask somebody to join; the owner can. Nothing of theirs is used before they have agreed.

    Raises GroupRefused: the group is full, there is nobody of this name, they are in the group or
    asked already, or too many names were tried.
    """
    _count_invitation(by)
    with transaction.atomic():
        _locked(group, owner=by)
        user = account_named(username)
        if user is None:
            raise GroupRefused(
                f"There is no account named “{username.strip()[:150]}” that could be invited."
            )
        found = Membership.objects.filter(group=group, user=user).first()
        if found is not None:
            standing = "in the group" if found.state == State.JOINED else "invited"
            raise GroupRefused(f"{user.get_username()} is {standing} already.")
        if Membership.objects.filter(group=group).count() >= MAX_MEMBERS:
            raise GroupRefused(
                f"A group has up to {MAX_MEMBERS} members, open invitations included. Remove "
                "somebody, or take an invitation back."
            )
        return Membership.objects.create(group=group, user=user)


def accept(*, group_id: int, user: User) -> bool:
    """Join a group that one was asked to join; False when there is no invitation (any more)."""
    invitation = Membership.objects.filter(group_id=group_id, user=user, state=State.INVITED)
    return bool(invitation.update(state=State.JOINED, joined_at=timezone.now()))


def decline(*, group_id: int, user: User) -> bool:
    """Turn an invitation down; False when there is none (any more)."""
    invitation = Membership.objects.filter(group_id=group_id, user=user, state=State.INVITED)
    return bool(invitation.delete()[0])


def leave(*, group: Group, user: User) -> bool:
    """Leave a group; False when one is not in it.

    When its owner leaves, the group goes to whoever joined first of the others; with nobody left
    it is deleted.
    """
    with transaction.atomic():
        _locked(group)
        joined = Membership.objects.filter(group=group, user=user, state=State.JOINED)
        has_left = bool(joined.delete()[0])
        if has_left and group.owner_id == user.pk:
            _hand_over(group, leaver=user)
    return has_left


def remove_member(*, group: Group, by: User, user: User) -> bool:
    """Take a member out, or an invitation back; the owner can. False when there was neither.

    Raises GroupRefused: owners cannot remove themselves, they leave.
    """
    if by.pk == user.pk:
        raise GroupRefused("You own this group: leave it instead, and it goes to somebody else.")
    with transaction.atomic():
        _locked(group, owner=by)
        return bool(Membership.objects.filter(group=group, user=user).delete()[0])


def leave_all(*, user: User) -> None:
    """Take an account out of every group, and turn its invitations down."""
    joined = Membership.objects.filter(user=user, state=State.JOINED).select_related("group")
    for membership in joined.order_by("group_id"):
        leave(group=membership.group, user=user)
    Membership.objects.filter(user=user).delete()


def _hand_over(group: Group, *, leaver: User) -> None:
    joined = Membership.objects.filter(group=group, state=State.JOINED).exclude(user=leaver)
    heir = joined.order_by("joined_at", "pk").first()
    if heir is None:
        group.delete()
    else:
        Group.objects.filter(pk=group.pk).update(owner=heir.user_id)


def _locked(group: Group, *, owner: User | None = None) -> None:
    """Let simultaneous changes of a group follow each other; refuse who does not own it."""
    now = Group.objects.select_for_update().filter(pk=group.pk).first()
    if now is None:
        raise GroupRefused("This group does not exist any more.")
    if owner is not None and now.owner_id != owner.pk:
        raise GroupRefused("Only the owner of the group can do this.")
    group.owner_id = now.owner_id


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise GroupRefused("A group needs a name.")
    if len(name) > NAME_LENGTH:
        raise GroupRefused(f"The name of a group has up to {NAME_LENGTH} characters.")
    return name


def _count_invitation(user: User) -> None:
    """Count one more name that was tried, whether or not there is such an account."""
    key, an_hour = f"invitations:{user.pk}", timedelta(hours=1)
    cache.add(key, 0, an_hour.total_seconds())
    try:
        tried = cache.incr(key)
    except ValueError:  # it has just expired
        return
    if tried > MAX_INVITATIONS_AN_HOUR:
        raise GroupRefused(
            f"You have tried {MAX_INVITATIONS_AN_HOUR} names within an hour. Try again later."
        )
