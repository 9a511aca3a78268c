"""Titles that no training has seen, ranked by what their genres and type let one guess."""

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History
from recommender.services.registry import LoadedModel

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Unrated:
    """The catalogue's titles without a row in the model, and their guessed vectors [k, d]."""

    model: LoadedModel
    catalogue: CatalogueArrays
    rows: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32] | None


_lock = threading.Lock()
_kept: Unrated | None = None


def relevance_of_unrated(
    *, model: LoadedModel, history: History, catalogue: CatalogueArrays
) -> FloatArray:
    """Relevance of the catalogue's titles that nobody has rated [n]; NaN for all others.

    The figures are comparable with each other only. Titles without a genre are left out.
    """
    relevance = np.full(len(catalogue.items), np.nan)
    unrated = unrated_of(model, catalogue)
    if unrated.vectors is not None and len(unrated.rows):
        guessed = model.suite.relevance_of_guessed(history.of_model(model.items), unrated.vectors)
        relevance[unrated.rows] = guessed[0]
    return relevance


def unrated_of(model: LoadedModel, catalogue: CatalogueArrays) -> Unrated:
    """Guessed once a process for a version and a catalogue: the guess is the same for everybody."""
    global _kept  # noqa: PLW0603 - one catalogue and one model a process is the point
    kept = _kept
    if kept is not None and kept.model is model and kept.catalogue is catalogue:
        return kept
    with _lock:
        has_genre = np.array([bool(genres) for genres in catalogue.genres], dtype=bool)
        is_unrated = ~model.items.contains(catalogue.items.ids) & has_genre
        rows = np.flatnonzero(is_unrated)
        vectors = model.suite.guessed_vectors(_features(model, catalogue, rows))
        _kept = Unrated(model, catalogue, rows, vectors)
        return _kept


def _features(
    model: LoadedModel, catalogue: CatalogueArrays, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """The titles' features in the columns that the model was trained with."""
    column_of = {name: column for column, name in enumerate(catalogue.content.feature_names)}
    features = np.zeros((len(rows), len(model.feature_names)), dtype=np.float32)
    for place, name in enumerate(model.feature_names):
        if name in column_of:
            features[:, place] = catalogue.content.features[rows, column_of[name]]
    return features
