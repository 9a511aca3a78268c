"""A change in words: what the preview and the result of an import say of a title."""

from dataclasses import dataclass

from catalog.services.mal_compare import Change
from catalog.services.mal_elements import ANIME_ELEMENTS, Standing, Title, unsaid
from catalog.titles import n_episodes

_LABELS = {
    "my_start_date": "Start date",
    "my_finish_date": "Finish date",
    "my_times_watched": "Times watched",
    "my_rewatch_value": "Rewatch value",
    "my_sns": "Sharing",
    "my_discuss": "Discussion",
    "my_rewatching_ep": "Episode of rewatching",
}
_LONGEST = 60
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the list and the file say differently."""

    label: str
    old: str
    new: str


def standing_in_words(standing: Standing) -> str:
    """What is on the list, in a few words: ``Completed, 9 out of 10, 26 episodes``."""
    words = [str(standing.status.label)]
    if standing.score is not None:
        words.append(f"{standing.score} out of 10")
    if standing.episodes:
        words.append(n_episodes(standing.episodes))
    return ", ".join(words)


def differences(change: Change) -> list[Difference]:
    """What differs between list and file, the rating first."""
    found = []
    if (before := change.before) is not None:
        pairs = (
            ("Status", str(before.status.label), str(change.after.status.label)),
            ("Score", str(before.score or "none"), str(change.after.score or "none")),
            (
                "Episodes seen",
                str(before.episodes or _NOTHING),
                str(change.after.episodes or _NOTHING),
            ),
        )
        found = [Difference(*pair) for pair in pairs if pair[1] != pair[2]]
    title = Title(change.name, None, None)
    for name in change.differing:
        new = change.fields_theirs.get(name, unsaid(name, title))
        found.append(Difference(label(name), _short(change.kept[name]), _short(new)))
    return found


def label(name: str) -> str:
    """The name of an element for people."""
    if name in _LABELS:
        return _LABELS[name]
    plain = name.removeprefix("my_") if name in ANIME_ELEMENTS else name
    return plain.replace("_", " ").capitalize()


def _short(text: str) -> str:
    text = " ".join(text.split())
    if not text or text.strip("0-.") == "":
        return _NOTHING
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
