"""Groups: one's own, their members, and everything that changes them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from catalog.forms.groups import GroupForm, InvitationForm
from catalog.models import Group, Membership, User
from catalog.pages import MemberRequest, member_action
from catalog.selectors import groups as selectors
from catalog.services import groups
from catalog.services.affinity import affinities

_INVITATION_GONE = "This invitation is not open any more."


@require_safe
@login_required
def my_groups(request: MemberRequest) -> HttpResponse:
    """The groups and open invitations of an account."""
    return _groups_page(request, GroupForm())


@member_action
def create_group(request: MemberRequest) -> HttpResponse:
    """A new group."""
    form = GroupForm(request.POST)
    if form.is_valid():
        try:
            group = groups.create(owner=request.user, name=form.cleaned_data["name"])
        except groups.GroupRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{group.name} is there. Now invite somebody.")
            return redirect("group-members", group.pk)
    return _groups_page(request, form, status=400)


@require_safe
@login_required
def group_members(request: MemberRequest, group_id: int) -> HttpResponse:
    """Who is in a group and how alike their tastes are, for who has joined it."""
    return _members_page(request, _joined_group(request, group_id))


@member_action
def invite(request: MemberRequest, group_id: int) -> HttpResponse:
    """Ask somebody to join; for the owner."""
    group = _owned_group(request, group_id)
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invitation = groups.invite(
                group=group, by=request.user, username=form.cleaned_data["username"]
            )
        except groups.GroupRefused as error:
            form.add_error("username", str(error))
        else:
            name = invitation.user.get_username()
            messages.success(request, f"{name} is invited and sees it at the next visit.")
            return redirect("group-members", group.pk)
    return _members_page(request, group, invitation_form=form, status=400)


@member_action
def rename_group(request: MemberRequest, group_id: int) -> HttpResponse:
    """Another name; for the owner."""
    group = _owned_group(request, group_id)
    form = GroupForm(request.POST)
    if form.is_valid():
        try:
            groups.rename(group=group, by=request.user, name=form.cleaned_data["name"])
        except groups.GroupRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The group has a new name.")
            return redirect("group-members", group.pk)
    return _members_page(request, group, name_form=form, status=400)


@member_action
def remove_member(request: MemberRequest, group_id: int, user_id: int) -> HttpResponse:
    """Take a member out, or an invitation back; for the owner."""
    group = _owned_group(request, group_id)
    user = User.objects.filter(pk=user_id, memberships__group=group).first()
    if user is None:
        raise Http404("This account is not in the group.")
    try:
        groups.remove_member(group=group, by=request.user, user=user)
    except groups.GroupRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{user.get_username()} is out of the group.")
    return _to(request, "group-members", group.pk)


@member_action
def delete_group(request: MemberRequest, group_id: int) -> HttpResponse:
    """Delete a group for everybody; for the owner."""
    group = _owned_group(request, group_id)
    try:
        groups.delete(group=group, by=request.user)
    except groups.GroupRefused as error:
        messages.error(request, str(error))
        return _to(request, "group-members", group.pk)
    messages.success(request, f"{group.name} is deleted.")
    return _to(request, "together")


@member_action
def leave_group(request: MemberRequest, group_id: int) -> HttpResponse:
    """Leave; nothing of one's own is used there any more."""
    group = _joined_group(request, group_id)
    groups.leave(group=group, user=request.user)
    messages.success(request, f"You have left {group.name}.")
    return _to(request, "together")


@member_action
def accept_invitation(request: MemberRequest, group_id: int) -> HttpResponse:
    """Join."""
    if groups.accept(group_id=group_id, user=request.user):
        return _to(request, "group", group_id)
    messages.error(request, _INVITATION_GONE)
    return _to(request, "together")


@member_action
def decline_invitation(request: MemberRequest, group_id: int) -> HttpResponse:
    """Turn an invitation down."""
    if groups.decline(group_id=group_id, user=request.user):
        messages.success(request, "The invitation is turned down.")
    else:
        messages.error(request, _INVITATION_GONE)
    return _to(request, "together")


def _joined_group(request: MemberRequest, group_id: int) -> Group:
    group = selectors.group_joined_by(group_id=group_id, user=request.user)
    if group is None:
        raise Http404("There is no such group, or you have not joined it.")
    return group


def _owned_group(request: MemberRequest, group_id: int) -> Group:
    group = _joined_group(request, group_id)
    if group.owner_id != request.user.pk:
        raise PermissionDenied("Only the owner of the group can do this.")
    return group


def _groups_page(request: MemberRequest, form: GroupForm, *, status: int = 200) -> HttpResponse:
    context = {
        "groups": selectors.groups_of(user=request.user),
        "invitations": [
            (invitation, selectors.joined_names(invitation.group))
            for invitation in selectors.invitations_of(user=request.user)
        ],
        "form": form,
    }
    return render(request, "together/groups.html", context, status=status)


def _members_page(
    request: MemberRequest,
    group: Group,
    *,
    invitation_form: InvitationForm | None = None,
    name_form: GroupForm | None = None,
    status: int = 200,
) -> HttpResponse:
    memberships = selectors.memberships(group=group)
    joined = [each for each in memberships if each.state == Membership.State.JOINED]
    context = {
        "group": group,
        "is_owner": group.owner_id == request.user.pk,
        "joined": joined,
        "invited": [each for each in memberships if each.state == Membership.State.INVITED],
        "is_full": len(memberships) >= groups.MAX_MEMBERS,
        "max_members": groups.MAX_MEMBERS,
        "affinities": affinities(
            [each.user for each in joined],
            show_adult=all(selectors.shows_adult(each) for each in joined),
        ),
        "invitation_form": invitation_form or InvitationForm(),
        "name_form": name_form or GroupForm(initial={"name": group.name}),
    }
    return render(request, "together/members.html", context, status=status)


def _to(request: MemberRequest, name: str, *arguments: int) -> HttpResponse:
    """To another page, whether a form has been sent or htmx has sent it."""
    response = redirect(name, *arguments)
    return HttpResponseClientRedirect(response.url) if request.htmx else response
