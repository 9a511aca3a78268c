"""Uploading and importing lists in tests, and what is on a list then."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import ImportJob, Rater, Rating
from catalog.services import mal_import
from catalog.services.mal_import import Choice
from tests.catalog.mal_files import anime, export

Row = tuple[int, Rating.Status, int | None, int | None]


def uploaded(rater: Rater, *rows: str, content: bytes | None = None) -> ImportJob:
    content = export(*rows) if content is None else content
    assert rater.user is not None
    return mal_import.upload(user=rater.user, file=SimpleUploadedFile("animelist.xml", content))


def imported(rater: Rater, *rows: str, choice: Choice = Choice.MINE, **more: Any) -> ImportJob:
    return mal_import.apply(job=uploaded(rater, *rows), choice=choice, **more)


def row(anime_id: int, **said: str | int) -> str:
    """A row about a title of ours that says nothing that an export would not say."""
    defaults: dict[str, Any] = {
        "series_title": f"Title {anime_id}",
        "series_episodes": 12,
        "my_watched_episodes": 12,
    }
    return anime(anime_id, **{**defaults, **said})


def state(rater: Rater) -> list[Row]:
    rows = Rating.objects.filter(rater=rater).order_by("anime_id")
    return [(r.anime_id, Rating.Status(r.status), r.score, r.episodes_watched) for r in rows]
