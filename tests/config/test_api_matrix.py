"""Who may do what: every address of the API × every method × six kinds of people.

The addresses come from the URL resolver, so that a new one fails here until its row is written.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.urls import URLPattern, URLResolver, reverse
from rest_framework.test import APIClient

from catalog.models import Dismissal, ImportJob, Membership
from catalog.services import groups, mal_import, ratings, tokens
from catalog.services.tokens import Scope
from config import api_urls
from recommender.models import ModelVersion, TrainingRun
from recommender.services import registry
from recommender.services.catalogue import forget_catalogue
from tests.api import client_of, client_with
from tests.catalog.mal_files import anime as listed
from tests.catalog.mal_files import export
from tests.factories import AnimeFactory, UserFactory

PEOPLE = ("anonymous", "expired", "read-only", "charlie", "user", "administrator")

# Address and method → the status for each of PEOPLE. Charlie has an account and nothing else: his
# are the user's rights to what is his own, and nothing of the user's.
PUBLIC = (200, 401, 200, 200, 200, 200)
OWN_READ = (401, 401, 200, 200, 200, 200)
OWN_THING = (401, 401, 200, 404, 200, 404)
OWN_CHANGE = (401, 401, 403, 404, 200, 404)
OWN_REMOVE = (401, 401, 403, 404, 204, 404)
ADMIN_READ = (401, 401, 403, 403, 403, 200)
EXPECTED: dict[tuple[str, str], tuple[int, ...]] = {
    ("api-anime-list", "GET"): PUBLIC,
    ("api-anime", "GET"): PUBLIC,
    ("api-similar", "GET"): PUBLIC,
    ("api-genre-list", "GET"): PUBLIC,
    ("api-rating-list", "GET"): OWN_READ,
    ("api-rating-list", "PUT"): (401, 401, 403, 200, 200, 200),
    ("api-rating", "GET"): OWN_THING,
    ("api-rating", "PUT"): (401, 401, 403, 201, 200, 201),
    ("api-rating", "PATCH"): OWN_CHANGE,
    ("api-rating", "DELETE"): OWN_REMOVE,
    ("api-dismissal-list", "GET"): OWN_READ,
    ("api-dismissal", "PUT"): (401, 401, 403, 204, 204, 204),
    ("api-dismissal", "DELETE"): OWN_REMOVE,
    ("api-recommendation-list", "GET"): OWN_READ,
    # Without scores there is nothing to recommend by; reading is all that it does.
    ("api-anonymous-recommendations", "POST"): (400, 401, 400, 400, 400, 400),
    ("api-list-import-list", "GET"): OWN_READ,
    # Without a file nothing is made.
    ("api-list-import-list", "POST"): (401, 401, 403, 400, 400, 400),
    ("api-list-import", "GET"): OWN_THING,
    ("api-list-import", "DELETE"): OWN_REMOVE,
    # Without a decision nothing is written.
    ("api-list-import-apply", "POST"): (401, 401, 403, 404, 400, 404),
    ("api-list-export", "GET"): OWN_READ,
    ("api-prediction", "GET"): OWN_READ,
    ("api-account", "GET"): OWN_READ,
    # Without a change nothing changes, and without the password nobody goes.
    ("api-account", "PATCH"): (401, 401, 403, 400, 400, 400),
    ("api-account", "DELETE"): (401, 401, 403, 400, 400, 400),
    ("api-data-download", "GET"): OWN_READ,
    ("api-status-list", "GET"): OWN_READ,
    ("api-statistics", "GET"): OWN_READ,
    ("api-list-filters", "GET"): OWN_READ,
    ("api-list-filters", "PUT"): (401, 401, 403, 200, 200, 200),
    ("api-group-list", "GET"): OWN_READ,
    # Without a name there is no group, and nobody to ask.
    ("api-group-list", "POST"): (401, 401, 403, 400, 400, 400),
    ("api-group", "GET"): OWN_THING,
    ("api-group", "PATCH"): (401, 401, 403, 404, 400, 404),
    ("api-group", "DELETE"): OWN_REMOVE,
    ("api-group-invitation-list", "POST"): (401, 401, 403, 404, 400, 404),
    ("api-group-member", "DELETE"): OWN_REMOVE,
    ("api-group-recommendation-list", "GET"): OWN_THING,
    ("api-invitation-list", "GET"): OWN_READ,
    # The user is in the group already, and the others were not asked.
    ("api-invitation", "DELETE"): (401, 401, 403, 404, 404, 404),
    ("api-invitation-accept", "POST"): (401, 401, 403, 404, 404, 404),
    # Without name and password, nobody gets a token; every token may revoke itself.
    ("api-token", "POST"): (400, 400, 400, 400, 400, 400),
    ("api-token", "DELETE"): (401, 401, 204, 204, 204, 204),
    ("api-token-list", "GET"): OWN_READ,
    ("api-token-detail", "DELETE"): OWN_REMOVE,
    ("api-training-run-list", "GET"): ADMIN_READ,
    ("api-training-run-list", "POST"): (401, 401, 403, 403, 403, 201),
    ("api-training-run", "GET"): ADMIN_READ,
    ("api-training-run-cancel", "POST"): ADMIN_READ,
    ("api-model-list", "GET"): ADMIN_READ,
    ("api-model", "GET"): ADMIN_READ,
    ("api-model-promote", "POST"): ADMIN_READ,
    ("api-model-report", "GET"): ADMIN_READ,
    # The version has no files, and none was active before it.
    ("api-model-figure", "GET"): (401, 401, 403, 403, 403, 404),
    ("api-model-rollback", "POST"): (401, 401, 403, 403, 403, 409),
    ("api-import-list", "GET"): ADMIN_READ,
    # Without a file nothing is queued.
    ("api-import-list", "POST"): (401, 401, 403, 403, 403, 400),
    ("api-import", "GET"): ADMIN_READ,
    ("api-import-cancel", "POST"): ADMIN_READ,
    # The schema is nobody's secret: no token is even looked at.
    ("api-schema", "GET"): (200,) * 6,
    ("api-docs", "GET"): (200,) * 6,
}
BODIES = {
    ("api-rating", "PUT"): '{"score": 8}',
    ("api-rating", "PATCH"): '{"score": 8}',
    ("api-rating-list", "PUT"): '[{"anime_id": 7, "score": 8}]',
}
# Every method that there is leads there.
NOT_FOUND = "api-not-found"

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def patterns(entries: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns)
        else:
            yield entry


def operations() -> set[tuple[str, str]]:
    """Name and method of everything that the API does."""
    found = set()
    for pattern in patterns(api_urls.urlpatterns):
        view = getattr(pattern.callback, "cls", None)
        if view is None:
            assert pattern.name == NOT_FOUND
            continue
        found |= {
            (str(pattern.name), method) for method in METHODS if hasattr(view, method.lower())
        }
    return found


def test_every_address_and_method_has_its_row() -> None:
    assert operations() == set(EXPECTED)


@pytest.fixture
def things(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The user and what is the user's; what administrators look after; the others."""
    cache.clear()
    forget_catalogue()
    registry.forget_loaded()
    monkeypatch.setattr(registry, "_load", lambda version: None)  # a version without files
    mia = UserFactory.create(username="mia", password=None)
    anime = AnimeFactory.create(id=7)
    rater = ratings.rater_for(user=mia)
    ratings.rate(rater=rater, anime=anime, score=9)
    Dismissal.objects.create(rater=rater, anime=anime)
    token, _ = tokens.issue(user=mia, name="another one")
    group = groups.create(owner=mia, name="Film night")
    Membership.objects.create(group=group, user=UserFactory.create(username="ben"))
    return {
        "user": mia,
        "anime_id": anime.pk,
        "token_key": token.token_key,
        "job_id": mal_import.upload(user=mia, file=ContentFile(export(listed()), "a.xml")).pk,
        "ending": "csv",
        "group_id": group.pk,
        "import_id": ImportJob.objects.create(kind=ImportJob.Kind.ANIME).pk,
        "name": "calibration",
        "username": "ben",
        "run_id": TrainingRun.objects.create().pk,
        "version_id": ModelVersion.objects.create(artifact="a").pk,
    }


def client_for(person: str, things: dict[str, Any]) -> APIClient:
    match person:
        case "anonymous":
            return APIClient()
        case "expired":
            _, text = tokens.issue(user=things["user"], ttl=timedelta(seconds=-1))
            return client_with(text)
        case "read-only":
            return client_of(things["user"], Scope.READ)
        case "charlie":
            return client_of(UserFactory.create(username="charlie", password=None))
        case "administrator":
            admin = UserFactory.create(username="ada", password=None, is_staff=True)
            return client_of(admin, *Scope)
        case _:
            return client_of(things["user"])


def ask(client: APIClient, operation: tuple[str, str], things: dict[str, Any]) -> int:
    name, method = operation
    variables = next(
        pattern.pattern.converters
        for pattern in patterns(api_urls.urlpatterns)
        if pattern.name == name
    )
    address = reverse(name, kwargs={variable: things[variable] for variable in variables})
    body = BODIES.get(operation, "")
    response = client.generic(method, address, body, content_type="application/json")
    status: int = response.status_code
    return status


@pytest.mark.parametrize("operation", sorted(EXPECTED), ids=" ".join)
@pytest.mark.parametrize("person", PEOPLE)
def test_who_may_do_what(person: str, operation: tuple[str, str], things: dict[str, Any]) -> None:
    expected = EXPECTED[operation][PEOPLE.index(person)]

    assert ask(client_for(person, things), operation, things) == expected


@pytest.mark.parametrize(
    "operation", [row for row in sorted(EXPECTED) if EXPECTED[row] is ADMIN_READ], ids=" ".join
)
def test_an_administrators_token_needs_the_scope_admin(
    operation: tuple[str, str], things: dict[str, Any]
) -> None:
    admin = UserFactory.create(username="ada", password=None, is_staff=True)

    assert ask(client_of(admin), operation, things) == 403
    session = APIClient()
    session.force_login(admin)
    assert ask(session, operation, things) == 200


@pytest.mark.parametrize(
    "operation", [row for row in sorted(EXPECTED) if EXPECTED[row] is ADMIN_READ], ids=" ".join
)
def test_who_is_no_administrator_any_more_is_refused_with_an_old_token(
    operation: tuple[str, str], things: dict[str, Any]
) -> None:
    former = UserFactory.create(username="ada", password=None, is_staff=True)
    client = client_of(former, *Scope)
    former.is_staff = False
    former.save()

    assert ask(client, operation, things) == 403
