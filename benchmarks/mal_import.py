"""Measures the import of a MyAnimeList file on the real catalogue, from the upload to the list.

    RECOMMENDER_DATA=... python -m benchmarks.mal_import --database sqlite

Each run is a new account and a realistic export of its own: *upload* reads the file and stores what
waits, *preview* compares it with the list, *apply* compares again and writes. *Bare* writes as many
rows of the same tables, made beforehand, by one ``executemany`` each in one transaction. *Export*
writes the list as XML again. All of it happens in turn in one process on one database, so the
figures belong together. A file of 20,000 titles has more than the catalogue: the rest are kept.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.import_load import ROOT, fresh_database

SIZES = (2_000, 20_000)
STEPS = ("upload", "preview", "apply", "all three", "bare", "export")
CHILD = "import django; django.setup(); from benchmarks import mal_import; mal_import.measure()"
INSERT = {
    "catalog_rating": "(rater_id, anime_id, status, score, episodes_watched, updated_at) "
    "VALUES (%s, %s, %s, %s, %s, %s)",
    "catalog_malentry": "(rater_id, anime_id, fields) VALUES (%s, %s, %s)",
}


def main() -> None:
    """Parse the options, have a process measure on a fresh database, print a table."""
    parser = argparse.ArgumentParser(description="Import of a MyAnimeList file.")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--server", default="postgres://postgres@127.0.0.1:5432")
    options = parser.parse_args()
    if not os.environ.get("RECOMMENDER_DATA"):
        sys.exit("Set RECOMMENDER_DATA to the folder of anime.csv and rating.csv.")
    data = Path(os.environ["RECOMMENDER_DATA"]).resolve()
    with tempfile.TemporaryDirectory(prefix="osusume-benchmark-") as name:
        database = "osusume_benchmark_mal"
        with fresh_database(options, Path(name), database) as environment:
            command = [sys.executable, "-c", CHILD, str(data / "anime.csv"), str(options.repeats)]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
    print(
        f"{options.database}, {options.repeats} runs, {datetime.now(UTC):%Y-%m-%d}, "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    print(f"| titles | file, MB | {' | '.join(STEPS)} | apply / bare |")
    print("| --- " * (len(STEPS) + 3) + "|")
    for line in done.stdout.splitlines():
        row = json.loads(line)
        medians = {step: statistics.median(row["seconds"][step]) for step in STEPS}
        figures = " | ".join(f"{medians[step]:.2f}" for step in STEPS)
        ratio = medians["apply"] / medians["bare"]
        print(f"| {row['titles']:,} | {row['bytes'] / 1e6:.1f} | {figures} | {ratio:.1f} |")


def measure() -> None:
    """In a process with Django: measure every size, and print a line of JSON for each."""
    from catalog.models import Anime, ImportJob
    from catalog.services import csv_import

    csv_import.import_file(kind=ImportJob.Kind.ANIME, path=Path(sys.argv[1]))
    facts: dict[int, tuple[str, int]] = {
        pk: (title, episodes or 0)
        for pk, title, episodes in Anime.objects.by_popularity().values_list(
            "pk", "title", "episodes"
        )
    }
    for n in SIZES:
        beyond = range(1_000_000, 1_000_000 + max(0, n - len(facts)))
        titles = {**facts, **{pk: (f"Not in the catalogue {pk}", 12) for pk in beyond}}
        chosen = dict(list(titles.items())[:n])
        seconds: dict[str, list[float]] = {step: [] for step in STEPS}
        size = 0
        for repeat in range(int(sys.argv[2])):
            size = _run(chosen, seconds, name=f"person-{n}-{repeat}", seed=repeat)
        print(json.dumps({"titles": n, "bytes": size, "seconds": seconds}), flush=True)


def _run(
    titles: dict[int, tuple[str, int]], seconds: dict[str, list[float]], *, name: str, seed: int
) -> int:
    """One import of somebody new; the size of the file in bytes."""
    from django.core.files.base import ContentFile

    from catalog.models import User
    from catalog.services import mal_export, mal_import, ratings
    from tests.catalog.mal_files import realistic

    content = realistic(titles, seed=seed)
    user = User.objects.create(username=name)
    clock = SimpleNamespace(at=time.perf_counter())

    def lap(step: str) -> None:
        now = time.perf_counter()
        seconds[step].append(now - clock.at)
        clock.at = time.perf_counter()

    clock.at = time.perf_counter()
    job = mal_import.upload(user=user, file=ContentFile(content, name="animelist.xml"))
    lap("upload")
    mal_import.preview(job=job)
    lap("preview")
    mal_import.apply(job=job, choice=mal_import.Choice.MINE)
    lap("apply")
    seconds["all three"].append(sum(seconds[step][-1] for step in ("upload", "preview", "apply")))
    rater = ratings.rater_for(user=user)
    seconds["bare"].append(_bare(rater.pk, f"{name}-bare"))
    clock.at = time.perf_counter()
    for _ in mal_export.xml_chunks(rater):
        pass
    lap("export")
    return len(content)


def _bare(rater_id: int, name: str) -> float:
    """Seconds to write the rows that this rater has now, as somebody else's."""
    from django.db import connection, transaction

    from catalog.models import MalEntry, Rating, User
    from catalog.services import ratings

    other = ratings.rater_for(user=User.objects.create(username=name)).pk
    rated = Rating.objects.filter(rater=rater_id).values_list(
        "anime_id", "status", "score", "episodes_watched", "updated_at"
    )
    kept = MalEntry.objects.filter(rater=rater_id).values_list("anime_id", "fields")
    rows: dict[str, list[tuple[Any, ...]]] = {
        "catalog_rating": [(other, *row) for row in rated],
        "catalog_malentry": [(other, pk, json.dumps(fields)) for pk, fields in kept],
    }
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns in INSERT.items():
            cursor.executemany(f"INSERT INTO {table} {columns}", rows[table])
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
