"""All that is known of an account, as an archive of files that people and programs can read.

The list is there in each of the files that a member can export by itself, so that it can be taken
elsewhere and back. What other apps keep, they add themselves, asked by a signal.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from allauth.account.models import EmailAddress
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from catalog.models import (
    ApiToken,
    Dismissal,
    ImportJob,
    MalEntry,
    Membership,
    Profile,
    Rater,
    User,
)
from catalog.selectors import profile_of, rater_of
from catalog.services.mal_export import xml_chunks
from catalog.services.mal_tables import csv_chunks, json_chunks
from catalog.signals import data_requested


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive: its name, what it is (a sentence), and its text."""

    name: str
    about: str
    text: str

    @classmethod
    def of_json(cls, name: str, about: str, value: object) -> "Part":
        """A file with one value as JSON; times are in ISO 8601 and UTC."""
        text = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        return cls(name, about, f"{text}\n")


def archive(*, user: User, now: datetime | None = None) -> bytes:
    """A ZIP file with all that is known of an account."""
    parts = [*_own_parts(user), *_parts_of_others(user)]
    parts.sort(key=lambda part: part.name)
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as file:
        file.writestr("README.txt", _readme(user, parts, now or timezone.now()))
        for part in parts:
            file.writestr(part.name, part.text)
    return buffer.getvalue()


def _own_parts(user: User) -> Iterable[Part]:
    rater = rater_of(user)
    if rater is not None:
        for name, about, chunks in _LIST_FILES:
            yield Part(name, about, b"".join(chunks(rater)).decode())
    for name, about, read in _FILES:
        yield Part.of_json(name, about, read(user))


def _parts_of_others(user: User) -> Iterable[Part]:
    for _, parts in data_requested.send(sender=User, user=user):
        yield from cast(Iterable[Part], parts)


def _profile(user: User) -> dict[str, Any]:
    profile: Profile = profile_of(user)
    addresses = EmailAddress.objects.filter(user=user).order_by("pk")
    return {
        "username": user.get_username(),
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email_addresses": list(addresses.values("email", "primary", "verified")),
        "joined": user.date_joined,
        "last_log_in": user.last_login,
        "is_administrator": user.is_staff,
        "about": profile.about,
        "is_public": profile.is_public,
        "show_adult": profile.show_adult,
        "appearance": profile.theme,
        "list_filters": profile.list_filters,
        "myanimelist_info": profile.mal_info,
    }


def _mal_entries(user: User) -> list[Mapping[str, Any]]:
    found = MalEntry.objects.filter(rater__user=user).order_by("anime_id")
    return list(found.values("anime_id", "fields"))


def _dismissals(user: User) -> list[dict[str, Any]]:
    found = Dismissal.objects.filter(rater__user=user).select_related("anime")
    return [
        {"anime_id": each.anime_id, "title": each.anime.title, "since": each.created_at}
        for each in found.order_by("created_at", "pk")
    ]


def _tokens(user: User) -> list[Mapping[str, Any]]:
    found = ApiToken.objects.filter(user=user).order_by("created", "pk")
    return list(found.values("name", "token_key", "scopes", "created", "expiry"))


def _groups(user: User) -> list[dict[str, Any]]:
    found = Membership.objects.filter(user=user).select_related("group").order_by("pk")
    return [
        {
            "group": membership.group.name,
            "is_owner": membership.group.owner_id == user.pk,
            "state": membership.state,
            "invited": membership.created_at,
            "joined": membership.joined_at,
        }
        for membership in found
    ]


def _imports(user: User) -> list[Mapping[str, Any]]:
    found = ImportJob.objects.filter(requested_by=user).order_by("created_at", "pk")
    return list(
        found.values(
            "kind",
            "state",
            "file_name",
            "rows_read",
            "rows_created",
            "rows_updated",
            "rows_unchanged",
            "rows_rejected",
            "rejects",
            "reject_samples",
            "summary",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        )
    )


_LIST_FILES: tuple[tuple[str, str, Callable[[Rater], Iterable[bytes]]], ...] = (
    (
        "list.json",
        (
            "Every title on your list with status, score, episodes and the time of the last "
            "change, with all that your MyAnimeList file said, and what you are not interested "
            "in. It can be imported here again."
        ),
        json_chunks,
    ),
    ("list.csv", "The same list for a spreadsheet, without the rarer facts.", csv_chunks),
    ("list.xml", "The same list as MyAnimeList's own export, to be imported there.", xml_chunks),
)
_FILES: tuple[tuple[str, str, Callable[[User], object]], ...] = (
    ("profile.json", "Your account and its settings, without the password.", _profile),
    (
        "myanimelist.json",
        "What your MyAnimeList file said beyond status, score and episodes, by title.",
        _mal_entries,
    ),
    ("not-interested.json", "The titles that you do not want to be recommended.", _dismissals),
    (
        "tokens.json",
        (
            "Your API tokens, by the beginning that tells them apart. The tokens themselves are "
            "stored nowhere."
        ),
        _tokens,
    ),
    ("groups.json", "The groups that you have joined or are invited to.", _groups),
    ("imports.json", "The files that you have imported, and what came of them.", _imports),
)


def _readme(user: User, parts: Iterable[Part], now: datetime) -> str:
    files = "\n\n".join(f"{part.name}\n    {part.about}" for part in parts)
    return (
        f"All that Osusume knows of the account {user.get_username()}, "
        f"{now:%Y-%m-%d %H:%M} UTC.\n\n"
        "Texts are in UTF-8, times in UTC. Titles are named by their MyAnimeList id.\n\n"
        f"{files}\n\n"
        "Recommendations are not here: they are computed from your list when you look at them. "
        "What is kept of them for a while only serves to show the same list on its next page, "
        "as the answers to a program's requests are kept to be given again when it repeats one.\n"
    )
