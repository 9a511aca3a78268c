"""Lists of all imported raters at once, as a file."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from catalog.models import Rater
from recommender.services import registry
from recommender.services.batch_ranking import BatchRanking, Lists
from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.files import replacing
from recommender.services.history import Histories, histories_of
from recommender.services.lists import METHODS, UnknownMethod
from recommender.services.rankings import rank, ranker_of
from recommender.services.registry import ModelState

COLUMNS = ("user_id", "rank", "anime_id", "relevance", "prediction")
_RATERS_AT_ONCE = 2_000
_DIGITS = 6


def export_recommendations(*, method: str, n: int, output: Path) -> int:
    """Write the first n titles of every imported rater's list; how many raters it were.

    Columns: user_id, rank, anime_id, relevance, prediction (empty where there is none), sorted by
    user_id and rank. Adult titles are listed too: their setting belongs to accounts. Each list is
    what :func:`recommender.services.serving.recommend` gives that rater.

    Raises UnknownMethod.
    """
    if method not in METHODS:
        raise UnknownMethod(method)
    catalogue, state = catalogue_arrays(), registry.active_model()
    n_raters = 0
    with replacing(output) as file:
        file.write(",".join(COLUMNS) + "\n")
        for raters in _raters():
            histories = histories_of([rater.pk for rater in raters])
            lists = _lists_of(
                method, n, raters, histories=histories, catalogue=catalogue, state=state
            )
            file.write(_as_csv(raters, lists))
            n_raters += len(raters)
    return n_raters


def _raters() -> Iterator[list[Rater]]:
    found = Rater.objects.filter(source=Rater.Source.IMPORT).order_by("source_id")
    raters = found.iterator(chunk_size=_RATERS_AT_ONCE)
    while some := list(islice(raters, _RATERS_AT_ONCE)):
        yield some


def _lists_of(
    method: str,
    n: int,
    raters: list[Rater],
    *,
    histories: Histories,
    catalogue: CatalogueArrays,
    state: ModelState,
) -> Lists:
    """The lists of some raters: together where a ranker of the model makes them, else singly."""
    found = ranker_of(method, state.model) if state.model is not None else None
    together = np.zeros(len(raters), dtype=bool)
    lists = []
    if state.model is not None and found is not None:
        together = _have(histories, histories.scores > 0) & _have(
            histories, state.model.items.contains(histories.listed)
        )
        batch = BatchRanking(state.model, catalogue, n)
        lists.append(
            batch.lists(
                found[1],
                raters,
                histories,
                positions=np.flatnonzero(together),
                explore=found[0] == "for-you",
            )
        )
    for position in np.flatnonzero(~together).tolist():
        ranking = rank(
            method=method,
            rater=raters[position],
            history=histories.one(position),
            catalogue=catalogue,
            state=state,
            show_adult=True,
        )
        lists.append(Lists.of_ranking(ranking, position, n))
    return Lists.sorted_by_rater(lists)


def _have(histories: Histories, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which raters have watched a title whose entry is wanted, bool [n]."""
    rater = np.repeat(np.arange(len(histories)), np.diff(histories.indptr))
    counts = np.bincount(rater[histories.is_watched & wanted], minlength=len(histories))
    found: npt.NDArray[np.bool_] = counts > 0
    return found


def _as_csv(raters: list[Rater], lists: Lists) -> str:
    """The rows of some lists; pyarrow writes them many times as fast as the csv module."""
    source_ids = np.array([rater.source_id for rater in raters], dtype=np.int64)
    prediction = np.round(lists.prediction, _DIGITS)
    table = pa.table(
        {
            "user_id": source_ids[lists.rater],
            "rank": lists.rank,
            "anime_id": lists.anime_id,
            "relevance": np.round(lists.relevance, _DIGITS),
            "prediction": pa.array(prediction, mask=np.isnan(prediction)),
        }
    )
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    text: str = sink.getvalue().to_pybytes().decode("ascii")
    return text
