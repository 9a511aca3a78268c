"""The order in which each method lists titles for one rater.

A ranking is over all candidates, not over a first page: so filters come before the top n, and
paging neither repeats nor runs dry.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Rater
from ml.exploration import interleave
from ml.protocols import Ranker, ScorePredictor
from ml.ranking import top_n
from ml.serving import clip_score
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History
from recommender.services.registry import LoadedModel, ModelState
from recommender.services.unrated import relevance_of_unrated

FloatArray = npt.NDArray[np.float64]

SCORE_SOMETHING = "Score a title or two, and this list becomes yours."
KNOWS_NOTHING_OF_YOURS = "The model knows none of your titles yet."
NOT_TRAINED = "The model in use was trained without this method."


@dataclass(frozen=True, eq=False)
class Ranking:
    """Titles, best first.

    Attributes:
        source: the method that made it; ``popular`` where it had to stand in.
        anime_ids: int64 [n].
        relevance: float64 [n], what it is ordered by.
        prediction: float64 [n], scores 1 to 10; NaN where nothing can be predicted.
        is_exploration: bool [n], titles that nobody has rated yet.
        model_version: the version that ranked or predicted, None without.
        fallback: why another method stands in, a sentence; empty otherwise.
    """

    source: str
    anime_ids: npt.NDArray[np.int64]
    relevance: FloatArray
    prediction: FloatArray
    is_exploration: npt.NDArray[np.bool_]
    model_version: int | None
    fallback: str = ""


def rank(
    *,
    method: str,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
    show_adult: bool,
    predictions: FloatArray | None = None,
) -> Ranking:
    """Rank every title that may be listed, by a known method.

    ``predictions`` are those of :func:`predict_all` where they are at hand.
    """
    if predictions is None:
        predictions = predict_all(rater=rater, history=history, catalogue=catalogue, state=state)
    excluded = np.isin(catalogue.items.ids, history.excluded)
    if not show_adult:
        excluded |= catalogue.is_adult
    source, relevance, fallback = _relevance(method, rater, history, catalogue, state)
    order = _order(relevance, excluded, catalogue)
    explored = np.zeros(len(order), dtype=bool)
    if source == "for-you" and state.model is not None:
        unrated = _unrated(state.model, history, excluded, catalogue)
        relevance, order, explored = _with_exploration(relevance, order, unrated)
    # Predictions are ordered as they are and shown as scores: two above 10 are no tie.
    shown = clip_score(relevance).astype(np.float64) if source == "recommender-net" else relevance
    return Ranking(
        source=source,
        anime_ids=catalogue.items.ids[order],
        relevance=shown[order],
        prediction=clip_score(predictions)[order].astype(np.float64),
        is_exploration=explored,
        model_version=state.model.version_id if state.model else None,
        fallback=fallback,
    )


def predict_all(
    *,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> FloatArray:
    """Predictions for the catalogue's titles [n], in score points, not clipped to 1 to 10.

    NaN for titles that the model has no row for; NaN throughout without a model, and for a history
    without a score of a title that it knows: what is not personal is no prediction. ``rater`` is
    None for a visitor, whose history is nowhere but in the argument.
    """
    model, predictor = state.model, state.model.suite.predictor if state.model else None
    if model is None or predictor is None or not history.has_score_of(model.items):
        return np.full(len(catalogue.items), np.nan)
    vector = user_vector(model=model, predictor=predictor, rater=rater, history=history)
    return on_catalogue(predictor.predict(vector), model, catalogue)


def user_vector(
    *, model: LoadedModel, predictor: ScorePredictor, rater: Rater | None, history: History
) -> npt.NDArray[np.float32]:
    """The rater's vector: the trained one while nothing has changed since, else folded in."""
    index = None if rater is None else model.users.get(rater.pk)
    if rater is not None and index is not None and model.user_revisions[index] == rater.revision:
        return predictor.user_vector(index)
    return predictor.fold_in(*history.known_to(model.items))


def on_catalogue(
    values: npt.NDArray[np.float32], model: LoadedModel, catalogue: CatalogueArrays
) -> FloatArray:
    """Values of the model's titles as values of the catalogue's [n], NaN without a row."""
    placed = np.full(len(catalogue.items), np.nan)
    known = catalogue.items.contains(model.items.ids)
    placed[catalogue.items.index(model.items.ids[known])] = values[known]
    return placed


def ranker_of(method: str, model: LoadedModel) -> tuple[str, Ranker] | None:
    """What ranks for a method, and its name; None where RecommenderNet has to, or nothing can."""
    if method == "for-you" and model.suite.for_you is not None:
        return "for-you", model.suite.for_you
    if method in ("for-you", "collaborative") and "collaborative" in model.suite.rankers:
        return "collaborative", model.suite.rankers["collaborative"]
    return None


def _order(
    relevance: FloatArray, excluded: npt.NDArray[np.bool_], catalogue: CatalogueArrays
) -> npt.NDArray[np.int64]:
    """The rows that may be listed, best first."""
    left_out = excluded | ~np.isfinite(relevance)
    return top_n(
        np.where(left_out, 0.0, relevance),
        exclude=left_out,
        n=len(relevance),
        tie_break=catalogue.items.ids,
    )


def _unrated(
    model: LoadedModel,
    history: History,
    excluded: npt.NDArray[np.bool_],
    catalogue: CatalogueArrays,
) -> npt.NDArray[np.int64]:
    """The rows of titles that nobody has rated, the likeliest first."""
    guessed = relevance_of_unrated(model=model, history=history, catalogue=catalogue)
    return _order(guessed, excluded, catalogue)


def _with_exploration(
    relevance: FloatArray, order: npt.NDArray[np.int64], unrated: npt.NDArray[np.int64]
) -> tuple[FloatArray, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Relevance, order and marks once unrated titles have got their places among the others."""
    merged = interleave(order, unrated)
    explored = np.isin(merged, unrated)
    relevance = relevance.copy()
    # An unrated title is worth what the one before it is: relevance never rises down the list.
    values = np.where(explored, np.inf, relevance[merged])
    relevance[merged] = np.minimum.accumulate(values) if len(order) else 0.0
    relevance[~np.isfinite(relevance)] = np.nan
    return relevance, merged, explored


def _relevance(
    method: str,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> tuple[str, FloatArray, str]:
    """What made the list, the relevance of every title (NaN: not listed), and why a fallback."""
    popular = catalogue.members.astype(np.float64)
    if method == "popular":
        return "popular", popular, ""
    if not len(history.scored):
        return "popular", popular, SCORE_SOMETHING
    if method == "content":
        source, relevance = method, _profile_similarity(history, catalogue)
        why = "None of your scored titles has all its facts on record yet."
    else:
        source, relevance, why = _by_model(method, rater, history, catalogue, state)
    if np.isfinite(relevance).any():
        return source, relevance, ""
    return "popular", popular, why


def _by_model(
    method: str,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> tuple[str, FloatArray, str]:
    """Relevance by what the model has: its ranker for the method, or else RecommenderNet.

    NaN throughout where it cannot say; the last of the three is the reason then.
    """
    model, nothing = state.model, np.full(len(catalogue.items), np.nan)
    if model is None:
        return method, nothing, state.notice
    if not len(history.known_to(model.items)[0]):
        return method, nothing, KNOWS_NOTHING_OF_YOURS
    found, net = ranker_of(method, model), model.suite.net
    if found is not None:
        name, ranker = found
        values = ranker.relevance(history.of_model(model.items))[0]
    elif net is not None:
        name = "recommender-net"
        values = net.predict(user_vector(model=model, predictor=net, rater=rater, history=history))
    else:
        return method, nothing, NOT_TRAINED
    why = "The model knows none of the titles in the catalogue."
    return name, on_catalogue(values, model, catalogue), why


def _profile_similarity(history: History, catalogue: CatalogueArrays) -> FloatArray:
    """Similarity of every complete title to the rater's profile; NaN throughout without one.

    As in the reference system, incomplete titles take no part, neither in the profile nor in the
    list.
    """
    scored, scores = history.scored, history.scores
    known = catalogue.items.contains(scored)
    rows = catalogue.items.index(scored[known])
    complete = catalogue.is_complete[rows]
    if not complete.any():
        return np.full(len(catalogue.items), np.nan)
    profile = catalogue.content.user_profile(rows[complete], scores[known][complete])
    similarity = catalogue.content.similarity(profile, "dot").astype(np.float64)
    return np.where(catalogue.is_complete, similarity, np.nan)
