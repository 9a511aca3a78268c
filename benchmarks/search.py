"""Measures how well and how fast titles are found, beside one bare SQL query in the same run.

    RECOMMENDER_DATA=/folder/of/the/files python -m benchmarks.search

The real titles are imported into a new SQLite database. *By hand* are the queries of
``search_queries.csv``; *typos* are a thousand titles with one wrong letter each; *typing* are the
beginnings of two hundred titles, letter by letter. The bare query is ``LIKE '%…%'`` with a limit,
by sqlite3 on the same file, which forgives nothing.
"""

import os
import platform
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.real_files import folder_of_data
from benchmarks.typos import queries_by_hand, typed_titles

if TYPE_CHECKING:
    from catalog.services.search import SearchIndex

ROUNDS = 3
SEED = 5


def main() -> None:
    """Import the titles, search, print two tables."""
    data = folder_of_data()
    with tempfile.TemporaryDirectory(prefix="osusume-search-") as folder:
        os.environ |= {
            "DJANGO_ENV_FILE": "",
            "DJANGO_PLAIN_HTTP": "true",
            "DJANGO_SECRET_KEY": "only-for-measuring",
            "DJANGO_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "RECOMMENDER_VAR_DIR": folder,
            "OMP_NUM_THREADS": "1",
        }
        for step in (["migrate", "--verbosity", "0"], ["import_anime", str(data / "anime.csv")]):
            subprocess.run(
                [sys.executable, "manage.py", *step], check=True, stdout=subprocess.DEVNULL
            )
        _measure(Path(folder) / "db.sqlite3")


def _measure(database: Path) -> None:
    import django

    django.setup()
    from catalog.services.search import SearchIndex
    from catalog.services.title_arrays import title_arrays

    arrays = title_arrays()
    begun = time.perf_counter()
    index = SearchIndex(arrays)
    built = time.perf_counter() - begun
    generator = random.Random(SEED)
    typed = typed_titles(arrays.search_titles, 1_000, generator)
    begun_titles = generator.sample(arrays.search_titles, 200)
    queries = {
        "by hand": [query for query, _ in queries_by_hand()],
        "typos": [query for query, _ in typed],
        "typing": [title[:length] for title in begun_titles for length in range(1, len(title))],
    }
    print(
        f"{len(arrays):,} titles, {ROUNDS} rounds, {datetime.now(UTC):%Y-%m-%d}, "
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}; the index is built in {built:.2f} s\n"
    )
    _print_quality(index, typed)
    connection = sqlite3.connect(database)
    sql = "SELECT id FROM catalog_anime WHERE search_title LIKE ? ORDER BY members DESC LIMIT 30"
    print("| queries | number | ours: median, ms | p95, ms | bare: median, ms | ours / bare |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, texts in queries.items():
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours += _times(index.search, texts)
            bare += _times(lambda text: connection.execute(sql, [f"%{text}%"]).fetchall(), texts)
        middle, plain = statistics.median(ours), statistics.median(bare)
        slow = statistics.quantiles(ours, n=20)[-1]
        print(
            f"| {name} | {len(texts):,} | {middle:.1f} | {slow:.1f} | {plain:.1f} "
            f"| {middle / plain:.1f} |"
        )


def _print_quality(index: "SearchIndex", typed: list[tuple[str, str]]) -> None:
    texts, ids = index.arrays.search_titles, index.arrays.ids
    hand = [
        _place(ids[index.search(query)[0]].tolist(), anime_id)
        for query, anime_id in queries_by_hand()
    ]
    made = [_place([texts[row] for row in index.search(query)[0]], title) for query, title in typed]
    print("| queries | number | first | among five |\n| --- | --- | --- | --- |")
    for name, places in (("by hand", hand), ("typos", made)):
        first, five = (sum(place < most for place in places) / len(places) for most in (1, 5))
        print(f"| {name} | {len(places):,} | {first:.1%} | {five:.1%} |")
    print()


def _place(found: list[object], wanted: object) -> int:
    return found.index(wanted) if wanted in found else sys.maxsize


def _times(search: Callable[[str], object], texts: list[str]) -> list[float]:
    """Milliseconds of each search."""
    times = []
    for text in texts:
        begun = time.perf_counter()
        search(text)
        times.append((time.perf_counter() - begun) * 1000)
    return times


if __name__ == "__main__":
    main()
