"""Groups: asked, joined, left, handed over."""

from collections.abc import Callable

import pytest

from catalog.models import Group, Membership, Profile, User
from catalog.selectors import groups as selectors
from catalog.services import groups
from catalog.services.groups import GroupRefused
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory.create(username="olga")


@pytest.fixture
def mika() -> User:
    return UserFactory.create(username="Mika")


@pytest.fixture
def group(owner: User) -> Group:
    return groups.create(owner=owner, name=" Sunday   evening ")


def join(group: Group, *names: str) -> list[User]:
    users = [UserFactory.create(username=name) for name in names]
    for user in users:
        groups.invite(group=group, by=group.owner, username=user.username)
        assert groups.accept(group_id=group.pk, user=user)
    return users


def joined_names(group: Group) -> list[str]:
    found = selectors.memberships(group=group)
    return [each.user.username for each in found if each.state == Membership.State.JOINED]


def test_who_makes_a_group_owns_it_and_has_joined(group: Group, owner: User) -> None:
    assert (group.name, group.owner) == ("Sunday evening", owner)
    assert joined_names(group) == ["olga"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_of_nothing_or_too_much_is_refused(owner: User, name: str) -> None:
    with pytest.raises(GroupRefused, match="name"):
        groups.create(owner=owner, name=name)
    assert not Group.objects.exists()


def test_there_is_a_limit_on_groups(owner: User) -> None:
    for number in range(groups.MAX_OWNED_GROUPS):
        groups.create(owner=owner, name=f"Group {number}")
    with pytest.raises(GroupRefused, match="You own 10 groups, which is the limit"):
        groups.create(owner=owner, name="One more")


def test_the_invited_are_no_members_before_they_accept(
    group: Group, owner: User, mika: User
) -> None:
    groups.invite(group=group, by=owner, username="mika ")
    assert joined_names(group) == ["olga"]
    assert selectors.group_joined_by(group_id=group.pk, user=mika) is None
    assert [each.group for each in selectors.invitations_of(user=mika)] == [group]

    assert groups.accept(group_id=group.pk, user=mika)

    assert joined_names(group) == ["olga", "Mika"]
    assert selectors.group_joined_by(group_id=group.pk, user=mika) == group
    assert not selectors.invitations_of(user=mika)
    assert not groups.accept(group_id=group.pk, user=mika), "it is answered"


def test_an_invitation_can_be_turned_down(group: Group, owner: User, mika: User) -> None:
    groups.invite(group=group, by=owner, username="Mika")
    assert groups.decline(group_id=group.pk, user=mika)
    assert not groups.accept(group_id=group.pk, user=mika)
    assert joined_names(group) == ["olga"]


def test_declining_does_not_leave(group: Group) -> None:
    (mika,) = join(group, "mika")
    assert not groups.decline(group_id=group.pk, user=mika)
    assert joined_names(group) == ["olga", "mika"]


def test_nobody_joins_without_an_invitation(group: Group, mika: User) -> None:
    assert not groups.accept(group_id=group.pk, user=mika)
    assert joined_names(group) == ["olga"]


@pytest.mark.parametrize("is_public", [True, False])
def test_an_invitation_tells_nothing_of_the_profile(
    group: Group, owner: User, mika: User, is_public: bool
) -> None:
    Profile.objects.create(user=mika, is_public=is_public)
    invitation = groups.invite(group=group, by=owner, username="mika")
    assert (invitation.user, invitation.state) == (mika, Membership.State.INVITED)


def test_unknown_and_closed_accounts_are_refused_alike(
    group: Group, owner: User, mika: User
) -> None:
    mika.is_active = False
    mika.save()
    for name in ("Mika", "nobody"):
        with pytest.raises(GroupRefused) as refused:
            groups.invite(group=group, by=owner, username=name)
        assert str(refused.value) == f"There is no account named “{name}” that could be invited."


def test_names_cannot_be_tried_without_end(
    group: Group, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_INVITATIONS_AN_HOUR", 2)
    for name in ("a", "b"):
        with pytest.raises(GroupRefused, match="There is no account"):
            groups.invite(group=group, by=owner, username=name)
    with pytest.raises(GroupRefused, match="You have tried 2 names within an hour"):
        groups.invite(group=group, by=owner, username="c")


def test_nobody_is_invited_twice(group: Group, owner: User, mika: User) -> None:
    groups.invite(group=group, by=owner, username="mika")
    with pytest.raises(GroupRefused, match="Mika is invited already"):
        groups.invite(group=group, by=owner, username="mika")
    groups.accept(group_id=group.pk, user=mika)
    with pytest.raises(GroupRefused, match="Mika is in the group already"):
        groups.invite(group=group, by=owner, username="mika")


def test_a_group_gets_full(group: Group, owner: User, mika: User) -> None:
    join(group, *(f"member{number}" for number in range(groups.MAX_MEMBERS - 1)))
    with pytest.raises(GroupRefused, match="up to 8 members"):
        groups.invite(group=group, by=owner, username="mika")


def test_only_the_owner_changes_a_group(group: Group) -> None:
    (charlie, dora) = join(group, "charlie", "dora")
    attempts: list[Callable[[], object]] = [
        lambda: groups.rename(group=group, by=charlie, name="Mine"),
        lambda: groups.invite(group=group, by=charlie, username="dora"),
        lambda: groups.remove_member(group=group, by=charlie, user=dora),
        lambda: groups.delete(group=group, by=charlie),
    ]
    for attempt in attempts:
        with pytest.raises(GroupRefused, match="Only the owner"):
            attempt()
    group.refresh_from_db()
    assert group.name == "Sunday evening"
    assert joined_names(group) == ["olga", "charlie", "dora"]


def test_the_owner_renames_removes_and_deletes(group: Group, owner: User) -> None:
    mika, _ = join(group, "mika", "dora")
    groups.rename(group=group, by=owner, name="Monday")
    assert groups.remove_member(group=group, by=owner, user=mika)
    assert not groups.remove_member(group=group, by=owner, user=mika)
    group.refresh_from_db()
    assert (group.name, joined_names(group)) == ("Monday", ["olga", "dora"])
    with pytest.raises(GroupRefused, match="leave it instead"):
        groups.remove_member(group=group, by=owner, user=owner)
    groups.delete(group=group, by=owner)
    assert not Group.objects.exists()
    assert not Membership.objects.exists()


def test_an_owner_who_leaves_hands_over_to_who_joined_first(group: Group, owner: User) -> None:
    (mika, _) = join(group, "mika", "dora")
    groups.invite(group=group, by=owner, username=UserFactory.create(username="early").username)
    assert groups.leave(group=group, user=owner)
    group.refresh_from_db()
    assert group.owner == mika
    assert joined_names(group) == ["mika", "dora"]


def test_the_last_one_deletes_the_group(group: Group, owner: User, mika: User) -> None:
    groups.invite(group=group, by=owner, username="mika")
    assert groups.leave(group=group, user=owner)
    assert not Group.objects.exists()
    assert not selectors.invitations_of(user=mika)


def test_leaving_without_being_in_changes_nothing(group: Group, mika: User) -> None:
    assert not groups.leave(group=group, user=mika)
    assert joined_names(group) == ["olga"]


def test_what_is_gone_is_said(group: Group, owner: User) -> None:
    Group.objects.all().delete()
    with pytest.raises(GroupRefused, match="does not exist any more"):
        groups.rename(group=group, by=owner, name="Monday")
