"""Predictions for the pairs of a file. The data set's raters, by source_id."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalog.models import Rater
from ml.protocols import ScorePredictor
from ml.serving import UNKNOWN, clip_score
from recommender.services import registry
from recommender.services.errors import RecommenderError
from recommender.services.files import replacing
from recommender.services.history import history_of
from recommender.services.predictions import user_vector
from recommender.services.registry import LoadedModel

PAIR_COLUMNS = ("user_id", "anime_id")
_PAIRS_AT_ONCE = 100_000


class NoModel(RecommenderError):
    """There is nothing to predict with."""


class BadPairs(RecommenderError):
    """The file of pairs cannot be used; the message says where and why."""


def predict_file(*, pairs: Path, output: Path) -> int:
    """Write a prediction (1 to 10) for every pair of a CSV file; how many rows it were.

    Reads the columns ``user_id`` (source_id of an imported rater) and ``anime_id``, writes them
    with ``prediction`` in the same order. A rater or a title that the model does not know is
    predicted as the average one. Nothing is written when a row is wrong.

    Raises:
        NoModel: no model is active, or it cannot be loaded.
        BadPairs: the file cannot be read, lacks a column, or has a row that is no pair of ids.
    """
    state = registry.active_model()
    if state.model is None:
        raise NoModel(f"{state.problem} Train one with manage.py train.")
    predictor_of(state.model)  # before the file of pairs is read
    rater_of = _imported_raters()
    vectors: dict[int, npt.NDArray[np.float32]] = {}
    n_rows = 0
    with replacing(output) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*PAIR_COLUMNS, "prediction"))
        for user_ids, anime_ids in _pairs_of(pairs):
            predictions = _predict(state.model, rater_of, vectors, user_ids, anime_ids)
            for row in zip(user_ids, anime_ids, predictions, strict=True):
                writer.writerow((row[0], row[1], f"{row[2]:.6f}"))
            n_rows += len(user_ids)
    return n_rows


def predictor_of(model: LoadedModel) -> ScorePredictor:
    """What predicts scores. Raises NoModel when the version was trained without."""
    if model.suite.predictor is None:
        raise NoModel(
            f"Version {model.version_id} predicts no scores. Train everything with manage.py train."
        )
    return model.suite.predictor


def _predict(
    model: LoadedModel,
    rater_of: dict[int, Rater],
    vectors: dict[int, npt.NDArray[np.float32]],
    user_ids: list[int],
    anime_ids: list[int],
) -> npt.NDArray[np.float32]:
    """Predictions of one chunk [n], rater by rater; ``vectors`` remembers what it folded in."""
    predictor = predictor_of(model)
    items = np.array(anime_ids, dtype=np.int64)
    known = model.items.contains(items)
    rows = np.full(len(items), UNKNOWN, dtype=np.int64)
    rows[known] = model.items.index(items[known])
    users, inverse = np.unique(np.array(user_ids, dtype=np.int64), return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    predictions = np.empty(len(items), dtype=np.float32)
    for user, own in zip(
        users.tolist(), np.split(order, np.cumsum(np.bincount(inverse))[:-1]), strict=True
    ):
        if user not in vectors:
            rater = rater_of.get(user)
            vectors[user] = (
                predictor.prior_vector
                if rater is None
                else user_vector(
                    model=model,
                    predictor=predictor,
                    rater=rater,
                    history=history_of(rater=rater),
                )
            )
        predictions[own] = predictor.predict(vectors[user], rows[own])
    return clip_score(predictions)


def _imported_raters() -> dict[int, Rater]:
    raters = Rater.objects.filter(source=Rater.Source.IMPORT)
    return {rater.source_id: rater for rater in raters if rater.source_id is not None}


def _pairs_of(path: Path) -> Iterator[tuple[list[int], list[int]]]:
    """The pairs of a CSV file, in chunks. Raises BadPairs."""
    users: list[int] = []
    titles: list[int] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in PAIR_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise BadPairs(
                    f"{path} has no column {' and no column '.join(missing)}. Its first line must "
                    f"name {' and '.join(PAIR_COLUMNS)}."
                )
            for row in reader:
                try:
                    users.append(int(row["user_id"]))
                    titles.append(int(row["anime_id"]))
                except (TypeError, ValueError) as error:
                    raise BadPairs(
                        f"{path}, line {reader.line_num}: {row['user_id']!r} and "
                        f"{row['anime_id']!r} are not two whole numbers."
                    ) from error
                if len(users) == _PAIRS_AT_ONCE:
                    yield users, titles
                    users, titles = [], []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadPairs(f"{path} cannot be read: {error}") from error
    yield users, titles
