"""The order in which each method lists titles for one rater.

A ranking is over all candidates, not over a first page: so filters come before the top n, and
paging neither repeats nor runs dry.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from catalog.models import Rater
from ml.exploration import interleave
from ml.protocols import Ranker
from ml.ranking import top_n
from ml.serving import clip_score
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History
from recommender.services.predictions import Predictions, on_catalogue, predict_all, user_vector
from recommender.services.registry import LoadedModel, ModelState
from recommender.services.unrated import relevance_of_unrated

FloatArray = npt.NDArray[np.float64]

SCORE_SOMETHING = "Score a title or two, and this list becomes yours."
KNOWS_NOTHING_OF_YOURS = "The model knows none of your titles yet."
NOT_TRAINED = "The model in use was trained without this method."


@dataclass(frozen=True, eq=False)
class Relevance:
    """How relevant every title of the catalogue is to a rater; nothing is left out yet.

    Attributes:
        source: the method that made it; ``popular`` where it had to stand in.
        values: float64 [n], NaN for a title that the method does not list.
        unrated: float64 [n], likewise of titles that nobody has rated, comparable with each other
            only; None where the method has no places for them.
        model_version: the active version, None without.
        is_simulated: whether it has learnt from simulated raters.
        fallback: why another method stands in, a sentence; empty otherwise.
    """

    source: str
    values: FloatArray
    unrated: FloatArray | None
    model_version: int | None
    is_simulated: bool = False
    fallback: str = ""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Titles, best first.

    Attributes:
        source, model_version, is_simulated, fallback: as in :class:`Relevance`.
        anime_ids: int64 [n].
        relevance: float64 [n], what it is ordered by.
        prediction: float64 [n], scores 1 to 10; NaN where nothing can be predicted.
        ranges: int8 [n, 2], the likely scores; 0 where there is no range.
        is_exploration: bool [n], titles that nobody has rated yet.
    """

    source: str
    anime_ids: npt.NDArray[np.int64]
    relevance: FloatArray
    prediction: FloatArray
    ranges: npt.NDArray[np.int8]
    is_exploration: npt.NDArray[np.bool_]
    model_version: int | None
    is_simulated: bool = False
    fallback: str = ""

    def __len__(self) -> int:
        return len(self.anime_ids)

    def in_order(self, order: npt.NDArray[np.int64]) -> "Ranking":
        """The same titles in another order: positions in this one."""
        return replace(
            self,
            anime_ids=self.anime_ids[order],
            relevance=self.relevance[order],
            prediction=self.prediction[order],
            ranges=self.ranges[order],
            is_exploration=self.is_exploration[order],
        )


def rank(
    *,
    method: str,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
    show_adult: bool,
) -> Ranking:
    """Rank every title that may be listed, by a known method."""
    excluded = np.isin(catalogue.items.ids, history.excluded)
    if not show_adult:
        excluded |= catalogue.is_adult
    return ranked(
        relevance_of(method=method, rater=rater, history=history, catalogue=catalogue, state=state),
        left_out=excluded,
        predictions=predict_all(rater=rater, history=history, catalogue=catalogue, state=state),
        catalogue=catalogue,
    )


def relevance_of(
    *,
    method: str,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> Relevance:
    """The relevance of every title by a known method, or by what stands in for it."""
    source, values, fallback = _relevance(method, rater, history, catalogue, state)
    unrated, model = None, state.model
    if source == "for-you" and model is not None:
        unrated = relevance_of_unrated(model=model, history=history, catalogue=catalogue)
    return Relevance(
        source=source,
        values=values,
        unrated=unrated,
        model_version=model.version_id if model else None,
        is_simulated=model.is_simulated if model else False,
        fallback=fallback,
    )


def ranked(
    relevance: Relevance,
    *,
    left_out: npt.NDArray[np.bool_],
    predictions: Predictions,
    catalogue: CatalogueArrays,
) -> Ranking:
    """The titles that are not left out, best first, unrated ones at their places among them."""
    values, source = relevance.values, relevance.source
    order = _order(values, left_out, catalogue)
    explored = np.zeros(len(order), dtype=bool)
    if relevance.unrated is not None:
        unrated = _order(relevance.unrated, left_out, catalogue)
        values, order, explored = _with_exploration(values, order, unrated)
    # Predictions are ordered as they are and shown as scores: two above 10 are no tie.
    shown = clip_score(values).astype(np.float64) if source == "recommender-net" else values
    return Ranking(
        source=source,
        anime_ids=catalogue.items.ids[order],
        relevance=shown[order],
        prediction=predictions.scores[order],
        ranges=predictions.ranges[order],
        is_exploration=explored,
        model_version=relevance.model_version,
        is_simulated=relevance.is_simulated,
        fallback=relevance.fallback,
    )


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
