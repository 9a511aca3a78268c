"""The scores that a rater is expected to give: for every title of the catalogue, with its range."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from catalog.models import Rater
from ml.protocols import ScorePredictor
from ml.serving import clip_score
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History
from recommender.services.registry import LoadedModel, ModelState

FloatArray = npt.NDArray[np.float64]

# How likely it is, by the model, that the score lies in the range that is shown.
LIKELY = 0.8


@dataclass(frozen=True, eq=False)
class Predictions:
    """What is predicted for n titles.

    Attributes:
        points: float64 [n], not clipped to the range of scores; NaN where nothing can be predicted.
        ranges: int8 [n, 2], the lowest and the highest of the likely scores; 0 where there is no
            range.
    """

    points: FloatArray
    ranges: npt.NDArray[np.int8]

    @property
    def scores(self) -> FloatArray:
        """The points as scores, float64 [n], 1 to 10 or NaN."""
        return clip_score(self.points).astype(np.float64)

    @classmethod
    def none(cls, n: int) -> Self:
        """Nothing predicted for n titles."""
        return cls(np.full(n, np.nan), np.zeros((n, 2), dtype=np.int8))


def predict_all(
    *,
    rater: Rater | None,
    history: History,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> Predictions:
    """Predictions for the catalogue's titles.

    None for titles that the model has no row for; none at all without a model, and for a history
    without a score of a title that it knows: what is not personal is no prediction. ``rater`` is
    None for a visitor, whose history is nowhere but in the argument.
    """
    model, predictor = state.model, state.model.suite.predictor if state.model else None
    if model is None or predictor is None or not history.has_score_of(model.items):
        return Predictions.none(len(catalogue.items))
    vector = user_vector(model=model, predictor=predictor, rater=rater, history=history)
    points = predictor.predict(vector)
    ranges = np.zeros((len(catalogue.items), 2), dtype=np.int8)
    best, ordinal = model.suite.best, model.suite.ordinal
    if best is not None and ordinal is not None:
        likely = ordinal.likely_range(points, best.spread(vector), share=LIKELY)
        known = catalogue.items.contains(model.items.ids)
        ranges[catalogue.items.index(model.items.ids[known])] = likely[known]
    return Predictions(on_catalogue(points, model, catalogue), ranges)


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
