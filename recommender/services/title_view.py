"""What the recommender has to say on one title's page.

What somebody is expected to score it, and which of their titles say so; what is like it, by its
genres and by the taste of the raters; and what else belongs to its franchise.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Anime, Rater
from ml.implicit_als import ImplicitAls
from ml.rank_blend import RankBlend
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays, titles_of
from recommender.services.history import History
from recommender.services.influences import strongest
from recommender.services.kept import kept_history, kept_predictions, kept_spreads
from recommender.services.lists import DEFAULT_METHOD, Influence, Reason
from recommender.services.rankings import ranker_of
from recommender.services.reasons import liking_of, reasons_for, title_reasons
from recommender.services.registry import LoadedModel, ModelState
from recommender.services.similarity import similar_rows

FloatArray = npt.NDArray[np.float32]

N_SIMILAR = 6
MOST_OF_SERIES = 20
# So many of a person's titles are named that speak for a title, and against it.
_MOST_FOR, _MOST_AGAINST = 5, 3
# The list of similar titles that other titles of the series are taken out of.
_LOOK_AT = 40
# Added to the length of a neighbour's vector, as a share of the longest: titles of a handful of
# raters have short vectors, whose direction is chance.
_DAMPING = 0.05

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
) -> tuple[npt.NDArray[np.int64], str]:
    """Rows of the titles that the same people watch, the nearest first; or none, and why.

    The likeness is the cosine of the titles' vectors in the factorisation of who watched what,
    damped for titles of few raters.
    """
    nothing = np.empty(0, dtype=np.int64)
    if state.model is None:
        return nothing, state.notice
    vectors = _taste_vectors(state.model, catalogue)
    if vectors is None:
        return nothing, NO_TASTE
    own = vectors.directions[row]
    if not own.any():
        return nothing, NOT_KNOWN
    likeness = vectors.damped @ own
    likeness[left_out] = 0.0
    nearest = np.argpartition(-likeness, min(N_SIMILAR, len(likeness) - 1))[:N_SIMILAR]
    nearest = nearest[likeness[nearest] > 0]
    order = np.lexsort((nearest, -likeness[nearest]))
    return nearest[order].astype(np.int64), ""


@dataclass(frozen=True, eq=False)
class _TasteVectors:
    """The titles' vectors by the catalogue's rows, 0 for those that the model does not know.

    ``directions`` have length 1, ``damped`` less, the fewer raters a title has: [n, d] each.
    """

    model: LoadedModel
    catalogue: CatalogueArrays
    directions: FloatArray
    damped: FloatArray


_lock = threading.Lock()
_kept: _TasteVectors | None = None


def _taste_vectors(model: LoadedModel, catalogue: CatalogueArrays) -> _TasteVectors | None:
    """Made once a process for a version and a catalogue; None where the version has no factors."""
    global _kept  # noqa: PLW0603 - one catalogue and one model a process is the point
    kept = _kept
    if kept is not None and kept.model is model and kept.catalogue is catalogue:
        return kept
    factors = model.suite.rankers.get("implicit-als")
    if not isinstance(factors, ImplicitAls):
        return None
    with _lock:
        known = catalogue.items.contains(model.items.ids)
        vectors = np.zeros((len(catalogue.items), factors.item_vectors.shape[1]), dtype=np.float32)
        vectors[catalogue.items.index(model.items.ids[known])] = factors.item_vectors[known]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        damping = _DAMPING * lengths.max(initial=0.0)
        directions = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        damped = (vectors / np.maximum(lengths + damping, 1e-9)).astype(np.float32)
        _kept = _TasteVectors(model, catalogue, directions, damped)
        return _kept
