"""The elements of a MyAnimeList export: their names and order, and what they say when empty.

Reading, comparing and writing share this page, so that they cannot disagree on what is ours
(status, score, episodes), what is only kept (dates, tags, comments, ...) and what is worth keeping.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from catalog.models import Rating

Status = Rating.Status

# MyAnimeList's own words for the statuses.
STATUS_NAMES = {
    Status.WATCHING: "Watching",
    Status.COMPLETED: "Completed",
    Status.ON_HOLD: "On-Hold",
    Status.DROPPED: "Dropped",
    Status.PLAN_TO_WATCH: "Plan to Watch",
}
# The elements of ``myinfo`` that count titles, in the order of the file.
TOTALS = {
    "user_total_watching": Status.WATCHING,
    "user_total_completed": Status.COMPLETED,
    "user_total_onhold": Status.ON_HOLD,
    "user_total_dropped": Status.DROPPED,
    "user_total_plantowatch": Status.PLAN_TO_WATCH,
}
INFO_ELEMENTS = ("user_id", "user_name", "user_export_type", "user_total_anime", *TOTALS)
ANIME_LIST = "1"
MANGA_LIST = "2"

NO_DATE = "0000-00-00"
# The elements of a title in the order of the file, with what they say when they say nothing.
ANIME_ELEMENTS = {
    "series_animedb_id": "",
    "series_title": "",
    "series_type": "",
    "series_episodes": "0",
    "my_id": "0",
    "my_watched_episodes": "0",
    "my_start_date": NO_DATE,
    "my_finish_date": NO_DATE,
    "my_rated": "",
    "my_score": "0",
    "my_storage": "",
    "my_storage_value": "0.00",
    "my_status": "",
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
# MyAnimeList writes these between <![CDATA[ and ]]>.
CDATA_ELEMENTS = frozenset({"series_title", "my_comments", "my_tags"})
# What a rating holds. A file's score or episodes are kept beside it only when it cannot hold them.
RATING_ELEMENTS = frozenset({"series_animedb_id", "my_status", "my_score", "my_watched_episodes"})

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,99}")
# What XML 1.0 has no way to write, and the halves of a pair of which only one is there.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Title(NamedTuple):
    """What the catalogue says of a title, as far as a MyAnimeList file says it too."""

    title: str
    type: str | None
    episodes: int | None
    is_adult: bool = False


class Standing(NamedTuple):
    """What a rating says; None is "no score" and "episodes not noted"."""

    status: Rating.Status
    score: int | None
    episodes: int | None


def unsaid(name: str, title: Title | None) -> str:
    """What an export writes for an element of which nothing is kept."""
    if title is not None:
        if name == "series_title":
            return writable(title.title)
        if name == "series_type":
            return title.type or ""
        if name == "series_episodes":
            return str(title.episodes or 0)
    return ANIME_ELEMENTS.get(name, "")


def worth_keeping(fields: Mapping[str, str], title: Title | None) -> dict[str, str]:
    """The elements that say something else than an export would write anyway."""
    return {name: text for name, text in fields.items() if text != unsaid(name, title)}


def live(fields: Mapping[str, str], standing: Standing, title: Title) -> dict[str, str]:
    """The kept elements that still hold beside the rating.

    A file's score is kept for a plan only, since a plan has no score here; a number of episodes
    only when the title has fewer and the rating has them all. What has changed here since counts.
    """
    kept = dict(fields)
    kept.pop("my_status", None)
    if standing.status != Status.PLAN_TO_WATCH or standing.score is not None:
        kept.pop("my_score", None)
    all_seen = standing.episodes is not None and standing.episodes == title.episodes
    if not all_seen:
        kept.pop("my_watched_episodes", None)
    return kept


def is_element_name(name: str) -> bool:
    """Whether an element of this name can be written again; one of a namespace cannot."""
    return _NAME.fullmatch(name) is not None


def writable(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("", text)


def is_writable(text: str) -> bool:
    """Whether XML can hold every character of the text."""
    return _NOT_IN_XML.search(text) is None
