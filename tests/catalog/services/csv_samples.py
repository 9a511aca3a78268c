"""Small files for the import tests, and what the database holds after them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from catalog.models import Anime, Genre, ImportJob, Rater, Rating
from catalog.services.csv_import import import_file

RATINGS_HEADER = "user_id,anime_id,rating"
TITLES_HEADER = "anime_id,name,genre,type,episodes,rating,members"


def write_ratings(folder: Path, *lines: str, name: str = "rating.csv") -> Path:
    """A ratings file with these rows."""
    return write_lines(folder / name, RATINGS_HEADER, *lines)


def write_titles(folder: Path, *lines: str, name: str = "anime.csv") -> Path:
    """A titles file with these rows."""
    return write_lines(folder / name, TITLES_HEADER, *lines)


def write_lines(path: Path, *lines: str) -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def import_ratings(path: Path, **options: Any) -> ImportJob:
    return import_file(kind=ImportJob.Kind.RATINGS, path=path, **options)


def import_titles(path: Path, **options: Any) -> ImportJob:
    return import_file(kind=ImportJob.Kind.ANIME, path=path, **options)


def make_titles(ids: Iterable[int]) -> None:
    """Titles with these ids, in one query."""
    Anime.objects.bulk_create(
        Anime(id=number, title=f"Title {number}", search_title="", franchise_key="")
        for number in ids
    )


def stored_ratings() -> list[Any]:
    """(user_id, anime_id, status, score) of all ratings, sorted."""
    rows = Rating.objects.values_list("rater__source_id", "anime_id", "status", "score")
    return list(rows.order_by("rater__source_id", "anime_id"))


def tables(*models: type) -> list[list[tuple[Any, ...]]]:
    """Every column of every row of the tables that an import writes."""
    chosen: Sequence[Any] = models or (Genre, Anime, Anime.genres.through, Rater, Rating)
    return [list(model.objects.order_by("pk").values_list()) for model in chosen]
