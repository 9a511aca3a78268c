"""What the recommender has to say on one title's page.

What somebody is expected to score it, and which of their titles say so; what is like it, by its
genres and by the taste of the raters; and what else belongs to its franchise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Anime, Rater
from ml.rank_blend import RankBlend
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays, titles_of
from recommender.services.history import History
from recommender.services.influences import strongest
from recommender.services.kept import kept_history, kept_predictions, kept_spreads
from recommender.services.lists import DEFAULT_METHOD, Influence, Reason, SimilarTitle
from recommender.services.rankings import ranker_of
from recommender.services.reasons import liking_of, reasons_for, title_reasons
from recommender.services.registry import LoadedModel, ModelState
from recommender.services.similarity import similar_rows
from recommender.services.taste import taste_vectors

N_SIMILAR = 6
MOST_OF_SERIES = 20
# So many of a person's titles are named that speak for a title, and against it.
_MOST_FOR, _MOST_AGAINST = 5, 3
# The list of similar titles that other titles of the series are taken out of.
_LOOK_AT = 40

SCORE_FIRST = "Score a title or two, and you see here what we expect of you."
NOT_KNOWN = "Nobody had rated this title when the model was trained."
NO_TASTE = "The model in use was trained without what this needs."


@dataclass(frozen=True, slots=True)
class Outlook:
    """What somebody is expected to think of a title.

    ``prediction`` is a score from 1 to 10, ``prediction_range`` the lowest and the highest of the
    likely ones; None where nothing can be said, and then ``notice`` says why, in a sentence.
    ``reasons`` hold the person's own titles that speak for it and against it.
    """

    prediction: float | None = None
    prediction_range: tuple[float, float] | None = None
    reasons: tuple[Reason, ...] = ()
    notice: str = ""

    @property
    def moved(self) -> bool:
        """Whether any of the person's own titles speaks for it or against it."""
        return any(reason.titles for reason in self.reasons)

    @property
    def is_exact(self) -> bool:
        """Whether the contributions are exact, or about so much."""
        return all(reason.is_exact for reason in self.reasons if reason.titles)


@dataclass(frozen=True, slots=True)
class Related:
    """Titles that go with one.

    ``by_taste`` is empty without a model that knows the title, and ``taste_notice`` says why.
    ``series`` are other titles of its franchise by id, the first of ``n_series``.
    """

    by_content: list[Anime]
    by_taste: list[Anime]
    taste_notice: str
    series: list[Anime]
    n_series: int


@dataclass(frozen=True, slots=True)
class TitleView:
    """All of it, for a page."""

    outlook: Outlook
    related: Related


def title_view(*, rater: Rater | None, anime: Anime, show_adult: bool) -> TitleView:
    """What a title's page shows beyond the catalogue's own facts."""
    catalogue, state = catalogue_arrays(), registry.active_model()
    return TitleView(
        _outlook(rater, anime, catalogue, state), _related(anime, show_adult, catalogue, state)
    )


def outlook(*, rater: Rater | None, anime: Anime) -> Outlook:
    """What we expect of a rater for a title, on their list or not, and why."""
    return _outlook(rater, anime, catalogue_arrays(), registry.active_model())


@dataclass(frozen=True, slots=True)
class AlikeByTaste:
    """Titles that the same people watch, the nearest first; ``notice`` says why there are none.

    ``sim`` of each is the damped cosine of :mod:`taste`. ``version_id`` is the model's.
    """

    titles: list[SimilarTitle]
    notice: str
    version_id: int | None


def alike_by_taste(*, anime: Anime, n: int, show_adult: bool) -> AlikeByTaste:
    """The n titles nearest to one by taste, those of its series among them."""
    catalogue, state = catalogue_arrays(), registry.active_model()
    version_id = state.model.version_id if state.model else None
    row = catalogue.items.get(anime.pk)
    if row is None:
        return AlikeByTaste([], NOT_KNOWN, version_id)
    hidden = np.zeros(len(catalogue.items), dtype=bool) if show_adult else catalogue.is_adult
    near, notice = _by_taste(catalogue, state, row, hidden, n=n)
    if notice or state.model is None:
        return AlikeByTaste([], notice, version_id)
    vectors = taste_vectors(state.model, catalogue)
    assert vectors is not None  # noqa: S101 - else there were a notice
    ids = catalogue.items.ids[near].tolist()
    titles = titles_of(catalogue, ids)
    genres = catalogue.genres
    found = [
        SimilarTitle(
            anime=titles[anime_id],
            sim=round(float(sim), 6),
            shared_genres=tuple(name for name in genres[other] if name in genres[row]),
        )
        for other, anime_id, sim in zip(near, ids, vectors.likeness(row, near), strict=True)
        if anime_id in titles
    ]
    return AlikeByTaste(found, "", version_id)


def _outlook(
    rater: Rater | None, anime: Anime, catalogue: CatalogueArrays, state: ModelState
) -> Outlook:
    if rater is None:
        return Outlook()
    model, row = state.model, catalogue.items.get(anime.pk)
    if model is None:
        return Outlook(notice=state.notice)
    history = kept_history(rater=rater)
    if not history.has_score_of(model.items):
        return Outlook(notice=SCORE_FIRST)
    if row is None or model.items.get(anime.pk) is None:
        return Outlook(notice=NOT_KNOWN)
    predictions = kept_predictions(rater=rater, history=history, catalogue=catalogue, state=state)
    score = float(predictions.scores[row])
    lowest, highest = predictions.ranges[row].tolist()
    return Outlook(
        prediction=score if np.isfinite(score) else None,
        prediction_range=(float(lowest), float(highest)) if lowest else None,
        reasons=_reasons(rater, anime, history, catalogue, model),
    )


def _reasons(
    rater: Rater, anime: Anime, history: History, catalogue: CatalogueArrays, model: LoadedModel
) -> tuple[Reason, ...]:
    """Which of a rater's other titles speak for a title and which against it, signed.

    Where none does, what the rater's scores say of its genres.
    """
    influences, is_exact = _influences(rater, anime, history, model)
    titles = titles_of(catalogue, {anime.pk, *(each.anime_id for each in influences)})
    reasons = title_reasons(
        anime_id=anime.pk,
        influences=influences,
        titles=titles,
        catalogue=catalogue,
        is_exact=is_exact,
    )
    return reasons or reasons_for(
        source=DEFAULT_METHOD,
        anime_id=anime.pk,
        liking=liking_of(history=history, catalogue=catalogue),
        catalogue=catalogue,
    )


def _related(
    anime: Anime, show_adult: bool, catalogue: CatalogueArrays, state: ModelState
) -> Related:
    """What is like a title, other titles of its franchise apart, and these themselves."""
    row = catalogue.items.get(anime.pk)
    if row is None:
        return Related([], [], NOT_KNOWN, [], 0)
    is_same = catalogue.franchise == catalogue.franchise[row]
    hidden = np.zeros(len(is_same), dtype=bool) if show_adult else catalogue.is_adult
    near, _ = similar_rows(catalogue=catalogue, row=row, n=_LOOK_AT, show_adult=show_adult)
    by_content = near[~is_same[near]][:N_SIMILAR]
    by_taste, notice = _by_taste(catalogue, state, row, is_same | hidden)
    series = np.flatnonzero(is_same & ~hidden)
    series = series[series != row]
    shown = series[:MOST_OF_SERIES]
    ids = catalogue.items.ids
    titles = titles_of(catalogue, ids[np.concatenate([by_content, by_taste, shown])].tolist())

    def listed(rows: Iterable[int]) -> list[Anime]:
        return [titles[int(ids[each])] for each in rows if int(ids[each]) in titles]

    return Related(listed(by_content), listed(by_taste), notice, listed(shown), len(series))


def _influences(
    rater: Rater, anime: Anime, history: History, model: LoadedModel
) -> tuple[list[Influence], bool]:
    """The strongest contributions of the rater's other titles, and whether they are exact."""
    found, target = ranker_of(DEFAULT_METHOD, model), model.items.get(anime.pk)
    rows, scores = history.known_to(model.items)
    if found is None or target is None:
        return [], False
    targets, ranker = np.array([target], dtype=np.int64), found[1]
    if isinstance(ranker, RankBlend):
        spreads = kept_spreads(blend=ranker, rater=rater, history=history, model=model)
        parts = ranker.contributions(rows, scores, targets, spreads)
    else:
        parts = ranker.contributions(rows, scores, targets)
    is_other = rows != target
    if not is_other.any():
        return [], False
    named = strongest(
        model.items.ids[rows[is_other]].tolist(),
        scores[is_other].tolist(),
        parts[is_other, 0].tolist(),
        most_for=_MOST_FOR,
        most_against=_MOST_AGAINST,
    )
    return named, not isinstance(ranker, RankBlend)


def _by_taste(
    catalogue: CatalogueArrays,
    state: ModelState,
    row: int,
    left_out: npt.NDArray[np.bool_],
    *,
    n: int = N_SIMILAR,
) -> tuple[npt.NDArray[np.int64], str]:
    """Rows of the titles that the same people watch, the nearest first; or none, and why."""
    nothing = np.empty(0, dtype=np.int64)
    if state.model is None:
        return nothing, state.notice
    vectors = taste_vectors(state.model, catalogue)
    if vectors is None:
        return nothing, NO_TASTE
    if not vectors.knows(row):
        return nothing, NOT_KNOWN
    near = vectors.nearest(row)
    return near[~left_out[near]][:n], ""
