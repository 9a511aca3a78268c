"""Groups of people who want to watch something together: their members and invitations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import ApiView
from catalog.api.filters import PageQuery
from catalog.api.group_serializers import (
    GroupBody,
    GroupDetailSerializer,
    GroupPage,
    GroupSerializer,
    InvitationBody,
    InvitationPage,
)
from catalog.api.problems import Problem
from catalog.api.responses import LOCATION, created
from catalog.models import Group, Membership
from catalog.selectors import groups as selectors
from catalog.services import groups
from catalog.services.affinity import affinities

_TAG = "Groups"
State = Membership.State


@contextmanager
def refusals() -> Iterator[None]:
    """What the service refuses, as a problem."""
    try:
        yield
    except groups.GroupRefused as error:
        raise Problem("group_refused", str(error)) from error


class GroupView(ApiView):
    """What the views of one group share. For who has not joined it, it is not there."""

    tag = _TAG

    def group(self, group_id: int) -> Group:
        """The group of the address. Raises the problem ``not_found``."""
        group = selectors.group_joined_by(group_id=group_id, user=self.account)
        if group is None:
            raise Problem("not_found", f"There is no group {group_id} that you have joined.")
        return group

    def own_group(self, group_id: int) -> Group:
        """The same for its owner. Raises the problem ``permission_denied`` for other members."""
        group = self.group(group_id)
        if group.owner_id != self.account.pk:
            raise Problem("permission_denied", "Only the owner of the group can do this.")
        return group

    def detail(self, group: Group) -> dict[str, Any]:
        """The answer about a group."""
        found = selectors.memberships(group=group)
        joined = [each for each in found if each.state == State.JOINED]
        invited = [each for each in found if each.state == State.INVITED]
        is_owner = group.owner_id == self.account.pk
        pairs = affinities(
            [each.user for each in joined],
            show_adult=all(selectors.shows_adult(each) for each in joined),
        )
        data: dict[str, Any] = {
            "id": group.pk,
            "name": group.name,
            "owner": group.owner,
            "n_joined": len(joined),
            "created_at": group.created_at,
            "members": [
                {"username": each.user.get_username(), "joined_at": each.joined_at}
                for each in joined
            ],
            "invited": [
                {"username": each.user.get_username(), "invited_at": each.created_at}
                for each in (invited if is_owner else ())
            ],
            "affinities": [
                {
                    "members": [one.get_username(), other.get_username()],
                    "n_shared": found.n_shared,
                    "value": found.value,
                }
                for one, other, found in pairs
            ],
        }
        answer: dict[str, Any] = GroupDetailSerializer(data).data
        return answer


class GroupListView(GroupView):
    """The account's groups."""

    query_serializer = PageQuery
    post_problems = ("group_refused",)

    @extend_schema(operation_id="list_my_groups", summary="My groups", responses=GroupPage)
    def get(self, request: Request) -> Response:
        """The groups that you have joined, by name."""
        return Response(self.page(selectors.groups_of(user=self.account), GroupSerializer))

    @extend_schema(
        operation_id="create_group",
        summary="A new group",
        request=GroupBody,
        responses={201: OpenApiResponse(GroupDetailSerializer, "You own it and have joined it.")},
        parameters=[LOCATION],
    )
    def post(self, request: Request) -> Response:
        """Make a group, which you own. An account owns up to ten."""
        with refusals():
            group = groups.create(owner=self.account, name=self.body(GroupBody)["name"])
        return created(request, self.detail(group), name="api-group", group_id=group.pk)


class GroupDetailView(GroupView):
    """One group."""

    patch_problems = ("group_refused", "permission_denied")
    delete_problems = ("group_refused", "permission_denied")

    @extend_schema(operation_id="get_group", summary="One group", responses=GroupDetailSerializer)
    def get(self, request: Request, group_id: int) -> Response:
        """A group that you have joined: who is in it, and how alike your tastes are."""
        return Response(self.detail(self.group(group_id)))

    @extend_schema(
        operation_id="rename_group",
        summary="Rename a group",
        request=GroupBody,
        responses=GroupDetailSerializer,
    )
    def patch(self, request: Request, group_id: int) -> Response:
        """Give your group another name."""
        group = self.own_group(group_id)
        with refusals():
            groups.rename(group=group, by=self.account, name=self.body(GroupBody)["name"])
        return Response(self.detail(self.group(group_id)))

    @extend_schema(
        operation_id="delete_group",
        summary="Delete a group",
        responses={204: OpenApiResponse(description="The group is gone, for everybody.")},
    )
    def delete(self, request: Request, group_id: int) -> Response:
        """Delete your group for everybody in it."""
        group = self.own_group(group_id)
        with refusals():
            groups.delete(group=group, by=self.account)
        return Response(status=204)


class GroupInvitationListView(GroupView):
    """Inviting somebody."""

    post_problems = ("group_refused", "permission_denied")

    @extend_schema(
        operation_id="invite_to_group",
        summary="Ask somebody to join",
        request=InvitationBody,
        responses={201: OpenApiResponse(GroupDetailSerializer, "The group with the invitation.")},
    )
    def post(self, request: Request, group_id: int) -> Response:
        """Ask an account to join your group.

        Nothing of theirs is used or shown before they have accepted. A group has up to eight
        members, open invitations included.
        """
        group, username = self.own_group(group_id), self.body(InvitationBody)["username"]
        with refusals():
            groups.invite(group=group, by=self.account, username=username)
        return Response(self.detail(group), status=201)


class GroupMemberView(GroupView):
    """Somebody in a group."""

    delete_problems = ("group_refused", "permission_denied")

    @extend_schema(
        operation_id="remove_group_member",
        summary="Leave a group, or take somebody out of it",
        responses={204: OpenApiResponse(description="They are not in the group any more.")},
    )
    def delete(self, request: Request, group_id: int, username: str) -> Response:
        """With your own name: leave. With another one: take them out, or their invitation back.

        Only the owner can take others out. When the owner leaves, the group goes to whoever joined
        first of the others; with nobody left it is deleted.
        """
        if username == self.account.get_username():
            with refusals():
                groups.leave(group=self.group(group_id), user=self.account)
            return Response(status=204)
        group = self.own_group(group_id)
        found = selectors.memberships(group=group)
        user = next((each.user for each in found if each.user.get_username() == username), None)
        with refusals():
            if user is None or not groups.remove_member(group=group, by=self.account, user=user):
                raise Problem("not_found", f"{username} is neither in this group nor invited.")
        return Response(status=204)


class InvitationListView(ApiView):
    """The account's open invitations."""

    tag = _TAG

    @extend_schema(
        operation_id="list_my_invitations", summary="My invitations", responses=InvitationPage
    )
    def get(self, request: Request) -> Response:
        """The groups that you are asked to join, the oldest invitation first."""
        results = [
            {
                "group": {
                    "id": each.group_id,
                    "name": each.group.name,
                    "owner": each.group.owner.get_username(),
                },
                "members": selectors.joined_names(each.group),
                "invited_at": each.created_at,
            }
            for each in selectors.invitations_of(user=self.account)
        ]
        page = {"next": None, "previous": None, "results": results}
        return Response(InvitationPage(page).data)


class InvitationView(ApiView):
    """One open invitation."""

    tag = _TAG

    @extend_schema(
        operation_id="decline_invitation",
        summary="Turn an invitation down",
        responses={204: OpenApiResponse(description="It is turned down.")},
    )
    def delete(self, request: Request, group_id: int) -> Response:
        """Turn an invitation down."""
        if not groups.decline(group_id=group_id, user=self.account):
            raise _no_invitation(group_id)
        return Response(status=204)


class InvitationAcceptView(GroupView):
    """Joining."""

    @extend_schema(
        operation_id="accept_invitation",
        summary="Join a group",
        request=None,
        responses=GroupDetailSerializer,
    )
    def post(self, request: Request, group_id: int) -> Response:
        """Join a group. From now on its members see your predictions for its list."""
        self.no_body()
        if not groups.accept(group_id=group_id, user=self.account):
            raise _no_invitation(group_id)
        return Response(self.detail(self.group(group_id)))


def _no_invitation(group_id: int) -> Problem:
    return Problem("not_found", f"You have no open invitation to a group {group_id}.")
