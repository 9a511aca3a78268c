"""How good the models of a run are on rows that they have not seen, beside what they must beat."""

from typing import Any

from ml.cold_check import check_cold_titles
from ml.comparisons import BEST, Comparisons, fit_comparisons, measure
from ml.data import Ratings, Split
from ml.errors import DataError
from ml.report import EvaluationReport
from ml.report_table import format_table
from ml.suite_config import SuiteConfig
from ml.suite_fit import Features, Follower, HeldOutFit
from recommender.models import ModelVersion

_SEED = 0


def evaluate_suite(
    *,
    ratings: Ratings,
    parts: Split,
    held_out: HeldOutFit,
    config: SuiteConfig,
    features: Features,
    follower: Follower,
) -> tuple[EvaluationReport, dict[str, Any]]:
    """Measure a held-out fit on the test part: the report, and it as JSON can hold it.

    The JSON has four keys more: ``order``, the names of the models in the order to show;
    ``best_epoch`` of RecommenderNet; ``history``, its learning curve; and ``cold_titles``, how
    well titles without ratings are guessed, null where too few titles could be hidden, or
    comparisons are not asked for.
    """
    compared = Comparisons()
    if config.comparisons:
        compared = fit_comparisons(ratings, parts, config, features=features, follower=follower)
    follower.next("Measuring on the test part")
    report = measure(ratings, parts, held_out.suite, compared)
    cold = None
    if held_out.suite.guess is not None and config.comparisons:
        follower.next("Measuring on hidden titles")
        cold = check_cold_titles(ratings.take(parts.train), features, config.als, seed=_SEED)
    return report, {
        **report.to_dict(),
        "order": {"scores": list(report.scores), "lists": list(report.lists)},
        "best_epoch": held_out.net_epochs,
        "history": [epoch.to_dict() for epoch in held_out.history],
        "cold_titles": None if cold is None else cold.to_dict(),
    }


def figures_of(report: EvaluationReport, held_out: HeldOutFit) -> dict[str, str]:
    """The report's figures as SVG, by file name. Only in a worker: this loads matplotlib."""
    from ml.report_plots import report_figures

    predictor = BEST if BEST in report.scores else "recommender-net"
    if predictor not in report.scores:
        return {}
    figures = report_figures(report, predictor=predictor, history=held_out.history)
    return {f"{name}.svg": svg for name, svg in figures.items()}


def table_of(*, version: ModelVersion) -> str:
    """The evaluation of a version as text.

    The report is of the time of the training; one of an earlier release may have no such form.
    """
    try:
        return format_table(EvaluationReport.from_dict(version.ordered_metrics))
    except DataError as error:
        return f"The evaluation of version {version.pk} cannot be shown: {error}"


def summary_of(report: EvaluationReport) -> str:
    """The two figures that matter most, in a sentence."""
    sentences = []
    for name in (BEST, "recommender-net"):
        measured = report.scores.get(name, {}).get("default")
        if measured is not None and measured.rmse is not None:
            sentences.append(f"RMSE of {name} {measured.rmse.value:.4f}")
    for name in ("for-you", "collaborative", "popular"):
        listed = report.lists.get(name)
        if listed is not None and listed.ndcg_at_10 is not None:
            sentences.append(f"NDCG@10 of {name} {listed.ndcg_at_10.value:.4f}")
    return f"Test part: {', '.join(sentences) or 'no rows'}."
