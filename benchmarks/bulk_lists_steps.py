"""One measured step of ``benchmarks.bulk_lists``, in a process of its own.

Prints one line of JSON: rows, seconds and processor seconds of the step itself (Python's and
Django's start is in none of them), and the resident memory of the process in MiB, before and at
most. Files go into the folder of the database's artifacts.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from django.conf import settings
from django.db import connection
from pyarrow import csv

from catalog.models import Rater
from ml.artifacts import write_artifact
from ml.cold_titles import ColdTitles
from ml.ease import Ease, EaseConfig
from ml.implicit_als import ImplicitAls, ImplicitAlsConfig
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.protocols import Ranker
from ml.rank_blend import RankBlend
from ml.rank_blend_fit import RankBlendConfig
from ml.ranking import Popularity
from ml.score_blend import ScoreBlend
from ml.score_neighbours import ScoreNeighboursConfig
from ml.suite import COLLABORATIVE, EASE_BROAD, IMPLICIT_ALS, POPULAR, Suite
from recommender.services import registry
from recommender.services.bulk_lists import COLUMNS, export_recommendations
from recommender.services.dataset import Dataset, read_dataset
from recommender.services.history import histories_of

LIST = 50
WEIGHTS = {COLLABORATIVE: 1.0, EASE_BROAD: 0.8, IMPLICIT_ALS: 0.2, POPULAR: -0.8}
ARTIFACT = "benchmark"
RATERS_AT_ONCE = 2_000


def fit() -> int:
    """A version of full size; one pass teaches little, and what is learnt changes no time."""
    dataset = read_dataset()
    write_artifact(
        Path(settings.RECOMMENDER_ARTIFACT_ROOT),
        ARTIFACT,
        arrays={
            **_suite(dataset).groups(),
            "ids": {
                "user_ids": dataset.users.ids,
                "item_ids": dataset.items.ids,
                "user_revisions": dataset.user_revisions,
            },
        },
        manifest={"models": ["all"], **dataset.manifest()},
    )
    registry.register(
        run=None,
        artifact=ARTIFACT,
        metrics={},
        counts={
            "n_ratings": len(dataset.ratings),
            "n_raters": len(dataset.users),
            "n_titles": len(dataset.items),
        },
        data_fingerprint=dataset.fingerprint,
        is_simulated=dataset.is_simulated,
    )
    return len(dataset.ratings)


def _suite(dataset: Dataset) -> Suite:
    from ml.matrix_factorisation_fit import fit as fit_factorisation
    from ml.score_neighbours_fit import fit as fit_neighbours

    ratings = dataset.ratings
    base = fit_factorisation(ratings, None, MatrixFactorisationConfig(n_epochs=1)).model
    neighbours = fit_neighbours(ratings, None, base, ScoreNeighboursConfig())
    factors = ImplicitAls.fit(ratings, ImplicitAlsConfig(n_iterations=1))
    rankers: dict[str, Ranker] = {
        COLLABORATIVE: Ease.fit(ratings),
        EASE_BROAD: Ease.fit(ratings, EaseConfig.broad()),
        IMPLICIT_ALS: factors,
        POPULAR: Popularity.fit(ratings),
    }
    n_raters = np.bincount(ratings.item_index, minlength=ratings.n_items)
    return Suite(
        best=ScoreBlend({"score_neighbours": neighbours}, {"score_neighbours": 1.0}, 0.0),
        rankers=rankers,
        for_you=RankBlend(rankers, WEIGHTS, COLLABORATIVE, RankBlendConfig().n_candidates),
        guess=ColdTitles.fit(factors, dataset.features, n_raters).guess,
    )


def collaborative() -> int:
    """The lists of the sharp EASE, with predictions."""
    return _export("collaborative")


def for_you() -> int:
    """The default lists, with predictions and titles that nobody has rated."""
    return _export("for-you")


def _export(method: str) -> int:
    output = _folder() / f"{method}.csv"
    export_recommendations(method=method, n=LIST, output=output)
    with output.open("rb") as file:
        return sum(1 for _ in file) - 1


def read() -> int:
    """Bare: every list out of the database, and nothing made of it."""
    ids = np.array(
        Rater.objects.filter(source=Rater.Source.IMPORT)
        .order_by("source_id")
        .values_list("pk", flat=True),
        dtype=np.int64,
    )
    starts = range(0, len(ids), RATERS_AT_ONCE)
    return sum(len(histories_of(ids[start : start + RATERS_AT_ONCE]).listed) for start in starts)


def write() -> int:
    """Bare: as many CSV rows, all made beforehand in memory."""
    n_raters = Rater.objects.filter(source=Rater.Source.IMPORT).count()
    rng = np.random.default_rng(1)
    shape = (RATERS_AT_ONCE * LIST,)
    columns = (
        np.repeat(np.arange(RATERS_AT_ONCE), LIST),
        np.tile(np.arange(1, LIST + 1), RATERS_AT_ONCE),
        rng.integers(1, 35_000, shape),
        np.round(rng.random(shape), 6),
        np.round(rng.random(shape) * 9 + 1, 6),
    )
    table = pa.table(dict(zip(COLUMNS, columns, strict=True)))
    n_rows, left = 0, n_raters * LIST
    with (_folder() / "bare.csv").open("wb") as file:
        while n_rows < left:
            some = table.slice(0, min(left - n_rows, table.num_rows))
            csv.write_csv(some, file, csv.WriteOptions(include_header=False))
            n_rows += some.num_rows
    return n_rows


def _folder() -> Path:
    return Path(settings.RECOMMENDER_ARTIFACT_ROOT)


STEPS: dict[str, Callable[[], int]] = {
    step.__name__: step for step in (fit, collaborative, for_you, read, write)
}


def main() -> None:
    """Run the step that the command line names, and print what it took."""
    connection.ensure_connection()
    before = _peak_mib()
    begun, begun_cpu = time.perf_counter(), time.process_time()
    n_rows = STEPS[sys.argv[1]]()
    figures = {
        "n_rows": n_rows,
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - begun_cpu,
        "started_mib": before,
        "peak_mib": _peak_mib(),
    }
    print(json.dumps(figures))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
