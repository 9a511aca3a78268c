"""Why a title is in a list: sentences that are true of the numbers behind it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalog.models import Anime
from catalog.services.list_statistics import shrunk_mean
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History
from recommender.services.lists import Influence, Reason

_MOST_GENRES = 3


@dataclass(frozen=True)
class Liking:
    """By how much a rater scores a genre's titles above the own mean, shrunk; and the profile."""

    deviation: dict[str, float]
    profile: dict[str, float]
    n_scored: int


def liking_of(*, history: History, catalogue: CatalogueArrays) -> Liking:
    """What a rater likes, by genre.

    ``deviation`` is the sum of (score - mean score) over the genre's scored titles divided by
    their number plus 3. ``profile`` is the reference's: each genre's and type's share of the
    scores given to complete titles.
    """
    known = catalogue.items.contains(history.scored)
    rows, scores = catalogue.items.index(history.scored[known]), history.scores[known]
    mean = float(np.mean(scores)) if len(scores) else 0.0
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    weights: dict[str, float] = defaultdict(float)
    for row, score in zip(rows, scores, strict=True):
        for genre in catalogue.genres[row]:
            sums[genre] += float(score) - mean
            counts[genre] += 1
        if catalogue.is_complete[row]:
            for feature in (*catalogue.genres[row], catalogue.types[row]):
                weights[feature] += float(score)
    total = sum(weights.values()) or 1.0
    return Liking(
        deviation={genre: shrunk_mean(sums[genre], counts[genre]) for genre in sums},
        profile={feature: weight / total for feature, weight in weights.items()},
        n_scored=len(scores),
    )


def reasons_for(
    *, source: str, anime_id: int, liking: Liking, catalogue: CatalogueArrays
) -> tuple[Reason, ...]:
    """The reasons for one title of a list that ``source`` made, but for the rater's own titles."""
    row = catalogue.items.get(anime_id)
    if row is None:
        return ()
    genres = catalogue.genres[row]
    if source == "popular":
        return (Reason("popular", f"On the lists of {catalogue.members[row]:,} people."),)
    if source == "content":
        return _content_reason(genres, catalogue.types[row], liking)
    liked = [genre for genre in genres if liking.deviation.get(genre, 0.0) > 0.0]
    liked.sort(key=lambda genre: (-liking.deviation[genre], genre))
    if liked:
        named = tuple(liked[:_MOST_GENRES])
        text = f"You score {join(named)} titles higher than your average."
        return (Reason("genres", text, named),)
    titles = "the title" if liking.n_scored == 1 else f"the {liking.n_scored} titles"
    return (Reason("model", f"Predicted from {titles} that you have scored."),)


def exploration_reason() -> Reason:
    """Why a title is listed that nobody had rated when the model was trained."""
    text = "Nobody had rated it when we last learnt; its genres and type go with what you watch."
    return Reason("exploration", text)


def title_reasons(
    *,
    anime_id: int,
    influences: Sequence[Influence],
    titles: Mapping[int, Anime],
    catalogue: CatalogueArrays,
    is_exact: bool,
) -> tuple[Reason, ...]:
    """The rater's own titles that moved a title most, and the genres that it shares with them.

    Args:
        anime_id: the listed title.
        influences: strongest first.
        titles: the titles named, by id; one that is missing has been deleted and is not named.
        catalogue: where the genres are.
        is_exact: whether leaving a title out would change the relevance by just that.
    """
    shown = [
        replace(each, title=titles[each.anime_id].title)
        for each in influences
        if each.anime_id in titles
    ]
    for_it = [each for each in shown if each.contribution > 0]
    if not for_it:
        return ()
    named = [_scored_title(each.title, each.score) for each in for_it]
    text = f"Because of {join(named)} on your list."
    against = [each for each in shown if each.contribution < 0]
    if against:
        counter = join([_scored_title(each.title, each.score) for each in against])
        text += f" {counter} {'speaks' if len(against) == 1 else 'speak'} against it."
    reasons = [Reason("titles", text, titles=tuple(shown), is_exact=is_exact)]
    shared = _shared_genres(anime_id, [each.anime_id for each in for_it], catalogue)
    if shared:
        also = "it" if len(for_it) == 1 else "them"
        reasons.append(Reason("genres", f"Shares {join(shared)} with {also}.", shared))
    return tuple(reasons)


def _scored_title(title: str, score: float) -> str:
    return f"{title} (your {score:.0f})" if score else title


def _shared_genres(
    anime_id: int, others: Sequence[int], catalogue: CatalogueArrays
) -> tuple[str, ...]:
    """The title's genres that all the others have too, in the catalogue's order."""
    row = catalogue.items.get(anime_id)
    rows = [catalogue.items.get(other) for other in others]
    if row is None:
        return ()
    return tuple(
        genre
        for genre in catalogue.genres[row]
        if all(other is not None and genre in catalogue.genres[other] for other in rows)
    )[:_MOST_GENRES]


def _content_reason(genres: Sequence[str], type: str, liking: Liking) -> tuple[Reason, ...]:
    shared = [name for name in (*genres, type) if liking.profile.get(name, 0.0) > 0.0]
    if not shared:
        return ()
    share = sum(liking.profile[name] for name in shared)
    shared.sort(key=lambda name: (-liking.profile[name], name))
    strongest = tuple(shared[: _MOST_GENRES + 1])
    named = join(strongest) if len(shared) == len(strongest) else f"{', '.join(strongest)} and more"
    verb = "makes" if len(shared) == 1 else "make"
    text = f"{named} {verb} up {share:.0%} of the profile of your scores."
    return (Reason("genres", text, tuple(name for name in strongest if name in genres)),)


def join(names: Sequence[str], word: str = "and") -> str:
    """Names as in a sentence: "Drama", "Drama and Sci-Fi", "Drama, Mecha and Sci-Fi"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
