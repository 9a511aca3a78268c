"""What the schema shows as examples of the catalogue's answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

SERVER = "http://127.0.0.1:8000"

ANIME: dict[str, Any] = {
    "id": 9253,
    "title": "Steins;Gate",
    "type": "TV",
    "episodes": 24,
    "genres": [
        {"slug": "sci-fi", "name": "Sci-Fi"},
        {"slug": "thriller", "name": "Thriller"},
    ],
    "mean_score": 9.17,
    "members": 673572,
    "is_adult": False,
}
ANIME_DETAIL: dict[str, Any] = {
    **ANIME,
    "scores": [{"score": score, "count": score * score} for score in range(1, 11)],
}
GENRE: dict[str, Any] = {"slug": "sci-fi", "name": "Sci-Fi", "n_titles": 1986}
DISMISSAL: dict[str, Any] = {"anime": ANIME, "created_at": "2026-11-24T19:42:07.123456Z"}
RATING: dict[str, Any] = {
    "anime": ANIME,
    "score": 9,
    "status": "completed",
    "episodes_watched": 24,
    "updated_at": "2026-11-24T19:42:07.123456Z",
}
TOKEN: dict[str, Any] = {
    "token_key": "8d2b0f4a6c1e935",
    "name": "shelf display",
    "scopes": ["read"],
    "created": "2026-11-24T19:42:07.123456Z",
    "expiry": "2026-12-01T19:42:07.123456Z",
}
NEW_TOKEN: dict[str, Any] = {
    **TOKEN,
    "token": "8d2b0f4a6c1e9357b1d0c8a2f6e4938475a1b2c3d4e5f60718293a4b5c6d7e8f",
}


def answer(value: Any) -> OpenApiExample:
    """An example of a successful answer."""
    return OpenApiExample("Answer", value=value, response_only=True, status_codes=["200", "201"])


def page(address: str, *results: Any) -> OpenApiExample:
    """An example of a list's first page, with another one behind it."""
    following = f"{SERVER}/api/v1/{address}?cursor=eyJrIjoxfQ%3AkzW5Q8x"
    return answer({"next": following, "previous": None, "results": list(results)})


def only_page(*results: Any) -> OpenApiExample:
    """An example of a list that comes on one page."""
    return answer({"next": None, "previous": None, "results": list(results)})
