"""The pages of groups: who sees what, and who may change what."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Group, Membership, Rater, User
from catalog.services import groups
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return UserFactory.create(username="olga")


@pytest.fixture
def olgas_client(olga: User) -> Client:
    return logged_in(olga)


@pytest.fixture
def group(olga: User) -> Group:
    return groups.create(owner=olga, name="Sundays")


@pytest.fixture
def invited(group: Group, alice: Rater) -> User:
    assert alice.user is not None
    groups.invite(group=group, by=group.owner, username="alice")
    return alice.user


@pytest.fixture
def joined(group: Group, invited: User) -> User:
    groups.accept(group_id=group.pk, user=invited)
    return invited


def members(group: Group) -> list[str]:
    found = group.memberships.filter(state=Membership.State.JOINED).order_by("pk")
    return [each.user.username for each in found]


def test_a_visitor_is_sent_to_log_in(client: Client, group: Group) -> None:
    for address in ("/together/", f"/together/{group.pk}/", f"/together/{group.pk}/members/"):
        assert client.get(address)["Location"] == f"/accounts/login/?next={address}"
    assert client.post("/together/create/", {"name": "Mine"}).status_code == 302
    assert Group.objects.get() == group


def test_a_group_is_made(olga: User, olgas_client: Client) -> None:
    response = olgas_client.post("/together/create/", {"name": "Sundays"}, follow=True)
    text = ReadPage(response).text
    assert "Sundays is there. Now invite somebody." in text
    assert (Group.objects.get().owner, members(Group.objects.get())) == (olga, ["olga"])


def test_a_group_without_a_name_is_refused(olgas_client: Client) -> None:
    response = olgas_client.post("/together/create/", {"name": "  "})
    assert response.status_code == 400
    assert "This field is required." in ReadPage(response).text
    assert not Group.objects.exists()


def test_own_groups_are_listed_by_name(group: Group, olga: User, olgas_client: Client) -> None:
    groups.create(owner=olga, name="Holidays")
    text = ReadPage(olgas_client.get("/together/")).text
    assert text.index("Holidays 1 member · you own it") < text.index("Sundays 1 member")


def test_an_invitation_says_what_joining_means(invited: User, alice_client: Client) -> None:
    text = ReadPage(alice_client.get("/together/")).text
    assert "olga invites you to “Sundays”" in text
    assert "In it so far: olga" in text
    assert "everybody in the group sees your name, the scores that we predict for you" in text
    assert "Nobody sees your list or your scores" in text


def test_joining_leads_to_the_group(group: Group, invited: User, alice_client: Client) -> None:
    response = alice_client.post(f"/together/{group.pk}/accept/")
    assert response["Location"] == f"/together/{group.pk}/"
    assert members(group) == ["olga", "alice"]


def test_htmx_is_led_there_too(group: Group, invited: User, alice_client: Client) -> None:
    response = alice_client.post(f"/together/{group.pk}/accept/", headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == f"/together/{group.pk}/"


def test_declining_ends_it(group: Group, invited: User, alice_client: Client) -> None:
    response = alice_client.post(f"/together/{group.pk}/decline/", follow=True)
    assert "The invitation is turned down." in ReadPage(response).text
    response = alice_client.post(f"/together/{group.pk}/accept/", follow=True)
    assert "This invitation is not open any more." in ReadPage(response).text
    assert members(group) == ["olga"]


def test_the_invited_see_no_page_of_the_group(
    group: Group, invited: User, alice_client: Client
) -> None:
    for page in ("", "members/"):
        assert alice_client.get(f"/together/{group.pk}/{page}").status_code == 404


def test_inviting_by_name(group: Group, alice: Rater, olgas_client: Client) -> None:
    address = f"/together/{group.pk}/invite/"
    response = olgas_client.post(address, {"username": "ALICE"}, follow=True)
    page = ReadPage(response)
    assert "alice is invited and sees it at the next visit." in page.text
    assert "alice invited" in page.text
    response = olgas_client.post(address, {"username": "nobody"})
    assert response.status_code == 400
    assert "There is no account named “nobody” that could be invited." in ReadPage(response).text


def test_members_are_listed_the_earliest_first(
    group: Group, joined: User, alice_client: Client
) -> None:
    groups.invite(
        group=group, by=group.owner, username=UserFactory.create(username="dora").username
    )
    text = ReadPage(alice_client.get(f"/together/{group.pk}/members/")).text
    assert text.index("olga owner joined") < text.index("alice joined") < text.index("dora invited")
    assert "Invite somebody" not in text, "only the owner can"
    assert "Delete the group" not in text


def test_how_alike_the_joined_are(group: Group, joined: User, olgas_client: Client) -> None:
    address = f"/together/{group.pk}/members/"
    assert "too few shared titles (0)" in ReadPage(olgas_client.get(address)).text
    olga = AccountRaterFactory.create(user=group.owner)
    for n in range(1, 16):
        anime = AnimeFactory.create()
        for rater in (olga, joined.rater):
            RatingFactory.create(rater=rater, anime=anime, score=1 + n % 10)
    text = ReadPage(olgas_client.get(address)).text
    assert "olga and alice tastes are very much alike: 50 % over 15 shared titles" in text


def test_the_list_of_who_is_only_invited_is_compared_with_nobody(
    group: Group, invited: User, olgas_client: Client
) -> None:
    text = ReadPage(olgas_client.get(f"/together/{group.pk}/members/")).text
    assert "How alike" not in text


def test_the_owner_renames_removes_and_deletes(
    group: Group, joined: User, olgas_client: Client
) -> None:
    response = olgas_client.post(f"/together/{group.pk}/rename/", {"name": "Mondays"}, follow=True)
    assert "The group has a new name." in ReadPage(response).text
    response = olgas_client.post(f"/together/{group.pk}/remove/{joined.pk}/", follow=True)
    assert "alice is out of the group." in ReadPage(response).text
    assert members(group) == ["olga"]
    response = olgas_client.post(f"/together/{group.pk}/delete/", follow=True)
    assert "Mondays is deleted." in ReadPage(response).text
    assert not Group.objects.exists()


def test_a_member_leaves(group: Group, joined: User, alice_client: Client) -> None:
    response = alice_client.post(f"/together/{group.pk}/leave/", follow=True)
    assert "You have left Sundays." in ReadPage(response).text
    assert members(group) == ["olga"]
    assert alice_client.get(f"/together/{group.pk}/").status_code == 404


def test_a_member_who_is_not_the_owner_changes_nothing(
    group: Group, joined: User, alice_client: Client
) -> None:
    dora = UserFactory.create(username="dora")
    for address, data in (
        ("rename/", {"name": "Mine"}),
        ("invite/", {"username": "dora"}),
        (f"remove/{group.owner_id}/", {}),
        ("delete/", {}),
    ):
        assert alice_client.post(f"/together/{group.pk}/{address}", data).status_code == 403
    group.refresh_from_db()
    assert (group.name, members(group)) == ("Sundays", ["olga", "alice"])
    assert not dora.memberships.exists()


def test_charlie_sees_and_changes_nothing(
    group: Group, joined: User, charlie_client: Client
) -> None:
    for page in ("", "members/"):
        assert charlie_client.get(f"/together/{group.pk}/{page}").status_code == 404
    for address in ("rename/", "invite/", f"remove/{joined.pk}/", "delete/", "leave/"):
        data = {"name": "Mine", "username": "charlie"}
        assert charlie_client.post(f"/together/{group.pk}/{address}", data).status_code == 404
    response = charlie_client.post(f"/together/{group.pk}/accept/", follow=True)
    assert "This invitation is not open any more." in ReadPage(response).text
    assert "Sundays" not in ReadPage(charlie_client.get("/together/")).text
    assert members(group) == ["olga", "alice"]


def test_changes_take_a_post(group: Group, joined: User, olgas_client: Client) -> None:
    for address in ("delete/", "leave/", "accept/", "decline/", f"remove/{joined.pk}/", "invite/"):
        assert olgas_client.get(f"/together/{group.pk}/{address}").status_code == 405


def test_removing_somebody_who_is_not_in_it(group: Group, olgas_client: Client) -> None:
    other = UserFactory.create()
    assert olgas_client.post(f"/together/{group.pk}/remove/{other.pk}/").status_code == 404
    assert olgas_client.post(f"/together/{group.pk}/remove/99999/").status_code == 404


@pytest.mark.parametrize("n_others", [1, 6])
def test_the_number_of_queries_does_not_grow(
    group: Group,
    olgas_client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    n_others: int,
) -> None:
    for _ in range(n_others):
        rater = AccountRaterFactory.create()
        assert rater.user is not None
        groups.invite(group=group, by=group.owner, username=rater.user.username)
        groups.accept(group_id=group.pk, user=rater.user)
    # Session and account; the group; its members; their scores; what the frame may ask.
    with django_assert_max_num_queries(6):
        olgas_client.get(f"/together/{group.pk}/members/")
    # Session and account; the groups; the invitations; what the frame may ask.
    with django_assert_max_num_queries(5):
        olgas_client.get("/together/")
