"""Compares a file with a list: what would be new, what differs, and what an import would write.

The preview shows this, and an import does it again under the rater's lock, so that both follow the
same rules whatever has changed in between. Nothing here writes.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from catalog.models import Anime, Dismissal, MalEntry, Rater, Rating
from catalog.services.mal_elements import (
    RATING_ELEMENTS,
    STATUS_NAMES,
    Standing,
    Status,
    Title,
    live,
    unsaid,
    worth_keeping,
)
from catalog.services.mal_rows import FileTitle, ListFile

# What MyAnimeList says of a title and not its user: the newer file is right.
_NOT_THE_USERS = frozenset({"my_id", "update_on_import"})


class Kind(StrEnum):
    """What a title of the file means for the list."""

    NEW = "new"
    CHANGED = "changed"
    DETAILS = "details"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One title of a file beside what the list has of it.

    ``before`` is what the list says (None: not on it), ``after`` what the file says, as far as a
    rating can. ``fields_mine`` and ``fields_theirs`` are what would be kept beside it when the
    list's or the file's word counts; ``kept`` is what is kept now.
    """

    kind: Kind
    anime_id: int
    line: int
    name: str
    is_adult: bool
    before: Standing | None
    after: Standing
    kept: dict[str, str]
    fields_mine: dict[str, str]
    fields_theirs: dict[str, str]
    differing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Comparison:
    """The changes by kind, each in the order of the file."""

    changes: dict[Kind, list[Change]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    # Titles to dismiss that are neither on the list nor dismissed; of our own JSON only.
    dismissals: list[int] = field(default_factory=list)

    def __getitem__(self, kind: Kind) -> list[Change]:
        return self.changes[kind]

    def __iter__(self) -> Iterator[Change]:
        for changes in self.changes.values():
            yield from changes

    @property
    def has_changes(self) -> bool:
        """Whether an import could write anything."""
        return bool(
            self[Kind.NEW]
            or self[Kind.CHANGED]
            or self[Kind.DETAILS]
            or self.dismissals
            or any(change.fields_theirs != change.kept for change in self[Kind.UNKNOWN])
        )


def compare(*, rater: Rater | None, file: ListFile) -> Comparison:
    """Every title of a file beside the rater's list; four or five queries whatever its length."""
    dismissed = set(file.dismissed)
    facts = Anime.objects.values_list("pk", "title", "type", "episodes", "is_adult")
    titles = {
        fact[0]: Title(*fact[1:])
        for fact in facts.iterator(chunk_size=5_000)
        if fact[0] in file.titles or fact[0] in dismissed
    }
    standings, kept = _standings(rater), _kept(rater)
    found = Comparison()
    for row in file.titles.values():
        title, entry = titles.get(row.anime_id), kept.get(row.anime_id, {})
        if title is None:
            change = _unknown(row, entry)
        else:
            change = _known(row, title, standings.get(row.anime_id), entry)
        found.changes[change.kind].append(change)
    if dismissed:
        settled = {*standings, *file.titles, *_dismissed(rater)}
        found.dismissals = [
            anime_id
            for anime_id in dict.fromkeys(file.dismissed)
            if anime_id in titles and anime_id not in settled
        ]
    return found


def _standings(rater: Rater | None) -> dict[int, Standing]:
    if rater is None:
        return {}
    rows = Rating.objects.filter(rater=rater).values_list(
        "anime_id", "status", "score", "episodes_watched"
    )
    return {anime_id: Standing(Status(status), *rest) for anime_id, status, *rest in rows}


def _kept(rater: Rater | None) -> dict[int, dict[str, str]]:
    if rater is None:
        return {}
    return dict(MalEntry.objects.filter(rater=rater).values_list("anime_id", "fields"))


def _dismissed(rater: Rater | None) -> Collection[int]:
    if rater is None:
        return ()
    return Dismissal.objects.filter(rater=rater).values_list("anime_id", flat=True)


def _unknown(row: FileTitle, entry: dict[str, str]) -> Change:
    """A title that the catalogue does not have: all that the file says of it is kept."""
    said = {name: text for name, text in row.elements.items() if name not in RATING_ELEMENTS}
    said |= {"my_score": str(row.score or 0), "my_watched_episodes": str(row.episodes or 0)}
    fields = worth_keeping({**entry, **said}, None)
    fields["my_status"] = STATUS_NAMES[row.status]
    return Change(
        kind=Kind.UNKNOWN,
        anime_id=row.anime_id,
        line=row.line,
        name=row.name,
        is_adult=False,
        before=None,
        after=Standing(row.status, row.score or None, row.episodes or None),
        kept=entry,
        fields_mine=fields,
        fields_theirs=fields,
    )


def _known(row: FileTitle, title: Title, before: Standing | None, entry: dict[str, str]) -> Change:
    after, beside, notes = _as_rating(row, title, before)
    # Of a title that is off the list nothing is kept: an import begins anew.
    kept = live(entry, before, title) if before else {}
    said = {name: text for name, text in row.elements.items() if name not in RATING_ELEMENTS}
    said |= beside
    added = {name: text for name, text in said.items() if name not in kept}
    renewed = {name: text for name, text in said.items() if _is_not_the_users(name)}
    differing = tuple(
        name
        for name, text in said.items()
        if name in kept and text != kept[name] and not _is_not_the_users(name)
    )
    mine = worth_keeping({**kept, **added, **renewed}, title)
    fields_mine = live(mine, before, title) if before else {}
    fields_theirs = live(worth_keeping({**kept, **said}, title), after, title)
    if before is None:
        kind = Kind.NEW
    elif not _is_same(before, after) or differing:
        kind = Kind.CHANGED
    else:
        kind = Kind.SAME if fields_mine == kept else Kind.DETAILS
    return Change(
        kind=kind,
        anime_id=row.anime_id,
        line=row.line,
        name=title.title,
        is_adult=title.is_adult,
        before=before,
        after=after,
        kept=kept,
        fields_mine=fields_mine,
        fields_theirs=fields_theirs,
        differing=differing,
        notes=notes,
    )


def _as_rating(
    row: FileTitle, title: Title, before: Standing | None
) -> tuple[Standing, dict[str, str], tuple[str, ...]]:
    """What a rating can hold of a row, what is kept beside it, and sentences about that.

    What the file does not say stays as it is on the list.
    """
    score = (row.score or None) if row.score is not None else (before and before.score)
    episodes = (row.episodes or None) if row.episodes is not None else (before and before.episodes)
    beside, notes = {}, []
    if row.score is not None:
        beside["my_score"] = unsaid("my_score", title)
    if row.episodes is not None:
        beside["my_watched_episodes"] = unsaid("my_watched_episodes", title)
    if row.status == Status.PLAN_TO_WATCH and score:
        beside["my_score"] = str(score)
        notes.append(
            f"Only planned, so it gets no score here. The file's {score} is kept for your exports."
        )
        score = None
    if episodes and title.episodes is not None and episodes > title.episodes:
        beside["my_watched_episodes"] = str(episodes)
        notes.append(
            f"The file says {episodes} episodes; the title has {title.episodes} here. The file's "
            "number is kept for your exports."
        )
        episodes = title.episodes
    return Standing(row.status, score, episodes), beside, tuple(notes)


def _is_same(before: Standing, after: Standing) -> bool:
    """Whether two say the same: no episode seen, and none noted, is one thing in a file."""
    return before[:2] == after[:2] and (before.episodes or 0) == (after.episodes or 0)


def _is_not_the_users(name: str) -> bool:
    return name.startswith("series_") or name in _NOT_THE_USERS
