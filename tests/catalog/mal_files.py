"""MyAnimeList exports for tests: as MyAnimeList writes them, and with what people's files have."""

import random
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

STATUSES = {1: "Watching", 2: "Completed", 3: "On-Hold", 4: "Dropped", 6: "Plan to Watch"}
HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!--
 Created by XML Export feature at MyAnimeList.net
 Programmed by Xinil
 Last updated 5/27/2008
-->

<myanimelist>

"""
TAIL = "\n</myanimelist>\n"
CDATA = {"series_title", "my_comments", "my_tags"}

DEFAULTS = {
    "series_animedb_id": "1",
    "series_title": "Cowboy Bebop",
    "series_type": "TV",
    "series_episodes": "26",
    "my_id": "0",
    "my_watched_episodes": "26",
    "my_start_date": "0000-00-00",
    "my_finish_date": "0000-00-00",
    "my_rated": "",
    "my_score": "8",
    "my_storage": "",
    "my_storage_value": "0.00",
    "my_status": "Completed",
    "my_comments": "",
    "my_times_watched": "0",
    "my_rewatch_value": "",
    "my_priority": "LOW",
    "my_tags": "",
    "my_rewatching": "0",
    "my_rewatching_ep": "0",
    "my_discuss": "1",
    "my_sns": "default",
    "update_on_import": "0",
}


def element(name: str, text: str) -> str:
    """An element as MyAnimeList writes it."""
    if name in CDATA:
        return f"<{name}><![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
    return f"<{name}>{escape(text)}</{name}>"


def anime(anime_id: int = 1, *, without: Iterable[str] = (), **said: str | int) -> str:
    """A row; what is not said is as in a file of somebody who has said nothing else."""
    elements = {**DEFAULTS, "series_animedb_id": str(anime_id)}
    elements |= {name: str(value) for name, value in said.items()}
    lines = [
        f"\t\t\t\t{element(name, text)}\n" for name, text in elements.items() if name not in without
    ]
    return f"\t\t\t<anime>\n{''.join(lines)}\t\t\t</anime>\n"


def info(**said: str | int) -> str:
    """The element ``myinfo``."""
    elements = {
        "user_id": "4711",
        "user_name": "mika",
        "user_export_type": "1",
        "user_total_anime": "1",
        "user_total_watching": "0",
        "user_total_completed": "1",
        "user_total_onhold": "0",
        "user_total_dropped": "0",
        "user_total_plantowatch": "0",
    }
    elements |= {name: str(value) for name, value in said.items()}
    lines = [f"\t\t\t\t{element(name, text)}\n" for name, text in elements.items()]
    return f"\t\t\t<myinfo>\n{''.join(lines)}\t\t\t</myinfo>\n"


def export(*rows: str, myinfo: str | None = None) -> bytes:
    """A whole file of these rows."""
    return (HEAD + (info() if myinfo is None else myinfo) + "".join(rows) + TAIL).encode()


def realistic(titles: Mapping[int, tuple[str, int]], *, seed: int = 1) -> bytes:
    """An export of somebody who has watched these titles (name, episodes) over the years."""
    rng = random.Random(seed)
    rows = [_realistic_row(rng, anime_id, *facts) for anime_id, facts in titles.items()]
    return export(*rows, myinfo=info(user_total_anime=len(rows)))


def _realistic_row(rng: random.Random, anime_id: int, title: str, episodes: int) -> str:
    status = rng.choices(list(STATUSES), [6, 60, 8, 8, 18])[0]
    watched = episodes if status == 2 else rng.randint(0, episodes) if status != 6 else 0
    said: dict[str, str | int] = {
        "series_title": title,
        "series_episodes": episodes,
        "my_watched_episodes": watched,
        "my_score": rng.choice([0, 0, *range(4, 11)]) if status != 6 else 0,
        # Old exports have numbers.
        "my_status": STATUSES[status] if rng.random() < 0.9 else status,
    }
    if rng.random() < 0.4:
        said["my_start_date"] = f"20{rng.randint(10, 25)}-{rng.randint(1, 12):02d}-00"
    if rng.random() < 0.2:
        said["my_tags"] = rng.choice(["comfort, rewatch", "with mum", "お気に入り", "🍿 & <3"])
    if rng.random() < 0.1:
        said["my_comments"] = rng.choice(
            ["Great ending.", "See ep. 3 & 4 again", "泣いた 😭 " * 40]
        )
    without = ("my_rewatching", "my_sns", "my_discuss") if rng.random() < 0.1 else ()
    return anime(anime_id, without=without, **said)
