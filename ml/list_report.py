"""What is measured of ranked lists, each mean with its interval over raters."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml import ranking_metrics
from ml.bootstrap import N_RESAMPLES, Estimate, estimate, optional_estimate, resampled_ratios
from ml.breakdowns import Group, Groupings
from ml.errors import DataError
from ml.held_out import HeldOut

FloatArray = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]

SHORT: Final = 10
LONG: Final = 50
"""Lengths of the lists that are looked at: what a page shows, and what can be scrolled through."""

_HITS_SHORT: Final = ("ndcg_at_10", "recall_at_10", "precision_at_10", "hit_rate_at_10")
_HITS_LONG: Final = ("ndcg_at_50", "recall_at_50", "precision_at_50")
_TITLES: Final = ("novelty_at_10", "popularity_at_10", "popularity_bias_at_10")
_IN_GROUP: Final = ("ndcg_at_10", "recall_at_10")


@dataclass(frozen=True)
class ListGroup(Group):
    """How good the lists of some raters are, or how well they hold some relevant titles.

    Attributes:
        n_raters: number of ranked raters in it, or of those with such a relevant title.
        ndcg_at_10: their mean; None without raters.
        recall_at_10: their mean; None without raters.
    """

    n_raters: int
    ndcg_at_10: Estimate | None
    recall_at_10: Estimate | None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a group from its JSON form."""
        return cls(**{**values, **{name: optional_estimate(values[name]) for name in _IN_GROUP}})


@dataclass(frozen=True)
class ListReport:
    """How good ranked lists are; all of it is None or empty when nobody is ranked.

    Attributes:
        n_raters: number of ranked raters.
        ndcg_at_10: as :func:`ml.ranking_metrics.ndcg_at_k`.
        recall_at_10: as :func:`ml.ranking_metrics.recall_at_k`.
        precision_at_10: as :func:`ml.ranking_metrics.precision_at_k`.
        hit_rate_at_10: as :func:`ml.ranking_metrics.hit_rate_at_k`.
        ndcg_at_50: likewise; None when the lists were made shorter.
        recall_at_50: likewise.
        precision_at_50: likewise.
        coverage_at_10: share of the catalogue that is in somebody's first ten.
        n_different_titles: number of these titles.
        gini_at_10: as :func:`ml.ranking_metrics.gini`, over the whole catalogue.
        novelty_at_10: as :func:`ml.ranking_metrics.self_information`, in bits, over the training
            raters; empty lists are left out here and in the next two.
        popularity_at_10: mean popularity percentile of the first ten, from 0 to 1.
        popularity_bias_at_10: by how much that is above the percentile of the rater's own
            history; raters without a history are left out.
        by_activity: raters in quarters by their number of training ratings.
        by_popularity: the same lists, with only those titles as relevant that are in a third.
    """

    n_raters: int
    ndcg_at_10: Estimate | None = None
    recall_at_10: Estimate | None = None
    precision_at_10: Estimate | None = None
    hit_rate_at_10: Estimate | None = None
    ndcg_at_50: Estimate | None = None
    recall_at_50: Estimate | None = None
    precision_at_50: Estimate | None = None
    coverage_at_10: float | None = None
    n_different_titles: int = 0
    gini_at_10: float | None = None
    novelty_at_10: Estimate | None = None
    popularity_at_10: Estimate | None = None
    popularity_bias_at_10: Estimate | None = None
    by_activity: tuple[ListGroup, ...] = ()
    by_popularity: tuple[ListGroup, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it; :meth:`from_dict` takes it back."""
        return {
            **asdict(self),
            "by_activity": [asdict(each) for each in self.by_activity],
            "by_popularity": [asdict(each) for each in self.by_popularity],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a report from :meth:`to_dict`'s form.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        single = (*_HITS_SHORT, *_HITS_LONG, *_TITLES)
        return cls(
            **{
                **values,
                **{name: optional_estimate(values[name]) for name in single},
                **{
                    name: tuple(ListGroup.from_dict(each) for each in values[name])
                    for name in ("by_activity", "by_popularity")
                },
            }
        )


@dataclass(frozen=True)
class _PerRater:
    """A value for each rater it makes sense for.

    Attributes:
        values: float64 [n], 0 for the others.
        counted: bool [n], who they are.
    """

    values: FloatArray
    counted: npt.NDArray[np.bool_]


def measure_lists(
    lists: Int64Array,
    held_out: HeldOut,
    groupings: Groupings,
    *,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
) -> tuple[ListReport, FloatArray]:
    """Measure the lists of the ranked raters.

    Args:
        lists: int64 [n, k] from :class:`ml.held_out.HeldOut`, k at least 10.
        held_out: what is relevant, and the histories.
        groupings: how to break measures down.
        seed: of the resamples.
        n_resamples: number of resamples.

    Returns:
        the report, and NDCG@10 of each rater, float64 [n].

    Raises:
        DataError: shapes or rows do not fit, or lists are shorter than 10 titles.
    """
    if lists.ndim != 2 or lists.shape[1] < SHORT:
        raise DataError(f"Lists must have room for {SHORT} titles, not the shape {lists.shape}.")
    if not len(held_out):
        return ListReport(n_raters=0), np.zeros(0)
    everybody = np.ones(len(held_out), dtype=bool)
    means = {
        name: _PerRater(values, everybody)
        for name, values in _hits(lists, held_out.relevant).items()
    }
    groups = _groups(lists, held_out, groupings, means)
    means |= _titles(lists, held_out)
    measured = _estimates(
        [*means.values(), *(each for _, _, pair in groups for each in pair)], seed, n_resamples
    )
    in_groups: dict[str, list[ListGroup]] = {"by_activity": [], "by_popularity": []}
    rest = iter(measured[len(means) :])
    for name, group, pair in groups:
        n_raters = int(pair[0].counted.sum())
        in_groups[name].append(
            ListGroup(
                **asdict(group), n_raters=n_raters, ndcg_at_10=next(rest), recall_at_10=next(rest)
            )
        )
    counts = ranking_metrics.recommendation_counts(lists, held_out.n_items, SHORT)
    report = ListReport(
        n_raters=len(held_out),
        coverage_at_10=float(np.mean(counts > 0)),
        n_different_titles=int(np.sum(counts > 0)),
        gini_at_10=ranking_metrics.gini(counts) if counts.any() else None,
        by_activity=tuple(in_groups["by_activity"]),
        by_popularity=tuple(in_groups["by_popularity"]),
        **dict(zip(means, measured, strict=False)),
    )
    return report, means["ndcg_at_10"].values


def _hits(lists: Int64Array, relevant: "sparse.csr_array[np.bool_]") -> dict[str, FloatArray]:
    """Return what depends on which places are relevant, by name; at 50 only if they are long."""
    measures = (
        ranking_metrics.ndcg_at_k,
        ranking_metrics.recall_at_k,
        ranking_metrics.precision_at_k,
        ranking_metrics.hit_rate_at_k,
    )
    hits = {
        name: measure(lists, relevant, SHORT)
        for name, measure in zip(_HITS_SHORT, measures, strict=True)
    }
    if lists.shape[1] >= LONG:
        for name, measure in zip(_HITS_LONG, measures, strict=False):
            hits[name] = measure(lists, relevant, LONG)
    return hits


def _titles(lists: Int64Array, held_out: HeldOut) -> dict[str, _PerRater]:
    """Return what the listed titles are like, by name."""
    n_training_raters = max(1, int(np.sum(held_out.n_watched > 0)))
    information = ranking_metrics.self_information(held_out.n_watchers, n_training_raters)
    percentile = ranking_metrics.popularity_percentile(held_out.n_watchers)
    listed = lists[:, 0] >= 0
    novelty, popularity = np.zeros(len(lists)), np.zeros(len(lists))
    novelty[listed] = ranking_metrics.list_mean_at_k(lists[listed], information, SHORT)
    popularity[listed] = ranking_metrics.list_mean_at_k(lists[listed], percentile, SHORT)
    lengths = np.diff(held_out.histories.indptr)
    own = (held_out.histories.matrix() @ percentile) / np.maximum(lengths, 1)
    compared = listed & (lengths > 0)
    return {
        "novelty_at_10": _PerRater(novelty, listed),
        "popularity_at_10": _PerRater(popularity, listed),
        "popularity_bias_at_10": _PerRater(np.where(compared, popularity - own, 0.0), compared),
    }


def _groups(
    lists: Int64Array,
    held_out: HeldOut,
    groupings: Groupings,
    means: Mapping[str, _PerRater],
) -> list[tuple[str, Group, tuple[_PerRater, _PerRater]]]:
    """Return kind, group, and its raters' NDCG@10 and recall@10, of every group."""
    found: list[tuple[str, Group, tuple[_PerRater, _PerRater]]] = []
    quarter = groupings.activity.member_of[held_out.raters]
    for place, group in enumerate(groupings.activity.groups):
        inside = quarter == place
        ndcg, recall = (
            _PerRater(np.where(inside, means[name].values, 0.0), inside) for name in _IN_GROUP
        )
        found.append(("by_activity", group, (ndcg, recall)))
    for place, group in enumerate(groupings.popularity.groups):
        columns = groupings.popularity.member_of == place
        wanted = sparse.csr_array(held_out.relevant.multiply(columns[None, :]))
        wanted.eliminate_zeros()
        inside = np.diff(wanted.indptr) > 0
        chosen = np.flatnonzero(inside)
        ndcg, recall = (_PerRater(np.zeros(len(lists)), inside) for _ in _IN_GROUP)
        if chosen.size:
            some, some_relevant = lists[chosen], wanted[chosen]
            ndcg.values[chosen] = ranking_metrics.ndcg_at_k(some, some_relevant, SHORT)
            recall.values[chosen] = ranking_metrics.recall_at_k(some, some_relevant, SHORT)
        found.append(("by_popularity", group, (ndcg, recall)))
    return found


def _estimates(columns: list[_PerRater], seed: int, n_resamples: int) -> list[Estimate | None]:
    """Return the mean of each column over its raters, all from the same resamples."""
    values, drawn = resampled_ratios(
        np.column_stack([each.values for each in columns]),
        np.column_stack([each.counted for each in columns]).astype(np.float64),
        generator=np.random.default_rng(seed),
        n_resamples=n_resamples,
    )
    return [estimate(float(value), own) for value, own in zip(values, drawn.T, strict=True)]
