"""The account: its settings, what is known of it, its end."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth import logout
from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import get_valid_filename
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import selectors
from catalog.api.account_serializers import (
    AccountBody,
    AccountSerializer,
    DeletionBody,
    StatisticsSerializer,
    StatusCountPage,
)
from catalog.api.base import ApiView
from catalog.api.export_views import FileRenderer
from catalog.api.permissions import token_of
from catalog.api.problems import Problem
from catalog.models import Profile, User
from catalog.services import accounts, data_download, profiles, tokens
from catalog.services.list_statistics import Extreme, list_statistics
from catalog.services.own_list import OwnList, own_list

_TAG = "My account"


class AccountView(ApiView):
    """The account itself."""

    tag = _TAG
    delete_body = DeletionBody
    delete_problems = ("invalid_credentials", "too_many_attempts", "account_needed")

    @extend_schema(operation_id="get_me", summary="My account", responses=AccountSerializer)
    def get(self, request: Request) -> Response:
        """Your account and its settings."""
        return Response(_account(self.account, selectors.profile_of(self.account)))

    @extend_schema(
        operation_id="change_me",
        summary="Change my settings",
        request=AccountBody,
        responses=AccountSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change your profile and what is shown to you; what is left out stays."""
        profile = profiles.change(user=self.account, values=self.body(AccountBody))
        return Response(_account(self.account, profile))

    @extend_schema(
        operation_id="delete_me",
        summary="Delete my account",
        responses={204: OpenApiResponse(description="The account and all of its data are gone.")},
    )
    def delete(self, request: Request) -> Response:
        """Delete your account and everything that is known of you, at once and for good.

        It needs your password. Wrong ones count towards the same limit as at the log-in.
        """
        user, password = self.account, self.body(DeletionBody)["password"]
        self._check_password(request, user, password)
        try:
            accounts.delete_account(user=user)
        except accounts.DeletionRefused as error:
            raise Problem("account_needed", str(error)) from error
        if token_of(request) is None:
            logout(request._request)  # noqa: SLF001 - Django's own
        return Response(status=204)

    def _check_password(self, request: Request, user: User, password: str) -> None:
        try:
            tokens.check_credentials(
                request=request, username=user.get_username(), password=password
            )
        except tokens.TooManyAttempts as error:
            wait = error.wait.total_seconds()
            raise Problem("too_many_attempts", str(error), wait=wait) from error
        except tokens.WrongCredentials as error:
            raise Problem("invalid_credentials", "This is not your password.") from error


class DataDownloadView(ApiView):
    """Everything that is known of the account."""

    tag = _TAG

    def get_renderers(self) -> list[BaseRenderer]:
        """That of an archive."""
        return [FileRenderer("application/zip")]

    @extend_schema(
        operation_id="download_my_data",
        summary="All that is known of me",
        responses={
            (200, "application/zip"): OpenApiResponse(
                OpenApiTypes.STR,
                "The archive.",
                examples=[
                    OpenApiExample("File", value="(the archive)", media_type="application/zip")
                ],
            )
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """All that is known of you, as an archive of files for people and programs."""
        now, user = timezone.now(), self.account
        name = get_valid_filename(f"osusume-{user.get_username()}-{now:%Y-%m-%d}.zip")
        return HttpResponse(
            data_download.archive(user=user, now=now),
            content_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "private, no-store",
            },
        )


class StatusCountView(ApiView):
    """The statuses of the account's list."""

    tag = "My list"

    @extend_schema(
        operation_id="list_my_statuses", summary="My statuses", responses=StatusCountPage
    )
    def get(self, request: Request) -> Response:
        """How many titles of your list have each status; `me/ratings/?status=` lists them."""
        counts = selectors.list_counts(
            rater=selectors.rater_of(self.account), show_adult=self.show_adult
        )
        data: dict[str, Any] = {
            "next": None,
            "previous": None,
            "results": [
                {"status": status.slug, "count": count}
                for status, count in counts.by_status.items()
            ],
            "total": counts.total,
            "scored": counts.scored,
            "hidden": counts.hidden,
        }
        return Response(data)


class StatisticsView(ApiView):
    """The figures of the account's list."""

    tag = "My list"

    @extend_schema(
        operation_id="get_my_statistics",
        summary="What my scores say",
        responses=StatisticsSerializer,
    )
    def get(self, request: Request) -> Response:
        """What your scores say, beside what everybody thinks of the same titles."""
        mine = own_list(rater=selectors.rater_of(self.account), show_adult=self.show_adult)
        found = list_statistics(mine)
        data = asdict(found) | {
            "overrated": [_extreme(each, mine) for each in found.overrated],
            "underrated": [_extreme(each, mine) for each in found.underrated],
        }
        return Response(StatisticsSerializer(data).data)


def _account(user: User, profile: Profile) -> dict[str, Any]:
    data = {
        "username": user.get_username(),
        "email": user.email,
        "is_administrator": user.is_staff,
        "joined_at": user.date_joined,
        "about": profile.about,
        "is_public": profile.is_public,
        "show_adult": profile.show_adult,
        "theme": profile.theme,
    }
    answer: dict[str, Any] = AccountSerializer(data).data
    return answer


def _extreme(found: Extreme, mine: OwnList) -> dict[str, Any]:
    title = mine.arrays.titles[mine.rows[found.anime_id]]
    return {"title": title, **asdict(found)}
