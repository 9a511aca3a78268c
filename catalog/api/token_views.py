"""API tokens: asked for with a name and a password, listed, revoked."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import selectors
from catalog.api.authentication import TokenAuthentication
from catalog.api.base import ApiView
from catalog.api.filters import PageQuery
from catalog.api.permissions import token_of
from catalog.api.problems import Problem
from catalog.api.serializers import (
    NewTokenSerializer,
    TokenPage,
    TokenRequestSerializer,
    TokenSerializer,
)
from catalog.models import User
from catalog.services import tokens

_TAG = "Tokens"


class TokenView(ApiView):
    """The token that a client works with."""

    tag = _TAG
    throttle_scope = "login"
    post_problems = (
        "invalid_credentials",
        "scope_not_allowed",
        "too_many_tokens",
        "too_many_attempts",
    )

    def get_authenticators(self) -> list[BaseAuthentication]:
        """None to ask for a token, so that an old one in the header does no harm."""
        # There is no request while the schema is made.
        is_post = getattr(self.request, "method", "") == "POST"
        return [] if is_post else [TokenAuthentication()]

    def get_permissions(self) -> list[BasePermission]:
        """None: POST checks the password, and every token may revoke itself."""
        return []

    @extend_schema(
        operation_id="create_token",
        summary="Get a token for a name and a password",
        request=TokenRequestSerializer,
        responses={201: OpenApiResponse(NewTokenSerializer, "The token, shown only this once.")},
    )
    def post(self, request: Request) -> Response:
        """Get a token: `Authorization: Bearer <token>` is how it is used.

        Wrong passwords count towards the same limit as on the site: after ten for one account
        from one address, no more are tried for 15 minutes.
        """
        body = self.body(TokenRequestSerializer)
        user = self._user_of(request, body)
        days = body.get("expires_in_days")
        try:
            token, text = tokens.issue(
                user=user,
                name=body["name"],
                scopes=[tokens.Scope(scope) for scope in body["scopes"]],
                ttl=timedelta(days=days) if days else None,
            )
        except tokens.ScopeNotAllowed as error:
            raise Problem("scope_not_allowed", str(error)) from error
        except tokens.TooManyTokens as error:
            raise Problem("too_many_tokens", str(error)) from error
        data: dict[str, Any] = {**TokenSerializer(token).data, "token": text}
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="revoke_token",
        summary="Revoke the token that is used",
        responses={204: OpenApiResponse(description="The token is not valid any more.")},
    )
    def delete(self, request: Request) -> Response:
        """Revoke the token that this request is made with; any token can."""
        token = token_of(request)
        if token is None:
            raise exceptions.NotAuthenticated
        tokens.revoke(user=self.account, token_key=token.token_key)
        return Response(status=204)

    def _user_of(self, request: Request, body: dict[str, Any]) -> User:
        try:
            # The request itself rather than Django's: what django-axes notes on it is for us.
            return tokens.check_credentials(
                request=request, username=body["username"], password=body["password"]
            )
        except tokens.TooManyAttempts as error:
            wait = error.wait.total_seconds()
            raise Problem("too_many_attempts", str(error), wait=wait) from error
        except tokens.WrongCredentials as error:
            raise Problem("invalid_credentials", str(error)) from error


class TokenListView(ApiView):
    """The account's tokens."""

    tag = _TAG
    query_serializer = PageQuery

    @extend_schema(operation_id="list_my_tokens", summary="My tokens", responses=TokenPage)
    def get(self, request: Request) -> Response:
        """Your tokens, the newest first, without their texts."""
        return Response(self.page(selectors.tokens(user=self.account), TokenSerializer))


class TokenDetailView(ApiView):
    """One of the account's tokens."""

    tag = _TAG

    @extend_schema(
        operation_id="revoke_my_token",
        summary="Revoke one of my tokens",
        responses={204: OpenApiResponse(description="The token is not valid any more.")},
    )
    def delete(self, request: Request, token_key: str) -> Response:
        """Revoke one of your tokens."""
        if not tokens.revoke(user=self.account, token_key=token_key):
            raise Problem("not_found", f"You have no token {token_key}.")
        return Response(status=204)
