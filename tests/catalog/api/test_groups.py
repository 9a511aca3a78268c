from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Group, Membership, User
from catalog.services import groups
from catalog.services.ratings import rate, rater_for
from tests.api import ROOT, client_of, errors, problem
from tests.factories import AnimeFactory, UserFactory

ADDRESS = f"{ROOT}groups/"
INVITATIONS = f"{ROOT}me/invitations/"


@pytest.fixture
def ben(db: None) -> User:
    return UserFactory.create(username="ben", password=None)


@pytest.fixture
def group(user: User, ben: User) -> Group:
    """A group of mia's, which ben has joined."""
    found = groups.create(owner=user, name="Film night")
    groups.invite(group=found, by=user, username="ben")
    groups.accept(group_id=found.pk, user=ben)
    return found


def names(members: list[dict[str, Any]]) -> list[str]:
    return [each["username"] for each in members]


def test_a_group_is_made_and_owned(client: APIClient) -> None:
    answer = client.post(ADDRESS, {"name": "Film night"})

    group = Group.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{ADDRESS}{group.pk}/"
    body = client.get(answer["Location"]).json()
    assert body == answer.json()
    assert list(body) == [
        "id",
        "name",
        "owner",
        "n_members",
        "created_at",
        "members",
        "invited",
        "affinities",
    ]
    assert (body["name"], body["owner"], body["n_members"]) == ("Film night", "mia", 1)
    assert (names(body["members"]), body["invited"], body["affinities"]) == (["mia"], [], [])


def test_groups_come_by_name_page_by_page(client: APIClient, user: User, charlie: User) -> None:
    for name in ("Zoo", "Anime club", "Mondays"):
        groups.create(owner=user, name=name)
    groups.create(owner=charlie, name="Not mine")

    first = client.get(ADDRESS, {"limit": 2}).json()
    second = client.get(first["next"]).json()

    found = first["results"] + second["results"]
    assert [each["name"] for each in found] == ["Anime club", "Mondays", "Zoo"]
    assert {each["n_members"] for each in found} == {1}
    assert second["next"] is None


def test_an_invitation_is_seen_accepted_and_counted(
    client: APIClient, user: User, ben: User
) -> None:
    group = groups.create(owner=user, name="Film night")

    invited = client.post(f"{ADDRESS}{group.pk}/invitations/", {"username": "BEN"})

    assert invited.status_code == 201
    assert names(invited.json()["invited"]) == ["ben"]
    bens = client_of(ben)
    (invitation,) = bens.get(INVITATIONS).json()["results"]
    assert invitation["group"] == {"id": group.pk, "name": "Film night", "owner": "mia"}
    assert invitation["members"] == ["mia"]
    problem(bens.get(f"{ADDRESS}{group.pk}/"), 404, "not_found")
    body = bens.post(f"{INVITATIONS}{group.pk}/accept/").json()
    assert names(body["members"]) == ["mia", "ben"]
    assert bens.get(INVITATIONS).json()["results"] == []
    problem(bens.post(f"{INVITATIONS}{group.pk}/accept/"), 404, "not_found")


def test_an_invitation_is_declined_or_taken_back(client: APIClient, user: User, ben: User) -> None:
    group = groups.create(owner=user, name="Film night")
    address = f"{ADDRESS}{group.pk}/invitations/"

    client.post(address, {"username": "ben"})
    assert client_of(ben).delete(f"{INVITATIONS}{group.pk}/").status_code == 204
    problem(client_of(ben).delete(f"{INVITATIONS}{group.pk}/"), 404, "not_found")

    client.post(address, {"username": "ben"})
    assert client.delete(f"{ADDRESS}{group.pk}/members/ben/").status_code == 204
    assert not Membership.objects.filter(user=ben).exists()


def test_only_the_owner_sees_open_invitations(
    client: APIClient, user: User, group: Group, ben: User, charlie: User
) -> None:
    groups.invite(group=group, by=user, username="charlie")
    address = f"{ADDRESS}{group.pk}/"

    assert names(client.get(address).json()["invited"]) == ["charlie"]
    assert client_of(ben).get(address).json()["invited"] == []


def test_affinities_are_of_every_two_members(
    client: APIClient, user: User, group: Group, ben: User
) -> None:
    for score in range(1, 9):
        anime = AnimeFactory.create()
        for somebody in (user, ben):
            rate(rater=rater_for(user=somebody), anime=anime, score=score)

    (found,) = client.get(f"{ADDRESS}{group.pk}/").json()["affinities"]

    assert (found["members"], found["n_shared"]) == (["mia", "ben"], 8)
    assert found["value"] == pytest.approx(8 / (8 + 15))


def test_a_group_is_renamed_and_deleted_by_its_owner(
    client: APIClient, group: Group, ben: User
) -> None:
    address, bens = f"{ADDRESS}{group.pk}/", client_of(ben)

    for answer in (
        bens.patch(address, {"name": "Ours"}),
        bens.delete(address),
        bens.post(f"{address}invitations/", {"username": "charlie"}),
        bens.delete(f"{address}members/mia/"),
    ):
        problem(answer, 403, "permission_denied")
    assert client.patch(address, {"name": "Movie night"}).json()["name"] == "Movie night"
    assert client.delete(address).status_code == 204
    assert not Group.objects.exists()


def test_who_leaves_is_out_and_the_group_goes_on(
    client: APIClient, group: Group, ben: User
) -> None:
    assert client.delete(f"{ADDRESS}{group.pk}/members/mia/").status_code == 204

    problem(client.get(f"{ADDRESS}{group.pk}/"), 404, "not_found")
    body = client_of(ben).get(f"{ADDRESS}{group.pk}/").json()
    assert (body["owner"], names(body["members"])) == ("ben", ["ben"])


def test_for_charlie_there_is_no_such_group(charlies_client: APIClient, group: Group) -> None:
    address = f"{ADDRESS}{group.pk}/"

    for answer in (
        charlies_client.get(address),
        charlies_client.patch(address, {"name": "Mine"}),
        charlies_client.delete(address),
        charlies_client.post(f"{address}invitations/", {"username": "charlie"}),
        charlies_client.delete(f"{address}members/ben/"),
        charlies_client.delete(f"{address}members/charlie/"),
        charlies_client.post(f"{INVITATIONS}{group.pk}/accept/"),
    ):
        problem(answer, 404, "not_found")
    group.refresh_from_db()
    assert (group.name, group.memberships.count()) == ("Film night", 2)


def test_what_a_group_refuses_is_said(client: APIClient, group: Group) -> None:
    address = f"{ADDRESS}{group.pk}/invitations/"

    twice = problem(client.post(address, {"username": "ben"}), 409, "group_refused")
    assert twice["detail"] == "ben is in the group already."
    nobody = problem(client.post(address, {"username": "zoe"}), 409, "group_refused")
    assert nobody["detail"].startswith("There is no account named “zoe”")
    problem(client.delete(f"{ADDRESS}{group.pk}/members/zoe/"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("name", "required")]),
        ({"name": "  "}, [("name", "blank")]),
        ({"name": "x" * 81}, [("name", "max_length")]),
        ({"name": 7}, [("name", "invalid")]),
        ({"name": "Ours", "owner": "ben"}, [("owner", "unknown")]),
    ],
)
def test_a_name_that_is_none_is_refused(
    client: APIClient, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors(client.post(ADDRESS, body)) == expected


@pytest.mark.parametrize("n_more", [0, 5])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    user: User,
    group: Group,
    django_assert_num_queries: DjangoAssertNumQueries,
    n_more: int,
) -> None:
    for _ in range(n_more):
        other = UserFactory.create()
        Membership.objects.create(group=group, user=other)
        groups.accept(group_id=group.pk, user=other)
        groups.create(owner=user, name="Another one")

    with django_assert_num_queries(4):  # token, group, members, scores
        assert len(client.get(f"{ADDRESS}{group.pk}/").json()["members"]) == 2 + n_more
    with django_assert_num_queries(2):  # token, groups
        assert len(client.get(ADDRESS).json()["results"]) == 1 + n_more
