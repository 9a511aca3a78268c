"""The order in which each method lists titles for one rater.

A ranking is over all candidates, not over a first page: so filters come before the top n, and
paging neither repeats nor runs dry.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Rater
from ml.ranking import top_n
from ml.serving import clip_score
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History
from recommender.services.registry import LoadedModel, ModelState

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Titles, best first.

    Attributes:
        source: the method that made it; ``popular`` where it had to stand in.
        anime_ids: int64 [n].
        relevance: float64 [n], what it is ordered by.
        prediction: float64 [n], scores 1 to 10; NaN where nothing can be predicted.
        model_version: the version that predicted, None without.
        fallback: why another method stands in, a sentence; empty otherwise.
    """

    source: str
    anime_ids: npt.NDArray[np.int64]
    relevance: FloatArray
    prediction: FloatArray
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
) -> Ranking:
    """Rank every title that may be listed, by a known method."""
    predictions = predict_all(rater=rater, history=history, catalogue=catalogue, state=state)
    excluded = np.isin(catalogue.items.ids, history.excluded)
    if not show_adult:
        excluded |= catalogue.is_adult
    source, relevance, fallback = _relevance(method, history, catalogue, state, predictions)
    excluded |= ~np.isfinite(relevance)
    # Predictions are ordered as they are and shown as scores: two above 10 are no tie.
    shown = clip_score(relevance).astype(np.float64) if source == "recommender-net" else relevance
    order = top_n(
        np.where(excluded, 0.0, relevance),
        exclude=excluded,
        n=len(relevance),
        tie_break=catalogue.items.ids,
    )
    return Ranking(
        source=source,
        anime_ids=catalogue.items.ids[order],
        relevance=shown[order],
        prediction=clip_score(predictions)[order].astype(np.float64),
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

    NaN for titles that the model has no row for; NaN throughout without a model, and for a rater
    who has scored nothing: what is not personal is no prediction.
    """
    predictions = np.full(len(catalogue.items), np.nan)
    model = state.model
    if model is None or rater is None or not len(history.scored):
        return predictions
    vector = user_vector(model=model, rater=rater, history=history)
    known = catalogue.items.contains(model.items.ids)
    rows = catalogue.items.index(model.items.ids[known])
    predictions[rows] = model.scorer.predict(vector)[known]
    return predictions


def user_vector(*, model: LoadedModel, rater: Rater, history: History) -> npt.NDArray[np.float32]:
    """The rater's vector: the trained one while nothing has changed since, else folded in."""
    index = model.users.get(rater.pk)
    trained = None if index is None else model.scorer.user_vector(index)
    if trained is not None and model.user_revisions[index] == rater.revision:
        return trained
    known = model.items.contains(history.scored)
    return model.scorer.fold_in(
        model.items.index(history.scored[known]), history.scores[known], start=None
    )


def _relevance(
    method: str,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
    predictions: FloatArray,
) -> tuple[str, FloatArray, str]:
    """What made the list, the relevance of every title (NaN: not listed), and why a fallback."""
    popularity = catalogue.members.astype(np.float64)
    why = ""
    if method != "popular":
        if not len(history.scored):
            why = "Score a title or two, and this list becomes yours."
        elif method == "content":
            similarity = _profile_similarity(history, catalogue)
            if similarity is not None:
                return "content", similarity, ""
            why = "None of the titles that you have scored has all its facts on record yet."
        elif np.isfinite(predictions).any():
            return "recommender-net", predictions, ""
        else:
            why = state.notice or "The model knows none of the titles in the catalogue."
    return "popular", popularity, why


def _profile_similarity(history: History, catalogue: CatalogueArrays) -> FloatArray | None:
    """Similarity of every complete title to the rater's profile; None without a profile.

    As in the reference system, incomplete titles take no part, neither in the profile nor in the
    list.
    """
    known = catalogue.items.contains(history.scored)
    rows = catalogue.items.index(history.scored[known])
    complete = catalogue.is_complete[rows]
    if not complete.any():
        return None
    profile = catalogue.content.user_profile(rows[complete], history.scores[known][complete])
    similarity = catalogue.content.similarity(profile, "dot").astype(np.float64)
    return np.where(catalogue.is_complete, similarity, np.nan)
