"""The evaluation as text, for a terminal or a log."""

from collections.abc import Iterable, Sequence
from typing import Final

from ml.bootstrap import Estimate
from ml.breakdowns import Group
from ml.data import HIGHEST_SCORE, LOWEST_SCORE
from ml.list_report import ListGroup, ListReport
from ml.report import DEFAULT_DECODING, POPULAR, EvaluationReport
from ml.score_report import ScoreGroup, ScoreReport

_NOTHING: Final = "–"
_Row = tuple[str, Sequence[str]]


def format_table(report: EvaluationReport) -> str:
    """Return every measure of a report as tables of text, ending with a line feed.

    ``±`` is half the width of the 95 % interval; differences show its ends.
    """
    tables = [
        (
            f"Measured on the {report.part} part: {report.n_test_ratings:,} ratings by "
            f"{report.n_test_raters:,} raters;\nlists of {report.n_ranked_raters:,} raters over "
            f"{report.n_titles:,} titles, relevant from a score of {report.relevant_from}.\n"
            "±: half of the 95 % bootstrap interval over raters "
            f"({report.n_resamples:,} resamples)."
        )
    ]
    scores = [
        (name if decoding == DEFAULT_DECODING else f"{name} ({decoding})", measured)
        for name, decodings in report.scores.items()
        for decoding, measured in decodings.items()
    ]
    if report.n_test_ratings:
        tables += _score_tables(scores)
    if report.n_ranked_raters:
        tables += _list_tables(report)
    return "\n\n".join(tables) + "\n"


def _score_tables(scores: Sequence[tuple[str, ScoreReport]]) -> list[str]:
    errors = ("RMSE", "MAE", "macro-MAE", "accuracy", "recall ≤ 4", "calibration")
    return [
        _table("Scores", errors, ((name, _errors(each)) for name, each in scores)),
        _table(
            "Recall of true score",
            [str(score) for score in range(LOWEST_SCORE, HIGHEST_SCORE + 1)],
            ((name, [_short(recall) for recall in each.recall_by_score]) for name, each in scores),
            width=6,
        ),
        *_score_breakdown("RMSE by training titles of the rater", "by_activity", scores),
        *_score_breakdown("RMSE by training ratings of the title", "by_popularity", scores),
    ]


def _errors(measured: ScoreReport) -> list[str]:
    estimates = (
        measured.rmse,
        measured.mae,
        measured.macro_mae,
        measured.accuracy,
        measured.recall_low,
    )
    return [*map(_shown, estimates), _number(measured.calibration_error)]


def _list_tables(report: EvaluationReport) -> list[str]:
    hits = ("NDCG@10", "recall@10", "precision@10", "hit rate@10", "NDCG@50", "recall@50")
    titles = ("titles@10", "coverage@10", "Gini@10", "novelty@10", "popularity", "over history")
    lists = list(report.lists.items())
    best = max(lists, key=lambda each: each[1].ndcg_at_10.value if each[1].ndcg_at_10 else 0)[0]
    others = list(dict.fromkeys((POPULAR, best)))
    return [
        _table("Lists", hits, ((name, _hits(each)) for name, each in lists)),
        _table("Titles listed", titles, ((name, _titles(each)) for name, each in lists)),
        _table(
            "Difference of NDCG@10",
            [f"from {other}" for other in others],
            (
                (name, [_ends(report.paired_difference(name, other)) for other in others])
                for name in report.lists
            ),
            width=28,
        ),
        *_list_breakdown("NDCG@10 by training titles of the rater", "by_activity", lists),
        *_list_breakdown("NDCG@10 by training ratings of the title", "by_popularity", lists),
    ]


def _hits(measured: ListReport) -> list[str]:
    estimates = (
        measured.ndcg_at_10,
        measured.recall_at_10,
        measured.precision_at_10,
        measured.hit_rate_at_10,
        measured.ndcg_at_50,
        measured.recall_at_50,
    )
    return [_shown(each) for each in estimates]


def _titles(measured: ListReport) -> list[str]:
    return [
        f"{measured.n_different_titles:,}",
        _number(measured.coverage_at_10),
        _number(measured.gini_at_10),
        _shown(measured.novelty_at_10),
        _shown(measured.popularity_at_10),
        _shown(measured.popularity_bias_at_10),
    ]


def _score_breakdown(title: str, kind: str, scores: Sequence[tuple[str, ScoreReport]]) -> list[str]:
    """Return a table with a column for each group, none if there are no groups."""
    rows: list[tuple[str, tuple[ScoreGroup, ...]]] = [
        (name, each.by_activity if kind == "by_activity" else each.by_popularity)
        for name, each in scores
    ]
    return _breakdown(title, rows[0][1], [(n, [_shown(g.rmse) for g in gs]) for n, gs in rows])


def _list_breakdown(title: str, kind: str, lists: Sequence[tuple[str, ListReport]]) -> list[str]:
    rows: list[tuple[str, tuple[ListGroup, ...]]] = [
        (name, each.by_activity if kind == "by_activity" else each.by_popularity)
        for name, each in lists
    ]
    shown = [(name, [_shown(group.ndcg_at_10) for group in groups]) for name, groups in rows]
    return _breakdown(title, rows[0][1], shown)


def _breakdown(title: str, groups: Sequence[Group], rows: Sequence[_Row]) -> list[str]:
    columns = [group.heading for group in groups]
    return [_table(title, columns, rows, width=20)] if columns else []


def _table(title: str, columns: Sequence[str], rows: Iterable[_Row], width: int = 17) -> str:
    body = list(rows)
    first = max(len(title), *(len(name) for name, _ in body))
    lines = [f"{title:<{first}}" + "".join(f"{column:>{width}}" for column in columns)]
    for name, cells in body:
        lines.append(f"{name:<{first}}" + "".join(f"{cell:>{width}}" for cell in cells))
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.4f}"


def _short(estimate: Estimate | None) -> str:
    return _NOTHING if estimate is None else f"{estimate.value:.2f}"


def _shown(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NOTHING
    return f"{estimate.value:.4f} ±{(estimate.high - estimate.low) / 2:.4f}"


def _ends(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NOTHING
    return f"{estimate.value:+.4f} [{estimate.low:+.4f}, {estimate.high:+.4f}]"
