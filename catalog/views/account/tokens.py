"""API tokens: listed, made, revoked.

A token's text is in the answer that makes it and nowhere else: neither in the session nor in a
message. So this answer is the page itself and no redirect.
"""

from datetime import timedelta

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from catalog import selectors
from catalog.forms.account import TokenForm
from catalog.models import ApiToken
from catalog.pages import MemberRequest, member_action
from catalog.services import tokens


@login_required
@never_cache
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # django-allauth is untyped
def account_tokens(request: MemberRequest) -> HttpResponse:
    """The account's tokens; a POST makes one, for who has entered the password lately."""
    form = TokenForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            token, text = tokens.issue(
                user=request.user,
                name=form.cleaned_data["name"],
                scopes=[tokens.Scope(scope) for scope in form.cleaned_data["scopes"]],
                ttl=timedelta(days=int(form.cleaned_data["days"])),
            )
        except tokens.TokenRefused as error:
            form.add_error(None, str(error))
        else:
            return _page(request, TokenForm(user=request.user), made=token, text=text)
    return _page(request, form, status=400 if form.errors else 200)


@member_action
def revoke_token(request: MemberRequest, token_key: str) -> HttpResponse:
    """Revoke one of one's own tokens."""
    if not tokens.revoke(user=request.user, token_key=token_key):
        raise Http404("You have no such token.")
    messages.success(request, f"The token {token_key} is not valid any more.")
    return _back(request)


@member_action
def revoke_all_tokens(request: MemberRequest) -> HttpResponse:
    """Revoke all of one's own tokens."""
    n = tokens.revoke_all(user=request.user)
    text = "You had no token." if not n else f"{n} token{'' if n == 1 else 's'} revoked."
    messages.success(request, text)
    return _back(request)


def _back(request: MemberRequest) -> HttpResponse:
    response = redirect("account-tokens")
    return HttpResponseClientRedirect(response.url) if request.htmx else response


def _page(
    request: MemberRequest,
    form: TokenForm,
    *,
    made: ApiToken | None = None,
    text: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "tokens": selectors.tokens(user=request.user),
        "now": timezone.now(),
        "made": made,
        "text": text,
    }
    return render(request, "account/tokens.html", context, status=status)
