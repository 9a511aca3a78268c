"""Reads the bundled list of titles, for the simulation and for the ordinary CSV import."""

import csv
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

ADULT_GENRE = "Hentai"


@dataclass(frozen=True, slots=True)
class DemoTitle:
    """One row of ``titles.csv``; each field is known."""

    anime_id: int
    name: str
    genres: tuple[str, ...]
    type: str
    episodes: int
    mean_score: float
    members: int

    @property
    def is_adult(self) -> bool:
        """Whether the title is hidden from those who have not asked for adult titles."""
        return ADULT_GENRE in self.genres


def titles_path() -> AbstractContextManager[Path]:
    """``titles.csv`` as a file, wherever the package is installed; a context manager."""
    return resources.as_file(resources.files(__package__) / "titles.csv")


def load_titles() -> list[DemoTitle]:
    """All titles of the demo set, in the order of the file (by id)."""
    with titles_path() as path, path.open(encoding="utf-8", newline="") as file:
        return [
            DemoTitle(
                anime_id=int(row["anime_id"]),
                name=row["name"],
                genres=tuple(row["genre"].split(", ")),
                type=row["type"],
                episodes=int(row["episodes"]),
                mean_score=float(row["rating"]),
                members=int(row["members"]),
            )
            for row in csv.DictReader(file)
        ]
