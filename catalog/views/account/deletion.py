"""The end of an account."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from catalog.forms.account import DeletionForm
from catalog.models import Rating
from catalog.pages import MemberRequest
from catalog.selectors.groups import owned_with_others
from catalog.services import accounts


@login_required
@never_cache
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # django-allauth is untyped
def delete_account(request: MemberRequest) -> HttpResponse:
    """What goes with the account; a POST deletes it, for who has entered the password lately."""
    user = request.user
    form = DeletionForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        name = user.get_username()
        try:
            accounts.delete_account(user=user)
        except accounts.DeletionRefused as error:
            form.add_error(None, str(error))
        else:
            logout(request)
            messages.success(
                request, f"The account {name} and everything that was known of it are deleted."
            )
            response = redirect("home")
            response.delete_cookie("theme", samesite="Lax")
            return response
    context = {
        "form": form,
        "problem": accounts.why_not_deletable(user=user),
        "n_ratings": Rating.objects.filter(rater__user=user).count(),
        "handed_over": owned_with_others(user=user),
    }
    return render(request, "account/delete.html", context, status=400 if form.errors else 200)
