"""Which titles a newcomer is asked to score, from the active model or, without one, the catalogue.

:mod:`ml.elicitation` chooses. What does not depend on the person is kept in the process for a
revision of the catalogue and a version of the model.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.data import IdMap
from ml.elicitation import Elicitation, Questions
from ml.histories import Histories
from ml.matrix_factorisation import MatrixFactorisation
from ml.protocols import Ranker
from ml.ranking import Popularity
from ml.score_neighbours import ScoreNeighbours
from ml.suite import IMPLICIT_ALS, POPULAR, Suite
from recommender.services import registry
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.history import History
from recommender.services.registry import LoadedModel

# Titles behind the best known ones are on too few lists to be worth a question.
_MOST_CANDIDATES = 600


@dataclass(frozen=True, eq=False)
class _Ground:
    """What is the same for everybody.

    Attributes:
        catalogue, model: what it was made of.
        titles: ids of the titles ↔ rows of ``elicitation``.
        ranker: says which titles go with those that somebody has watched; None where nothing can.
        elicitation: of the titles.
    """

    catalogue: CatalogueArrays
    model: LoadedModel | None
    titles: IdMap
    ranker: Ranker | None
    elicitation: Elicitation


_lock = threading.Lock()
_kept: _Ground | None = None


def titles_to_score(*, history: History | None, asked: Collection[int], n: int) -> list[int]:
    """Ids of up to n titles that somebody may know and whose scores would tell most.

    Never an adult title, never two of a franchise, and none of a franchise of which something is
    on the list, dismissed or among those ``asked`` about before. The same for the same scores.
    """
    ground = _ground(catalogue_arrays(), registry.active_model().model)
    scored = np.empty(0, dtype=np.int64)
    gone = np.fromiter(asked, dtype=np.int64)
    if history is not None:
        scored = history.scored[ground.titles.contains(history.scored)]
        gone = np.concatenate([gone, history.excluded])
    rows = ground.titles.index(scored)
    chosen = ground.elicitation.next_titles(
        n,
        scored=rows,
        asked=ground.titles.index(gone[ground.titles.contains(gone)]),
        relevance=_relevance(ground, rows),
    )
    ids: list[int] = ground.titles.ids[chosen].tolist()
    return ids


def _ground(catalogue: CatalogueArrays, model: LoadedModel | None) -> _Ground:
    global _kept  # noqa: PLW0603 - one catalogue and one model a process is the point
    kept = _kept
    if kept is not None and kept.catalogue is catalogue and kept.model is model:
        return kept
    with _lock:
        _kept = _made(catalogue, model)
        return _kept


def _made(catalogue: CatalogueArrays, model: LoadedModel | None) -> _Ground:
    factorisation = None if model is None else factorisation_of(model.suite)
    popular = None if model is None else model.suite.rankers.get(POPULAR)
    if model is None or factorisation is None or not isinstance(popular, Popularity):
        return _from_catalogue(catalogue)
    # Titles that were deleted since the training keep their rows, and cannot be asked about.
    there = catalogue.items.contains(model.items.ids)
    rows = catalogue.items.index(model.items.ids[there])
    features = np.zeros((len(model.items), catalogue.content.features.shape[1]), dtype=np.float32)
    features[there] = catalogue.content.features[rows]
    group = np.full(len(model.items), -1, dtype=np.int64)
    group[there] = catalogue.franchise[rows]
    may_ask = np.zeros(len(model.items), dtype=bool)
    may_ask[there] = ~catalogue.is_adult[rows]
    return _Ground(
        catalogue=catalogue,
        model=model,
        titles=model.items,
        ranker=model.suite.rankers.get(IMPLICIT_ALS),
        elicitation=Elicitation(
            questions=Questions.of_factorisation(factorisation),
            known=popular.scores() / max(len(model.users), 1),
            may_ask=may_ask & _best_known(popular.scores(), may_ask),
            group=group,
            features=features,
        ),
    )


def _from_catalogue(catalogue: CatalogueArrays) -> _Ground:
    """From the numbers of members and the genres alone."""
    may_ask = ~catalogue.is_adult
    members = catalogue.members.astype(np.float64)
    return _Ground(
        catalogue=catalogue,
        model=None,
        titles=catalogue.items,
        ranker=None,
        elicitation=Elicitation(
            questions=Questions.of_features(catalogue.content.features),
            known=members / max(float(members.max(initial=0.0)), 1.0),
            may_ask=may_ask & _best_known(members, may_ask),
            group=catalogue.franchise,
            features=catalogue.content.features,
        ),
    )


def factorisation_of(suite: Suite) -> MatrixFactorisation | None:
    """The factorisation inside the best predictor; None where it has none."""
    for part in suite.best.parts.values() if suite.best is not None else ():
        if isinstance(part, MatrixFactorisation):
            return part
        if isinstance(part, ScoreNeighbours):
            return part.base
    return None


def _best_known(
    counts: npt.NDArray[np.float64], may_ask: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    best = np.zeros(len(counts), dtype=bool)
    best[np.argsort(-np.where(may_ask, counts, -1.0), kind="stable")[:_MOST_CANDIDATES]] = True
    return best


def _relevance(ground: _Ground, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32] | None:
    """What goes with having watched these titles, whatever the scores: who hated one knows it."""
    if ground.ranker is None or not len(rows):
        return None
    history = Histories.of_one(rows, np.zeros(len(rows)), len(ground.titles))
    relevance: npt.NDArray[np.float32] = ground.ranker.relevance(history)[0]
    return relevance
