"""A model that ``python -m ml train`` has stored: it predicts, is measured, and makes lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.artifacts import load_arrays, verify_artifact
from ml.checks import whole_number
from ml.comparisons import FOR_YOU, predictions, rankings
from ml.data import IdMap, Ratings, split
from ml.errors import ArtifactDamaged, DataError, TooLittleData
from ml.held_out import Relevance
from ml.histories import Histories
from ml.predictor_inputs import UNKNOWN
from ml.protocols import ScorePredictor
from ml.ranking import top_k_rows
from ml.rating_files import Int64Array, ListTable, RatingTable
from ml.report import EvaluationReport, evaluate
from ml.serving import clip_score
from ml.suite import COLLABORATIVE, POPULAR, Suite
from ml.suite_config import RECOMMENDER_NET

METHODS: Final = (FOR_YOU, COLLABORATIVE, RECOMMENDER_NET, POPULAR)
"""What a list can be made by, if the model has it."""
_BATCH_CELLS: Final = 6_000_000
"""Relevance values held at once: 24 MB of float32."""


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model written by :func:`ml.pipeline.train_suite`, verified and mapped.

    Attributes:
        users: rater ids ↔ rows.
        items: title ids ↔ rows.
        served: the fit on all rows, for predictions and lists.
        held_out: the fit without validation and test rows, for measuring.
        split_seed: of the split it was made with.
    """

    users: IdMap
    items: IdMap
    served: Suite
    held_out: Suite
    split_seed: int

    @classmethod
    def load(cls, path: Path) -> Self:
        """Verify and load a model.

        Raises:
            ArtifactError: it is missing, damaged or too new.
        """
        manifest = verify_artifact(path)
        ids = load_arrays(path, "ids")
        try:
            return cls(
                users=IdMap(ids["user_ids"]),
                items=IdMap(ids["item_ids"]),
                served=Suite.load(path),
                held_out=Suite.load(path, held_out=True),
                split_seed=int(manifest["split_seed"]),
            )
        except (KeyError, DataError) as error:
            raise ArtifactDamaged(f"{path} is no model of this program: {error}") from error

    def predict(self, user_id: Int64Array, anime_id: Int64Array) -> npt.NDArray[np.float32]:
        """Return a prediction for each pair of ids, float32 [n] in 1 to 10, none missing.

        An unknown rater is taken for the average one, an unknown title likewise.

        Raises:
            DataError: the model only ranks.
        """
        predictor = self.served.predictor
        if predictor is None:
            raise DataError("This model ranks titles and predicts no scores.")
        rows = _rows(self.users, user_id), _rows(self.items, anime_id)
        return clip_score(predictor.predict_pairs(*rows))

    def evaluate(self, table: RatingTable) -> EvaluationReport:
        """Measure the held-out fit on the test part of a file, by the rule it was split by.

        Lists are made from the file's training rows, over the titles of model and file together.

        Raises:
            TooLittleData: the file has no test row.
        """
        users = IdMap.of(table.user_id)
        items = IdMap.of(np.concatenate([self.items.ids, table.anime_id]))
        ratings = table.indexed(users, items)
        parts = split(
            ratings,
            user_keys=users.ids.view(np.uint64),
            item_ids=items.ids,
            seed=self.split_seed,
        )
        if not parts.test.any():
            raise TooLittleData("No rater has five scored titles, so there is no test row.")
        test = ratings.take(parts.test)
        rows_of_users, rows_of_items = _rows(self.users, users.ids), _rows(self.items, items.ids)
        found = predictions(
            self.held_out, rows_of_users[test.user_index], rows_of_items[test.item_index]
        )
        rankers: Mapping[str, Relevance] = {
            name: _over_more_titles(ranker, rows_of_items, len(self.items))
            for name, ranker in rankings(self.held_out).items()
        }
        predictors: Mapping[str, Any] = found
        return evaluate(ratings, parts, predictors=predictors, rankers=rankers)

    def lists(self, table: RatingTable, *, method: str, n: int) -> Iterator[ListTable]:
        """Return the lists of all raters of a file, some at a time, sorted by rater and rank.

        Relevances and predictions come from the file's ratings, so a rater need not be known to
        the model. Titles that it does not know are neither learnt from nor listed.

        Args:
            table: the raters' ratings; what they have watched is left out of their lists.
            method: one of :data:`METHODS`.
            n: longest list.

        Raises:
            DataError: the model has no such method.
            ConfigError: n is below 1.
        """
        whole_number("n", n, 1, 2**31 - 1)
        rankers = rankings(self.served)
        if POPULAR in self.served.rankers:
            rankers[POPULAR] = self.served.rankers[POPULAR].relevance
        methods = [name for name in METHODS if name in rankers]
        if method not in methods:
            raise DataError(
                f"This model makes no lists by {method!r}, only by {', '.join(methods)}."
            )
        users = IdMap.of(table.user_id)
        return self._lists(users, self._histories(table, users), rankers[method], n)

    def _histories(self, table: RatingTable, users: IdMap) -> Histories:
        """Return what each rater of a file has watched of the titles that have a row."""
        known = self.items.contains(table.anime_id)
        return Histories.of_ratings(
            Ratings(
                users.index(table.user_id[known]).astype(np.int32),
                self.items.index(table.anime_id[known]).astype(np.int32),
                table.score[known].astype(np.int8),
                len(users),
                len(self.items),
            )
        )

    def _lists(
        self, users: IdMap, histories: Histories, relevance_of: Relevance, n: int
    ) -> Iterator[ListTable]:
        step = max(1, _BATCH_CELLS // max(len(self.items), 1))
        for start in range(0, len(users), step):
            batch = histories.take(slice(start, start + step))
            relevance = relevance_of(batch)
            best = top_k_rows(relevance, batch, min(n, len(self.items)))
            rater, place = np.nonzero(best >= 0)
            rows = best[rater, place]
            yield ListTable(
                user_id=users.ids[start + rater],
                rank=place + 1,
                anime_id=self.items.ids[rows],
                relevance=relevance[rater, rows].astype(np.float32),
                prediction=_predicted(self.served.predictor, batch, best),
            )


def _predicted(
    predictor: ScorePredictor | None, histories: Histories, best: Int64Array
) -> npt.NDArray[np.float32] | None:
    """Return the predictions of what is listed, one rater after the other."""
    if predictor is None:
        return None
    found = [np.zeros(0, dtype=np.float32)]
    for rater, listed in enumerate(best):
        vector = predictor.fold_in(*histories.one(rater))
        found.append(predictor.predict(vector, listed[listed >= 0]))
    return clip_score(np.concatenate(found))


def _rows(ids: IdMap, wanted: Int64Array) -> Int64Array:
    """Return the row of each id, -1 for those without one."""
    known = ids.contains(wanted)
    rows = np.full(wanted.shape, UNKNOWN, dtype=np.int64)
    rows[known] = ids.index(wanted[known])
    return rows


def _over_more_titles(ranker: Relevance, row_of: Int64Array, n_items: int) -> Relevance:
    """Return a ranker over more titles than it knows; the others come last.

    Args:
        ranker: over the n_items titles of a model.
        row_of: of each title the row in the model, ascending, -1 for none.
        n_items: of the model.
    """
    if len(row_of) == n_items:
        return ranker
    known = np.flatnonzero(row_of != UNKNOWN)

    def relevance(histories: Histories) -> npt.NDArray[np.floating]:
        rater = np.repeat(np.arange(len(histories)), np.diff(histories.indptr))
        kept = row_of[histories.item_index] != UNKNOWN
        counts = np.bincount(rater[kept], minlength=len(histories))
        own = Histories(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            row_of[histories.item_index[kept]],
            histories.score[kept],
            n_items,
        )
        wide = np.full((len(histories), len(row_of)), -np.inf, dtype=np.float32)
        wide[:, known] = ranker(own)
        return wide

    return relevance
