"""Titles on their way: staged by id (the last row of an id stays), then merged in batches.

A title is written only where something differs, its genres exactly as the file has them. Titles
that the file does not name stay as they are.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.utils.text import slugify

from catalog.models import ADULT_GENRE, Anime, Genre, ImportJob
from catalog.services import imports
from catalog.services.catalogue import catalogue_changed
from catalog.services.csv_rejects import Reason, Reject
from catalog.services.csv_staging import StagingDatabase
from catalog.services.csv_title_rows import TitleRow
from catalog.titles import franchise_key, search_title

BATCH_ROWS: Final = 1000
STAGE_ROWS: Final = 1000

_GenreLink = Anime.genres.through
_FIELDS = (
    "title",
    "search_title",
    "franchise_key",
    "type",
    "episodes",
    "mean_score",
    "members",
    "is_adult",
)


class StagedTitles:
    """The table ``staged_title`` of a local database."""

    def __init__(self, database: StagingDatabase) -> None:
        self.database = database
        self._connection = database.connection
        self._connection.execute(
            "CREATE TABLE staged_title (anime_id INTEGER PRIMARY KEY, line INTEGER NOT NULL, "
            "text TEXT NOT NULL, fields TEXT NOT NULL)"
        )

    def add(self, rows: Iterable[TitleRow]) -> None:
        """Add rows in the order of the file."""
        repeated = []
        with self.database.transaction():
            for row in rows:
                earlier = self._connection.execute(
                    "SELECT line, text FROM staged_title WHERE anime_id = ?", (row.anime_id,)
                ).fetchone()
                if earlier:
                    repeated.append(Reject(earlier[0], Reason.REPEATED, earlier[1]))
                fields = (row.title, row.genres, row.type, row.episodes, row.mean_score)
                self._connection.execute(
                    "INSERT OR REPLACE INTO staged_title VALUES (?, ?, ?, ?)",
                    (row.anime_id, row.line, row.text, json.dumps([*fields, row.members])),
                )
        self.database.add_rejects(repeated)

    def count(self) -> int:
        """The number of staged titles."""
        (count,) = self._connection.execute("SELECT COUNT(*) FROM staged_title").fetchone()
        return int(count)

    def titles(self, *, skip: int) -> Iterator[tuple[Anime, tuple[str, ...]]]:
        """Unsaved titles and the names of their genres, by id, behind the first ``skip``."""
        rows = self._connection.execute(
            "SELECT anime_id, fields FROM staged_title ORDER BY anime_id LIMIT -1 OFFSET ?",
            (skip,),
        )
        for anime_id, fields in rows:
            title, genres, kind, episodes, mean_score, members = json.loads(fields)
            anime = Anime(
                id=anime_id,
                title=title,
                # Folding can make a text longer than the column.
                search_title=search_title(title)[:255],
                franchise_key=franchise_key(title)[:255],
                type=kind,
                episodes=episodes,
                mean_score=mean_score,
                members=members,
                is_adult=ADULT_GENRE in genres,
            )
            yield anime, tuple(genres)


def merge_titles(
    *, job: ImportJob, staged: StagedTitles, on_batch: Callable[[], None] = lambda: None
) -> None:
    """Write the staged titles behind the job's position, in batches; see ``merge_ratings``."""
    titles = staged.titles(skip=job.position)
    while batch := list(islice(titles, BATCH_ROWS)):
        with transaction.atomic(durable=True):
            created, updated = _merge([anime for anime, _ in batch], [names for _, names in batch])
            imports.advance(job=job, rows=len(batch), created=created, updated=updated)
        on_batch()


def _merge(titles: list[Anime], genres: list[tuple[str, ...]]) -> tuple[int, int]:
    """Write what differs; the numbers of created and of changed titles."""
    ids = [anime.pk for anime in titles]
    before = Anime.objects.select_for_update(no_key=True).order_by("pk").in_bulk(ids)
    created = [anime for anime in titles if anime.pk not in before]
    changed = [
        anime
        for anime in titles
        if anime.pk in before and _values(anime) != _values(before[anime.pk])
    ]
    Anime.objects.bulk_create(created)
    Anime.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=_FIELDS
    )
    relinked = _link_genres(ids, genres)
    updated = {anime.pk for anime in changed} | (relinked & before.keys())
    if created or updated:
        catalogue_changed()
    return len(created), len(updated)


def _values(anime: Anime) -> tuple[Any, ...]:
    return tuple(getattr(anime, field) for field in _FIELDS)


def _link_genres(ids: list[int], names: list[tuple[str, ...]]) -> set[int]:
    """Give each title exactly these genres; the ids of the titles for which that changed any."""
    genre_ids = _genres({name for group in names for name in group})
    wanted = {
        (anime_id, genre_ids[name])
        for anime_id, group in zip(ids, names, strict=True)
        for name in group
    }
    present = {
        (anime_id, genre_id): link_id
        for link_id, anime_id, genre_id in _GenreLink.objects.filter(anime_id__in=ids).values_list(
            "pk", "anime_id", "genre_id"
        )
    }
    missing = sorted(wanted - present.keys())
    surplus = present.keys() - wanted
    _GenreLink.objects.bulk_create(
        _GenreLink(anime_id=anime_id, genre_id=genre_id) for anime_id, genre_id in missing
    )
    _GenreLink.objects.filter(pk__in=[present[pair] for pair in surplus]).delete()
    return {anime_id for anime_id, _ in missing} | {anime_id for anime_id, _ in surplus}


def _genres(names: set[str]) -> dict[str, int]:
    """The ids of the genres with these names; missing ones are made."""
    found = dict(Genre.objects.filter(name__in=names).values_list("name", "pk"))
    for name in sorted(names - found.keys()):
        found[name] = Genre.objects.create(name=name, slug=_free_slug(name)).pk
    return found


def _free_slug(name: str) -> str:
    slug = stem = slugify(name)[:50] or "genre"
    number = 1
    while Genre.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{stem}-{number}"
    return slug
