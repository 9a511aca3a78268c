"""The way from a file of ratings to a stored model and its evaluation, with no database.

This is what ``python -m ml`` does; the platform's own training has the same steps over its
database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml import metrics
from ml.artifacts import load_arrays, verify_artifact, write_artifact
from ml.config import RecommenderNetConfig
from ml.data import IdMap, Ratings, Split, split
from ml.errors import ArtifactDamaged, DataError, TooLittleData
from ml.history import EpochResult
from ml.rating_files import Int64Array, RatingTable
from ml.serving import UNKNOWN, RecommenderNetScorer, clip_score, scorer_arrays

SPLIT_SEED: Final = 20_240_501
_SERVED: Final = "recommender_net"
_HELD_OUT: Final = "recommender_net_held_out"


def train_model(
    table: RatingTable,
    config: RecommenderNetConfig,
    *,
    output: Path,
    on_epoch: Callable[[str, EpochResult], None],
) -> dict[str, Any]:
    """Fit, measure, refit on all rows and write the artifact; return its metrics.

    Under torchrun all processes fit together and the first one writes (:mod:`ml.distributed`).

    Args:
        table: the ratings.
        config: settings.
        output: the artifact's folder, which must not exist yet.
        on_epoch: called with ``held-out`` or ``served`` and the epoch.

    Raises:
        MlError: whatever goes wrong in an expected way.
    """
    # torch: not needed for the other commands
    from ml.distributed import is_first_process
    from ml.train import fit

    users, items = IdMap.of(table.user_id), IdMap.of(table.anime_id)
    ratings = table.indexed(users, items)
    parts = _split(ratings, users, items)
    held_out = fit(
        ratings.take(parts.train).scored(),
        ratings.take(parts.validation),
        config,
        on_epoch=lambda result: on_epoch("held-out", result),
    )
    served = fit(
        ratings.scored(),
        None,
        replace(config, n_epochs=held_out.best_epoch),
        on_epoch=lambda result: on_epoch("served", result),
    )
    test = ratings.take(parts.test)
    scorer = RecommenderNetScorer.from_weights(held_out.weights)
    measured = measure(scorer.predict_pairs(test.user_index, test.item_index), test.score)
    if not is_first_process():
        return measured
    write_artifact(
        output.parent,
        output.name,
        arrays={
            _SERVED: scorer_arrays(served.weights),
            _HELD_OUT: scorer_arrays(held_out.weights),
            "ids": {"user_ids": users.ids, "item_ids": items.ids},
        },
        manifest={
            "configuration": config.to_dict(),
            "metrics": measured,
            "served_epochs": held_out.best_epoch,
            "history": [result.to_dict() for result in held_out.history],
            "split_seed": SPLIT_SEED,
            "data_fingerprint": ratings.fingerprint(),
        },
    )
    return measured


def measure(
    predictions: npt.NDArray[np.float32], scores: npt.NDArray[np.integer]
) -> dict[str, Any]:
    """Return the error measures of unclipped predictions; no rows give only their number.

    Raises:
        MissingPrediction: a prediction is NaN.
    """
    if not scores.size:
        return {"n_rows": 0}
    clipped = clip_score(predictions)
    has_low = bool(np.any(scores <= metrics.LOW_SCORE))
    return {
        "n_rows": int(scores.size),
        "rmse": metrics.rmse(clipped, scores),
        "mae": metrics.mae(clipped, scores),
        "macro_mae": metrics.macro_mae(clipped, scores),
        "accuracy": metrics.accuracy(clipped, scores),
        "recall_of_low_scores": metrics.recall_at_or_below(clipped, scores) if has_low else None,
    }


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model written by :func:`train_model`, verified and mapped.

    Attributes:
        users: rater ids ↔ rows.
        items: title ids ↔ rows.
        served: the fit on all rows, for predictions.
        held_out: the fit without validation and test rows, for measuring.
        split_seed: of the split it was made with.
    """

    users: IdMap
    items: IdMap
    served: RecommenderNetScorer
    held_out: RecommenderNetScorer
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
                served=RecommenderNetScorer.from_arrays(load_arrays(path, _SERVED)),
                held_out=RecommenderNetScorer.from_arrays(load_arrays(path, _HELD_OUT)),
                split_seed=int(manifest["split_seed"]),
            )
        except (KeyError, DataError) as error:
            raise ArtifactDamaged(f"{path} is no model of this program: {error}") from error

    def predict(self, user_id: Int64Array, anime_id: Int64Array) -> npt.NDArray[np.float32]:
        """Return a prediction for each pair of ids, float32 [n] in 1 to 10, none missing.

        An unknown rater is taken for the average one, an unknown title likewise.
        """
        return clip_score(_predict(self.served, self.users, self.items, user_id, anime_id))

    def evaluate(self, table: RatingTable) -> dict[str, Any]:
        """Measure the held-out fit on the test part of a file, by the rule it was split by.

        Raises:
            TooLittleData: the file has no test row.
        """
        users, items = IdMap.of(table.user_id), IdMap.of(table.anime_id)
        parts = _split(table.indexed(users, items), users, items, seed=self.split_seed)
        test = parts.test
        if not test.any():
            raise TooLittleData("No rater has five scored titles, so there is no test row.")
        predictions = _predict(
            self.held_out, self.users, self.items, table.user_id[test], table.anime_id[test]
        )
        return measure(predictions, table.score[test])


def _split(ratings: Ratings, users: IdMap, items: IdMap, *, seed: int = SPLIT_SEED) -> Split:
    keys = users.ids.view(np.uint64)
    return split(ratings, user_keys=keys, item_ids=items.ids, seed=seed)


def _predict(
    scorer: RecommenderNetScorer,
    users: IdMap,
    items: IdMap,
    user_id: Int64Array,
    anime_id: Int64Array,
) -> npt.NDArray[np.float32]:
    """Return unclipped predictions for pairs of ids."""
    return scorer.predict_pairs(_rows(users, user_id), _rows(items, anime_id))


def _rows(ids: IdMap, wanted: Int64Array) -> Int64Array:
    """Return the row of each id, -1 for those without one."""
    known = ids.contains(wanted)
    rows = np.full(wanted.shape, UNKNOWN, dtype=np.int64)
    rows[known] = ids.index(wanted[known])
    return rows


def format_metrics(measured: Mapping[str, Any]) -> str:
    """Return measures as lines of name and value."""
    lines = []
    for name, value in measured.items():
        shown = "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
        lines.append(f"{name:<22}{shown:>12}")
    return "\n".join(lines)
