"""The way from a file of ratings to a stored model and its evaluation, with no database.

This is what ``python -m ml train`` does; the platform's own training has the same steps over its
database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.artifacts import write_artifact
from ml.cold_check import ColdTitleReport, check_cold_titles
from ml.comparisons import BEST, Comparisons, fit_comparisons, measure
from ml.content import item_features
from ml.data import IdMap, Ratings, Split, split
from ml.errors import DataError
from ml.history import EpochResult
from ml.rating_files import RatingTable, TitleTable
from ml.report import GLOBAL_MEAN, EvaluationReport
from ml.suite import Suite
from ml.suite_config import RECOMMENDER_NET, SuiteConfig
from ml.suite_fit import Follower, HeldOutFit, fit_held_out, refit

SPLIT_SEED: Final = 20_240_501


@dataclass(frozen=True, eq=False)
class Trained:
    """What was measured of a model that has been stored.

    Attributes:
        report: of the held-out fit on the test part.
        cold_titles: how well hidden titles were found again; None where this was not asked.
    """

    report: EvaluationReport
    cold_titles: ColdTitleReport | None


def train_suite(
    table: RatingTable,
    config: SuiteConfig,
    *,
    output: Path,
    titles: TitleTable | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Trained | None:
    """Fit, measure, refit on all rows and write the artifact.

    Under torchrun all processes fit together and the first one measures and writes
    (:mod:`ml.distributed`).

    Args:
        table: the ratings.
        config: settings.
        output: the artifact's folder, which must not exist yet.
        titles: genres and types; what needs them is left out without.
        tell: called with lines about the progress.

    Returns:
        None in all processes but the first.

    Raises:
        DataError: several processes are to fit what only one can.
        MlError: whatever else goes wrong in an expected way.
    """
    from ml.distributed import is_first_process, n_processes  # torch: only training needs it

    if n_processes() > 1 and config.model != RECOMMENDER_NET:
        raise DataError(
            f"Only RecommenderNet is trained by several processes: give --model {RECOMMENDER_NET}, "
            "or start a single process."
        )
    if not is_first_process():
        tell = _nobody
    users, items = IdMap.of(table.user_id), IdMap.of(table.anime_id)
    ratings = table.indexed(users, items)
    parts = split(ratings, user_keys=users.ids.view(np.uint64), item_ids=items.ids, seed=SPLIT_SEED)
    names, features = ([], None) if titles is None else features_of(titles, items)
    held_out_follower = _follower("held-out", tell)
    held_out = fit_held_out(ratings, parts, config, features=features, follower=held_out_follower)
    compared = Comparisons()
    if config.comparisons:
        compared = fit_comparisons(
            ratings, parts, config, features=features, follower=held_out_follower
        )
    served = refit(ratings, held_out, config, features=features, follower=_follower("served", tell))
    if not is_first_process():
        return None
    tell("measuring")
    trained = _measured(ratings, parts, config, held_out, compared=compared, features=features)
    tell("writing")
    write_artifact(
        output.parent,
        output.name,
        arrays={
            **served.groups(),
            **held_out.suite.groups(held_out=True),
            "ids": {"user_ids": users.ids, "item_ids": items.ids},
        },
        manifest={
            "configuration": config.to_dict(),
            "metrics": trained.report.to_dict(),
            "cold_titles": trained.cold_titles and trained.cold_titles.to_dict(),
            **_chosen(held_out, served),
            "history": [result.to_dict() for result in held_out.history],
            "features": names,
            "split_seed": SPLIT_SEED,
            "data_fingerprint": ratings.fingerprint(),
        },
        texts=_figures(trained.report, held_out.history),
    )
    return trained


def features_of(titles: TitleTable, items: IdMap) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Return the names of the features, and float32 [n_items, n_features] of 0 and 1.

    A title that the table does not have has no feature; a feature may be of titles without a row.
    """
    names, of_all = item_features(titles.genres, titles.types)
    listed = IdMap(titles.anime_id)
    features = np.zeros((len(items), len(names)), dtype=np.float32)
    known = listed.contains(items.ids)
    features[known] = of_all[listed.index(items.ids[known])]
    return names, features


def _measured(
    ratings: Ratings,
    parts: Split,
    config: SuiteConfig,
    held_out: HeldOutFit,
    *,
    compared: Comparisons,
    features: npt.NDArray[np.float32] | None,
) -> Trained:
    cold = None
    if features is not None and held_out.suite.guess is not None:
        train = ratings.take(parts.train)
        cold = check_cold_titles(train, features, config.als, seed=config.als.seed)
    return Trained(measure(ratings, parts, held_out.suite, compared), cold)


def _chosen(held_out: HeldOutFit, served: Suite) -> dict[str, Any]:
    """Return what the held-out fit has chosen and the served one taken over, for the manifest."""
    epochs = {
        "recommender-net": held_out.net_epochs,
        "matrix-factorisation": held_out.factorisation_epochs,
    }
    return {
        "served_epochs": {name: n for name, n in epochs.items() if n is not None},
        "predictor_weights": served.best and served.best.weights,
        "list_weights": served.for_you and dict(served.for_you.weights),
    }


def _figures(report: EvaluationReport, history: list[EpochResult]) -> dict[str, str]:
    """Return the report's figures as SVG by file name."""
    from ml.report_plots import report_figures  # matplotlib

    first = (BEST, RECOMMENDER_NET, GLOBAL_MEAN)
    predictor = next(name for name in first if name in report.scores)
    figures = report_figures(report, predictor=predictor, history=history)
    return {f"{name}.svg": text for name, text in figures.items()}


def _follower(stage: str, tell: Callable[[str], None]) -> Follower:
    """Return who tells of a fit in lines of text."""

    def epoch(model: str, result: EpochResult) -> None:
        validation = (
            "" if result.validation_rmse is None else f" validation {result.validation_rmse:.4f}"
        )
        tell(
            f"{stage}: {model} epoch {result.epoch}/{result.n_epochs} "
            f"RMSE train {result.train_rmse:.4f}{validation} "
            f"({result.seconds:.1f} s, {result.rows_per_second:,.0f} rows/s)"
        )

    return Follower(step=lambda words: tell(f"{stage}: {words}"), epoch=epoch, note=tell)


def _nobody(line: str) -> None:
    """Tell nobody: the first process tells enough."""
