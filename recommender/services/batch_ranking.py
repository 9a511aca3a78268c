"""The first titles of many raters' lists at once, each as it would be by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from catalog.models import Rater
from ml import histories as ml_histories
from ml.data import IdMap
from ml.exploration import interleave
from ml.implicit_als import ImplicitAls
from ml.protocols import Ranker
from ml.ranges import ranges
from ml.rank_blend import RankBlend
from ml.ranking import top_k_rows
from ml.serving import clip_score
from ml.suite import IMPLICIT_ALS
from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import Histories
from recommender.services.rankings import Ranking
from recommender.services.registry import LoadedModel
from recommender.services.unrated import unrated_of

Int64Array = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
FactorArray = npt.NDArray[np.float32]

# So many raters' relevances of all titles are held at a time.
_RATERS_AT_ONCE = 500


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists of some raters, one after the other; every array has an entry for each place [m].

    Attributes:
        rater: int64, position of the rater.
        rank: int64, from 1.
        anime_id: int64.
        relevance, prediction: float64, NaN for no prediction.
    """

    rater: Int64Array
    rank: Int64Array
    anime_id: Int64Array
    relevance: FloatArray
    prediction: FloatArray

    @classmethod
    def of_ranking(cls, ranking: Ranking, position: int, n: int) -> Self:
        """The first n of one rater's ranking."""
        ids = ranking.anime_ids[:n]
        return cls(
            np.full(len(ids), position, dtype=np.int64),
            np.arange(1, len(ids) + 1, dtype=np.int64),
            ids,
            ranking.relevance[:n],
            ranking.prediction[:n],
        )

    @classmethod
    def sorted_by_rater(cls, parts: Sequence["Lists"]) -> Self:
        """All of them as one, by rater and rank."""
        if not parts:
            none = np.zeros(0, dtype=np.int64)
            return cls(none, none, none, np.zeros(0), np.zeros(0))
        rater = np.concatenate([part.rater for part in parts])
        rank = np.concatenate([part.rank for part in parts])
        order = np.lexsort((rank, rater))
        return cls(
            rater[order],
            rank[order],
            np.concatenate([part.anime_id for part in parts])[order],
            np.concatenate([part.relevance for part in parts])[order],
            np.concatenate([part.prediction for part in parts])[order],
        )


class BatchRanking:
    """Ranks for many raters by a model's ranker.

    Args:
        model: the active one.
        catalogue: its titles can be listed.
        n: length of the lists.
    """

    def __init__(self, model: LoadedModel, catalogue: CatalogueArrays, n: int) -> None:
        self._model, self._catalogue, self._n = model, catalogue, n
        # Titles that the model knows and the catalogue no longer has.
        self._gone = np.flatnonzero(~catalogue.items.contains(model.items.ids))
        self._unrated = unrated_of(model, catalogue)
        self._unrated_ids = IdMap(catalogue.items.ids[self._unrated.rows])

    def lists(
        self,
        ranker: Ranker,
        raters: Sequence[Rater],
        histories: Histories,
        *,
        positions: Int64Array,
        explore: bool,
    ) -> Lists:
        """The lists of the raters at some positions, adult titles among them.

        Args:
            ranker: one of the model's.
            raters: all raters.
            histories: theirs.
            positions: of those to rank, ascending.
            explore: give titles without ratings their share of the places.
        """
        parts = []
        for start in range(0, len(positions), _RATERS_AT_ONCE):
            some = positions[start : start + _RATERS_AT_ONCE]
            watched = _watched(histories, some, self._model.items)
            vectors = self._vectors(watched) if explore else None
            relevance = self._relevance(ranker, watched, vectors)
            excluded = _excluded(histories, some, self._model.items, also=self._gone)
            known = top_k_rows(relevance, excluded, self._n)
            values = np.take_along_axis(relevance, known, axis=1).astype(np.float64)
            predicted = self._predictions([raters[position] for position in some], watched, known)
            unrated = self._unrated_lists(histories, some, vectors)
            parts += [
                self._list(
                    position,
                    known[place],
                    values[place],
                    predicted[place],
                    None if unrated is None else unrated[place],
                )
                for place, position in enumerate(some.tolist())
            ]
        return Lists.sorted_by_rater(parts)

    def _vectors(self, watched: ml_histories.Histories) -> FactorArray | None:
        """The raters' implicit factors [r, d], which the blend and the guesses both need."""
        factors = self._model.suite.rankers.get(IMPLICIT_ALS)
        return factors.user_vectors(watched) if isinstance(factors, ImplicitAls) else None

    def _relevance(
        self, ranker: Ranker, watched: ml_histories.Histories, vectors: FactorArray | None
    ) -> FactorArray:
        """The relevance of the model's titles [r, n_items]."""
        factors = self._model.suite.rankers.get(IMPLICIT_ALS)
        if vectors is None or not isinstance(factors, ImplicitAls):
            return ranker.relevance(watched)
        if not isinstance(ranker, RankBlend) or IMPLICIT_ALS not in ranker.rankers:
            return ranker.relevance(watched)
        return ranker.relevance(watched, {IMPLICIT_ALS: factors.relevance_to(vectors)})

    def _predictions(
        self, raters: Sequence[Rater], watched: ml_histories.Histories, known: Int64Array
    ) -> FloatArray:
        """The predicted score of each listed title [r, n], NaN without a predictor."""
        predicted = np.full(known.shape, np.nan)
        model, predictor = self._model, self._model.suite.predictor
        if predictor is None:
            return predicted
        rows = np.full(len(raters), -1, dtype=np.int64)
        for place, rater in enumerate(raters):
            row = model.users.get(rater.pk)
            if row is not None and model.user_revisions[row] == rater.revision:
                rows[place] = row
        places, ranks = np.nonzero((known >= 0) & (rows >= 0)[:, None])
        predicted[places, ranks] = clip_score(
            predictor.predict_pairs(rows[places], known[places, ranks])
        )
        for folded in np.flatnonzero(rows < 0).tolist():
            own, scores = watched.one(folded)
            if not np.any(scores > 0):
                continue  # nothing that the model knows is scored: no prediction is personal
            listed = known[folded][known[folded] >= 0]
            vector = predictor.fold_in(own, scores)
            predicted[folded, : len(listed)] = clip_score(predictor.predict(vector, listed))
        return predicted

    def _unrated_lists(
        self, histories: Histories, some: Int64Array, vectors: FactorArray | None
    ) -> Int64Array | None:
        """Each rater's best titles without ratings [r, n], positions among them, -1 filled.

        ``vectors`` are the raters' factors, None where such titles get no places.
        """
        titles = self._unrated.vectors
        if vectors is None or titles is None or not len(self._unrated.rows):
            return None
        guessed = vectors @ titles.T
        return top_k_rows(guessed, _excluded(histories, some, self._unrated_ids), self._n)

    def _list(
        self,
        position: int,
        known: Int64Array,
        relevance: FloatArray,
        predicted: FloatArray,
        unrated: Int64Array | None,
    ) -> Lists:
        """One rater's list; ``known`` holds rows of the model, ``unrated`` of the others."""
        size = int(np.count_nonzero(known >= 0))
        ids = self._model.items.ids[known[:size]]
        relevance, predicted = relevance[:size], predicted[:size]
        if unrated is not None:
            # Positions in the two lists, the unrated ones negative.
            marks = -1 - np.arange(np.count_nonzero(unrated >= 0), dtype=np.int64)
            order = interleave(np.arange(size, dtype=np.int64), marks)[: self._n]
            explored = order < 0
            all_ids = np.concatenate([ids, self._unrated_ids.ids[unrated[unrated >= 0]]])
            ids = all_ids[np.where(explored, size - 1 - order, order)]
            # The place among the known ones of the last that came before, -1 for none.
            before = np.maximum.accumulate(np.where(explored, -1, order))
            # An entry more, which -1 stands for.
            relevance = np.append(relevance, 0.0)[before]
            predicted = np.append(predicted, np.nan)[np.where(explored, -1, order)]
        return Lists(
            np.full(len(ids), position, dtype=np.int64),
            np.arange(1, len(ids) + 1, dtype=np.int64),
            ids,
            relevance,
            predicted,
        )


def _watched(histories: Histories, positions: Int64Array, items: IdMap) -> ml_histories.Histories:
    """The watched titles of some raters that a map has, as rankers read them."""
    place, entries = _entries(histories.indptr, positions)
    ids = histories.listed[entries]
    keep = histories.is_watched[entries] & items.contains(ids)
    counts = np.bincount(place[keep], minlength=len(positions))
    return ml_histories.Histories(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        items.index(ids[keep]),
        histories.scores[entries][keep].astype(np.float32),
        len(items),
    )


def _excluded(
    histories: Histories, positions: Int64Array, items: IdMap, also: Int64Array | None = None
) -> "sparse.csr_array":
    """What some raters are not to get, CSR [r, n_items]: listed, dismissed, and ``also``."""
    rows, columns = [], []
    for indptr, ids in (
        (histories.indptr, histories.listed),
        (histories.dismissed_indptr, histories.dismissed),
    ):
        place, entries = _entries(indptr, positions)
        known = items.contains(ids[entries])
        rows.append(place[known])
        columns.append(items.index(ids[entries][known]))
    if also is not None and len(also):
        rows.append(np.repeat(np.arange(len(positions)), len(also)))
        columns.append(np.tile(also, len(positions)))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array(
        (np.ones(len(row), dtype=bool), (row, column)), shape=(len(positions), len(items))
    )


def _entries(indptr: Int64Array, positions: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The entries of some raters, and for each the place of its rater among ``positions``."""
    lengths = np.diff(indptr)[positions]
    place = np.repeat(np.arange(len(positions), dtype=np.int64), lengths)
    return place, ranges(indptr[:-1][positions], lengths)
