"""Clients of the API, and what every problem must look like."""

from typing import Any

from rest_framework.test import APIClient

from catalog.api.problem_types import PROBLEM_TYPES
from catalog.models import Anime, User
from catalog.services import tokens
from catalog.services.tokens import Scope

ROOT = "/api/v1/"


def client_of(user: User, *scopes: Scope) -> APIClient:
    """A client with a token; with the default scopes unless some are given."""
    _, text = tokens.issue(user=user, scopes=scopes or tokens.DEFAULT_SCOPES)
    return client_with(text)


def client_with(token: str) -> APIClient:
    """A client that sends this text as its token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is, checked for its form."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert list(body) == ["type", "title", "status", "detail", "code", "errors"]
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == PROBLEM_TYPES[code].uri
    assert body["title"] == PROBLEM_TYPES[code].title
    return body


def errors(response: Any) -> list[tuple[str, str]]:
    """Field and code of each error of a 400."""
    body = problem(response, 400, "invalid_request")
    return [(error["field"], error["code"]) for error in body["errors"]]


def ids(response: Any) -> list[int]:
    """The ids of the titles on a page, in order, whether they are the results or in them."""
    assert response.status_code == 200, response.content
    return [result.get("anime", result)["id"] for result in response.json()["results"]]


def walk(client: APIClient, address: str, direction: str = "next") -> list[list[int]]:
    """The ids of every page from an address on."""
    pages: list[list[int]] = []
    following: str | None = address
    while following:
        response = client.get(following)
        pages.append(ids(response))
        following = response.json()[direction]
    return pages


def anime_json(anime: Anime) -> dict[str, Any]:
    """A title as the API must show it."""
    return {
        "id": anime.pk,
        "title": anime.title,
        "type": anime.type,
        "episodes": anime.episodes,
        "genres": [{"slug": genre.slug, "name": genre.name} for genre in anime.genres.all()],
        "mean_score": anime.mean_score,
        "members": anime.members,
        "is_adult": anime.is_adult,
    }
